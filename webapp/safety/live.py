"""The safety cards that readers see: those of the starter file, with what admins changed in their place.

Every process reads them again after a public change. If that fails, the cards of before, or those of the file, go on being
shown: in an emergency there must be some.
"""

import logging

from flask import Flask, current_app
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.local import LocalProxy

from webapp.config import Config
from webapp.db.session import db
from webapp.languages.language import ENGLISH, current_language, in_language, known_languages
from webapp.models import Editor, SafetyReview, SafetyRevision, SafetySignOff
from webapp.models.values import SignOff
from webapp.safety.cards import FILE, Card, SafetyCards, SafetyFileError, StoredCard, read, read_words
from webapp.web.live_values import LiveValue

log = logging.getLogger(__name__)


def init_app(app: Flask, config: Config) -> None:
    """Read the cards of the file, and make those of now known to views and templates: an error page shows them, too."""
    starter = in_every_language(read(FILE, config.emergency_countries))

    def built(stored: dict[str, StoredCard]) -> dict[str, SafetyCards]:
        if not stored:
            return starter
        cards = {}
        try:
            for code, of_starter in starter.items():
                with in_language(known_languages()[code]):
                    cards[code] = of_starter.with_stored(stored)
        except SafetyFileError:
            log.exception("a stored safety card cannot be used; all cards are those of the starter file")
            return starter
        return cards

    live = LiveValue("the safety cards", lambda: starter, _stored_cards, built)
    app.extensions["safety_cards"] = LocalProxy(lambda: live.current()[current_language().code])
    app.jinja_env.globals["lang_of_card"] = lang_of_card
    app.jinja_env.globals["safety_cards"] = app.extensions["safety_cards"]


def lang_of_card(card: Card, text: str) -> Markup | str:
    """The attribute of an element that shows a text of a card: whether it is English on a page in another language."""
    if current_language() is ENGLISH or text not in current_app.extensions["safety_cards"].in_english(card):
        return ""
    return Markup(' lang="en"')


def in_every_language(english: SafetyCards) -> dict[str, SafetyCards]:
    """The cards by language. Words of any language call for them: somebody in danger may type theirs on a page in another."""
    languages = known_languages()
    files = {code: one.folder / "safety.toml" for code, one in languages.items() if one.folder}
    words = {code: read_words(file) for code, file in files.items() if file.is_file()}
    triggers = tuple(one.triggers(english.file.matching) for one in words.values())
    cards = {}
    for code, language in languages.items():
        with in_language(language):
            cards[code] = english.translated(words.get(code), triggers)
    return cards


def _stored_cards() -> dict[str, StoredCard]:
    """The newest text of each card that was changed, and who checked it or an earlier one.

    They are read on a connection of their own: the transaction of the request may have begun before the newest change.
    """
    newest = select(func.max(SafetyRevision.id)).group_by(SafetyRevision.card_id)
    texts = select(SafetyRevision.card_id, SafetyRevision.content).where(SafetyRevision.id.in_(newest))
    signed = (
        select(SafetySignOff, SafetyRevision.card_id, SafetyRevision.content, Editor.name, Editor.disabled_at)
        .join(SafetyRevision, SafetyRevision.id == SafetySignOff.revision_id)
        .join(Editor, Editor.id == SafetySignOff.editor_id)
    )
    by_mail = (
        select(SafetyReview, SafetyRevision.card_id, SafetyRevision.content)
        .join(SafetyRevision, SafetyRevision.id == SafetyReview.revision_id)
        .where(SafetyReview.is_signed)
    )
    with db.engine.connect() as connection:
        shown = {card_id: content for card_id, content in connection.execute(texts)}  # noqa: C416
        rows = [
            (row, row.editor_id, "" if row.disabled_at else row.name) for row in connection.execute(signed)
        ]
        rows += [(row, row.name, row.name) for row in connection.execute(by_mail)]
        sign_offs: dict[str, dict[int | str, SignOff]] = {card_id: {} for card_id in shown}
        for row, person, name in sorted(rows, key=lambda one: one[0].signed_at):
            of_card = sign_offs[row.card_id]
            of_card.pop(person, None)  # of one person only the newest, and in its place
            is_earlier = row.content != shown[row.card_id]
            of_card[person] = SignOff(name, row.role, row.kind, row.signed_at.date(), is_earlier)
    return {card_id: StoredCard(shown[card_id], list(sign_offs[card_id].values())) for card_id in shown}
