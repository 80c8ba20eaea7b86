"""What somebody typed into a form since the last save: kept on the side, overwritten each time, no part of the history."""

from datetime import datetime

from sqlalchemy import delete, select

from webapp.extensions import db
from webapp.models import Autosave

Fields = list[tuple[str, str]]
_NOT_TYPED = ("csrf_token", "action")


def keep(editor_id: int, form_key: str, title: str, fields: Fields, now: datetime) -> None:
    """Keep a form's fields in the place of those kept before under this key."""
    row = _find(editor_id, form_key)
    if row is None:
        row = Autosave(editor_id=editor_id, form_key=form_key)
        db.session.add(row)
    row.title, row.saved_at = title[:200], now
    row.fields = [[name, value] for name, value in fields if name not in _NOT_TYPED]


def find(editor_id: int, form_key: str) -> tuple[Fields, datetime] | None:
    """The fields kept under this key, and since when."""
    row = _find(editor_id, form_key)
    return ([(name, value) for name, value in row.fields], row.saved_at) if row else None


def forget(editor_id: int, form_key: str) -> None:
    """The text has been saved, or is not wanted any more."""
    db.session.execute(delete(Autosave).where(Autosave.editor_id == editor_id, Autosave.form_key == form_key))


def new_texts(editor_id: int) -> list[tuple[str, str, datetime]]:
    """Key, title and time of texts that were never saved as a draft, newest first."""
    query = (
        select(Autosave.form_key, Autosave.title, Autosave.saved_at)
        .where(Autosave.editor_id == editor_id, Autosave.form_key.startswith("new-"))
        .order_by(Autosave.saved_at.desc())
    )
    return [(key, title, saved_at) for key, title, saved_at in db.session.execute(query)]


def _find(editor_id: int, form_key: str) -> Autosave | None:
    return db.session.scalar(
        select(Autosave).where(Autosave.editor_id == editor_id, Autosave.form_key == form_key)
    )
