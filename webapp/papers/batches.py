"""Records between the dry run of an import and its confirmation: kept on the server for an hour, for one editor."""

from datetime import datetime

import msgspec

from webapp.accounts import form_recovery
from webapp.papers.file_formats import MOST_BYTES
from webapp.papers.records import Record, Unreadable

_PATH = "/editor/papers/import"


def keep(records: list[Record], editor_id: int, now: datetime) -> str:
    """Keep what was read; returns the secret that opens it. Raises Unreadable for more than can be kept."""
    fields = [("records", msgspec.json.encode(records).decode())]
    secret = form_recovery.keep(_PATH, fields, editor_id, now, most_characters=2 * MOST_BYTES)
    if secret is None:
        raise Unreadable("This is too much for one import. Split the file and import one part after another.")
    return secret


def find(secret: str, editor_id: int, now: datetime) -> list[Record] | None:
    """The records kept under this secret, if they are this person's and not an hour old."""
    fields = form_recovery.find(secret, _PATH, editor_id, now)
    return msgspec.json.decode(fields[0][1], type=list[Record]) if fields else None


def forget(secret: str) -> None:
    """The drafts are made."""
    form_recovery.forget(secret)
