"""Changes of safety cards, their history, and sign-offs. Readers see each at once; the change log tells every process."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from flask import current_app
from sqlalchemy import exists, select

from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import AuditKind, Editor, SafetyRevision, SafetySignOff
from webapp.publishing import audit, saved_texts
from webapp.publishing.saved_texts import refuse_outdated
from webapp.safety.cards import (
    FILE,
    Card,
    SafetyCards,
    SafetyFileError,
    StoredCard,
    line_of_reason,
    parse,
    read,
)
from webapp.web.errors import SiteError


def live_cards() -> SafetyCards:
    """The cards that readers see."""
    cards: SafetyCards = current_app.extensions["safety_cards"]
    return cards


def get_card(card_id: str) -> Card:
    """A card as it was written; raises SiteError 404."""
    card = live_cards().written.get(card_id)
    if card is None:
        raise SiteError(404)
    return card


def with_card(card: Card) -> SafetyCards:
    """All cards with this one in its place; raises SafetyFileError if that cannot be used."""
    return live_cards().with_stored({card.id: StoredCard(msgspec.to_builtins(card))})


def history(card_id: str) -> Sequence[SafetyRevision]:
    """The saved texts of a card, newest first."""
    return saved_texts.history(SafetyRevision, card_id=card_id)


def text_at(card_id: str, number: int) -> Card:
    """A saved text of a card, or that of the starter file, which is number 0; raises SiteError 404."""
    if number == 0:
        countries = current_app.extensions["config"].emergency_countries
        starter = read(FILE, countries).written.get(card_id)
        if starter is not None:
            return starter
    return live_cards().as_written(saved_texts.get_text(history(card_id), number).content)


def save(card: Card, base: int, editor: Editor, now: datetime) -> None:
    """Make a text that was checked with ``with_card`` the one that readers see.

    Raises SavedMeanwhile if ``base``, the number it was written on, is not the newest any more.
    """
    refuse_outdated(history(card.id), base)
    if card != get_card(card.id):
        _add_revision(card, base + 1, editor, now)
        change_log.announce(ChangeKind.SAFETY, now)
        audit.record(AuditKind.SAFETY_CARD_CHANGED, now, editor.id, detail=card.title)


def import_file(text: str, name: str, editor: Editor, now: datetime) -> int:
    """Make the cards of a file those that readers see, and return how many changed.

    Raises SafetyFileError, with the name of the file, the line and the reason, if any of them cannot be used.
    """
    live = live_cards()
    read_cards = parse(text, name, current_app.extensions["config"].emergency_countries)
    for part in ("matching", "wallet", "country"):
        if getattr(read_cards.file, part) != getattr(live.file, part):
            line = line_of_reason(text, f"“{part}”")
            raise SafetyFileError(
                f"{name}:{line}: {part} isn’t as on this site. Only sources and cards can be changed."
            )
    if different := sorted(read_cards.written.keys() ^ live.written.keys()):
        raise SafetyFileError(
            f"{name}: The site and the file must have the same cards. Only one has {', '.join(different)}."
        )
    changed = [card for card in read_cards.written.values() if card != live.written[card.id]]
    for card in changed:
        save(card, saved_texts.newest_number(history(card.id)), editor, now)
    return len(changed)


def has_signed(saved: Sequence[SafetyRevision], editor: Editor) -> bool:
    """Did somebody sign the newest of these texts?"""
    return bool(saved) and db.session.get(SafetySignOff, (saved[0].id, editor.id)) is not None


def sign(card_id: str, number: int, editor: Editor, now: datetime) -> None:
    """Store that somebody checked the text that readers see; raises SavedMeanwhile if they read another."""
    refuse_outdated(history(card_id), number)
    assert editor.reviewer_kind is not None
    db.session.merge(
        SafetySignOff(
            revision_id=stored_text(card_id, editor, now).id,
            editor_id=editor.id,
            kind=editor.reviewer_kind,
            role=editor.printed_role or "",
            signed_at=now,
        )
    )
    change_log.announce(ChangeKind.SAFETY, now)
    audit.record(AuditKind.SIGNED_OFF, now, editor.id, detail=get_card(card_id).title)


def stored_text(card_id: str, editor: Editor, now: datetime) -> SafetyRevision:
    """The text that readers see, stored even if it came with the site: a new release cannot change what somebody signs."""
    saved = history(card_id)
    return saved[0] if saved else _add_revision(get_card(card_id), 1, editor, now)


def undo_sign_off(card_id: str, editor: Editor, now: datetime) -> None:
    """Take one's sign-off of the newest text back, once."""
    saved = history(card_id)
    sign_off = db.session.get(SafetySignOff, (saved[0].id, editor.id)) if saved else None
    if sign_off is not None:
        db.session.delete(sign_off)
        change_log.announce(ChangeKind.SAFETY, now)
        audit.record(AuditKind.SIGN_OFF_UNDONE, now, editor.id, detail=get_card(card_id).title)


def print_names_again(reviewer: Editor, now: datetime) -> None:
    """After an account was closed or opened: show or hide its name on the cards it signed."""
    if db.session.scalar(select(exists().where(SafetySignOff.editor_id == reviewer.id))):
        change_log.announce(ChangeKind.SAFETY, now)


def _add_revision(card: Card, number: int, editor: Editor, now: datetime) -> SafetyRevision:
    revision = SafetyRevision(
        card_id=card.id, number=number, content=msgspec.to_builtins(card), saved_at=now, editor=editor
    )
    db.session.add(revision)
    db.session.flush()
    return revision
