"""The safety cards that readers see: those of the starter file, with what admins changed in their place.

Every process reads them again after a public change. If that fails, the cards of before, or those of the file, go on being
shown: in an emergency there must be some.
"""

import logging
from collections import defaultdict
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from webapp.config import Config
from webapp.db.change_log import ChangesUnknown, committed_reader
from webapp.db.session import db
from webapp.models import Editor, SafetyRevision, SafetySignOff
from webapp.models.values import SignOff
from webapp.safety.cards import FILE, SafetyCards, SafetyFileError, StoredCard, read

log = logging.getLogger(__name__)


class LiveCards:
    """The cards as of the newest public change, read again only after a change."""

    def __init__(self, starter: SafetyCards) -> None:
        self._starter = self._cards = starter
        self._change = -1
        self._stored: dict[str, StoredCard] = {}
        self._newest_change: Callable[[], int] | None = None

    def current(self) -> SafetyCards:
        """The cards that readers see now."""
        if self._newest_change is None:
            self._newest_change = committed_reader(db.engine)
        try:
            change = self._newest_change()
            if change != self._change:
                stored = _stored_cards()
                if stored != self._stored:  # building them takes longer than reading them
                    self._cards, self._stored = self._built(stored), stored
                self._change = change
        except (ChangesUnknown, SQLAlchemyError):
            log.exception("the safety cards could not be read; those of before are shown")
        return self._cards

    def _built(self, stored: dict[str, StoredCard]) -> SafetyCards:
        try:
            return self._starter.with_stored(stored)
        except SafetyFileError:
            log.exception("a stored safety card cannot be used; all cards are those of the starter file")
            return self._starter


def init_app(app: Flask, config: Config) -> None:
    """Read the cards of the file, and make those of now known to views and templates: an error page shows them, too."""
    live = LiveCards(read(FILE, config.emergency_countries))
    app.extensions["safety_cards"] = LocalProxy(live.current)
    app.jinja_env.globals["safety_cards"] = app.extensions["safety_cards"]


def _stored_cards() -> dict[str, StoredCard]:
    """The newest text of each card that was changed, and who checked it.

    They are read on a connection of their own: the transaction of the request may have begun before the newest change.
    """
    newest = select(func.max(SafetyRevision.id)).group_by(SafetyRevision.card_id)
    texts = select(SafetyRevision.id, SafetyRevision.card_id, SafetyRevision.content).where(
        SafetyRevision.id.in_(newest)
    )
    signed = (
        select(
            SafetySignOff.revision_id,
            Editor.name,
            SafetySignOff.role,
            SafetySignOff.kind,
            SafetySignOff.signed_at,
            Editor.disabled_at,
        )
        .join(Editor, Editor.id == SafetySignOff.editor_id)
        .order_by(SafetySignOff.signed_at)
    )
    sign_offs: defaultdict[int, list[SignOff]] = defaultdict(list)
    with db.engine.connect() as connection:
        for revision_id, name, role, kind, signed_at, closed_at in connection.execute(signed):
            shown_name = "" if closed_at else name
            sign_offs[revision_id].append(SignOff(shown_name, role, kind, signed_at.date()))
        rows = connection.execute(texts).all()
    return {row.card_id: StoredCard(row.content, sign_offs[row.id]) for row in rows}
