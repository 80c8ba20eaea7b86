"""Deletion of drafts that were never published. They are marked first, so that it can be undone, and deleted for good later."""

from datetime import datetime, timedelta

from sqlalchemy import delete as delete_rows
from sqlalchemy import exists, select

from webapp.db.session import db
from webapp.models import Autosave, Draft, Editor, Revision, Role
from webapp.publishing import revisions, scheduling

UNDO_FOR = timedelta(days=1)


def may_delete(editor: Editor, draft: Draft) -> bool:
    """Tell whether somebody may delete a draft: writers only their own, and only while no editor has scheduled it."""
    if draft.live is not None:
        return False
    first = select(Revision.editor_id).where(Revision.draft_id == draft.id).order_by(Revision.number).limit(1)
    return editor.role is not Role.WRITER or (
        db.session.scalar(first) == editor.id and not scheduling.waiting_for([draft.id])
    )


def delete(draft: Draft, now: datetime) -> None:
    """Mark a draft as deleted, and end its schedule. Saving the draft again brings it back."""
    draft.deleted_at = now
    revisions.end_schedule(draft, now, "The draft was deleted.")


def undo_until(draft: Draft) -> datetime:
    """Return the time until which a deleted draft is stored at least."""
    assert draft.deleted_at is not None
    return draft.deleted_at + UNDO_FOR


def is_untouched(draft: Draft) -> bool:
    """Tell whether a draft is as it was made: nobody has saved it since, or typed into its form."""
    return draft.revision_number == 1 and not has_unsaved_typing(draft)


def has_unsaved_typing(draft: Draft) -> bool:
    """Tell whether somebody has typed into the form of a draft and not saved it yet."""
    is_typed = select(exists().where(Autosave.form_key == f"draft-{draft.id}"))
    return bool(db.session.scalar(is_typed))


def forget_deleted(now: datetime) -> None:
    """Delete for good what was marked longer ago than UNDO_FOR, with revisions, schedules and unsaved typing."""
    draft_ids = db.session.scalars(select(Draft.id).where(Draft.deleted_at < now - UNDO_FOR)).all()
    keys = [f"draft-{number}" for number in draft_ids]
    db.session.execute(delete_rows(Autosave).where(Autosave.form_key.in_(keys)))
    db.session.execute(delete_rows(Draft).where(Draft.id.in_(draft_ids)))
