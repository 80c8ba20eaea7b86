"""Text that was sent when the sign-in had run out: kept for an hour, given back after the next sign-in."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from webapp.db.session import db
from webapp.models import KeptText
from webapp.web.tokens import new_secret, secret_hash

KEPT_FOR = timedelta(hours=1)
MOST_CHARACTERS = 400_000

Fields = list[tuple[str, str]]


def keep(
    path: str, fields: Fields, editor_id: int | None, now: datetime, most_characters: int = MOST_CHARACTERS
) -> str | None:
    """Keep a form's fields; returns the secret that opens them, or None for what is longer than allowed."""
    db.session.execute(delete(KeptText).where(KeptText.kept_at < now - KEPT_FOR))
    if sum(len(name) + len(value) for name, value in fields) > most_characters:
        return None
    secret = new_secret()
    kept = [[name, value] for name, value in fields if name != "csrf_token"]
    db.session.add(
        KeptText(secret_hash=secret_hash(secret), path=path, fields=kept, editor_id=editor_id, kept_at=now)
    )
    return secret


def find(secret: str, path: str, editor_id: int, now: datetime) -> Fields | None:
    """The fields kept under this secret for this page, byte for byte, if they are this person's."""
    row = db.session.scalar(
        select(KeptText).where(
            KeptText.secret_hash == secret_hash(secret),
            KeptText.path == path,
            KeptText.kept_at > now - KEPT_FOR,
        )
    )
    if row is None or row.editor_id not in (None, editor_id):
        return None
    return [(name, value) for name, value in row.fields]


def forget(secret: str) -> None:
    """The text has been saved: keep it no longer."""
    db.session.execute(delete(KeptText).where(KeptText.secret_hash == secret_hash(secret)))
