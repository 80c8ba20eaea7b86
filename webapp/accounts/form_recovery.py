"""Forms sent after the session had expired: stored for an hour, and filled in again after the next sign-in."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from webapp.db.session import db
from webapp.models import RecoverableForm
from webapp.web.tokens import new_secret, secret_hash

LIFETIME = timedelta(hours=1)
MOST_CHARACTERS = 400_000

Fields = list[tuple[str, str]]


def store(
    path: str, fields: Fields, editor_id: int | None, now: datetime, most_characters: int = MOST_CHARACTERS
) -> str | None:
    """Store a form's fields; returns the secret needed to read them, or None for a form that is too long."""
    db.session.execute(delete(RecoverableForm).where(RecoverableForm.stored_at < now - LIFETIME))
    if sum(len(name) + len(value) for name, value in fields) > most_characters:
        return None
    secret = new_secret()
    db.session.add(
        RecoverableForm(
            secret_hash=secret_hash(secret),
            path=path,
            fields=[[name, value] for name, value in fields if name != "csrf_token"],
            editor_id=editor_id,
            stored_at=now,
        )
    )
    return secret


def find(secret: str, path: str, editor_id: int, now: datetime) -> Fields | None:
    """The fields stored under this secret for this page, unchanged, if no other editor sent them."""
    row = db.session.scalar(
        select(RecoverableForm).where(
            RecoverableForm.secret_hash == secret_hash(secret),
            RecoverableForm.path == path,
            RecoverableForm.stored_at > now - LIFETIME,
        )
    )
    if row is None or row.editor_id not in (None, editor_id):
        return None
    return [(name, value) for name, value in row.fields]


def discard(secret: str) -> None:
    """Delete a stored form, once its text is saved."""
    db.session.execute(delete(RecoverableForm).where(RecoverableForm.secret_hash == secret_hash(secret)))
