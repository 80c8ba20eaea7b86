"""Undoing the last change of a text that readers see, for ten minutes.

Nothing is stored for it: the log of public changes says which text readers saw before. Mail about a correction waits as
long (``webapp/letters/corrections.py``).
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from webapp.content.answer_content import content_from_json
from webapp.content.article_content import ArticleContent
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Answer, Draft, PublicChange, Revision
from webapp.publishing import publication, revisions
from webapp.publishing.revisions import Kind

UNDO_FOR = timedelta(minutes=10)
NOTE = "We took back the change that we had made just before."
# Of the public changes: what changes the text, or takes it away.
_OF_TEXT = (ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.NOTICE)


class TooLateToUndo(Exception):
    """Ten minutes are over, the text changed since then, or readers saw no text before."""


def undo_until(draft: Draft, now: datetime) -> datetime | None:
    """Return until when the last change that readers see can be undone; None if it cannot."""
    pair = _last_two(draft)
    until = pair[0][0].at + UNDO_FOR if pair else now
    return until if now < until else None


def undo(draft: Draft, editor_id: int, now: datetime) -> None:
    """Show readers the text from before the last change; what was changed is a draft again. Raises TooLateToUndo."""
    pair = _last_two(draft)
    if pair is None or now >= pair[0][0].at + UNDO_FOR:
        raise TooLateToUndo
    (_, undone), (earlier, before) = pair
    old, own = content_from_json(before.content), content_from_json(draft.content)
    revisions.end_schedule(draft, now, "The change before it was undone.")
    back = revisions.add_revision(draft, old, editor_id, now, Kind.UNDONE)
    back.accepted_warnings, back.change_note = before.accepted_warnings, NOTE
    live = publication.make_public(draft, back, now)
    live.updated_at = earlier.at  # so that lists and feeds show it where it was
    if isinstance(live, Answer):
        live.checked_change = earlier.id
    draft.accepted_warnings, draft.change_note = undone.accepted_warnings, undone.change_note or ""
    draft.is_correction, undone.is_correction = undone.is_correction, False  # it is listed no longer
    if isinstance(own, ArticleContent) and draft.is_correction:
        # Publishing it again adds the correction again.
        own = msgspec.structs.replace(own, corrections=own.corrections[1:])
    revisions.add_revision(draft, own, editor_id, now, Kind.SAVED)


def on_hold(text_id: InstrumentedAttribute[int | None], now: datetime) -> Select[int | None]:
    """Select the ids of texts whose last change can still be undone, so that nobody is mailed about it yet.

    ``text_id``: the column of ``PublicChange`` for one kind of text.
    """
    later = aliased(PublicChange)
    is_last = ~exists().where(
        getattr(later, text_id.key) == text_id, later.id > PublicChange.id, later.kind.in_(_OF_TEXT)
    )
    return (
        select(text_id)
        .join(Revision, Revision.id == PublicChange.revision_id)
        .where(
            text_id.is_not(None),
            PublicChange.at > now - UNDO_FOR,
            PublicChange.kind == ChangeKind.PUBLISHED,
            Revision.kind == Kind.PUBLISHED,
            is_last,
        )
    )


def is_hold_over(since: datetime, now: datetime) -> bool:
    """Tell whether a change of a text could still be undone at ``since``, but no longer."""
    ended = PublicChange.at > since - UNDO_FOR, PublicChange.at <= now - UNDO_FOR
    return bool(db.session.scalar(select(exists().where(PublicChange.revision_id.is_not(None), *ended))))


def _last_two(draft: Draft) -> tuple[tuple[PublicChange, Revision], tuple[PublicChange, Revision]] | None:
    """The last change of a text, made by hand, and the one before it, which readers saw until then."""
    if draft.live is None:
        return None
    query = (
        select(PublicChange, Revision)
        .outerjoin(Revision, Revision.id == PublicChange.revision_id)
        .where(PublicChange.kind.in_(_OF_TEXT))
        .filter_by(**draft.live.key)
    )
    rows = db.session.execute(query.order_by(PublicChange.id.desc()).limit(2)).all()
    if not rows[1:]:
        return None
    (last, revision), (earlier, before) = rows
    if before is None or revision is None or revision.kind != Kind.PUBLISHED:
        return None
    return (last, revision), (earlier, before)
