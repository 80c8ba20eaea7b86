"""The safety cards that readers see: those of the starter file, with what admins changed in their place.

Every process reads them again after a public change. If that fails, the cards of before, or those of the file, go on being
shown: in an emergency there must be some.
"""

import logging
from collections import defaultdict

from flask import Flask
from sqlalchemy import func, select
from werkzeug.local import LocalProxy

from webapp.config import Config
from webapp.db.session import db
from webapp.models import Editor, SafetyRevision, SafetySignOff
from webapp.models.values import SignOff
from webapp.safety.cards import FILE, SafetyCards, SafetyFileError, StoredCard, read
from webapp.web.live_values import LiveValue

log = logging.getLogger(__name__)


def init_app(app: Flask, config: Config) -> None:
    """Read the cards of the file, and make those of now known to views and templates: an error page shows them, too."""
    starter = read(FILE, config.emergency_countries)

    def built(stored: dict[str, StoredCard]) -> SafetyCards:
        try:
            return starter.with_stored(stored)
        except SafetyFileError:
            log.exception("a stored safety card cannot be used; all cards are those of the starter file")
            return starter

    live = LiveValue("the safety cards", starter, _stored_cards, built)
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
