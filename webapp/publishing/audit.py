"""The audit log: who changed an account or what readers see, and when."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from webapp.db.session import db
from webapp.models import AuditEntry, AuditKind
from webapp.web.pagination import Page, page_of

RETENTION = timedelta(days=365)
PAGE_SIZE = 50
MAX_DETAIL = 200  # characters


def record(
    kind: AuditKind, now: datetime, actor_id: int | None, account_id: int | None = None, detail: str = ""
) -> None:
    """Log an event in the caller's transaction. ``actor_id`` is None for a command or somebody not signed in."""
    entry = AuditEntry(
        kind=kind, at=now, actor_id=actor_id, account_id=account_id, detail=detail[:MAX_DETAIL]
    )
    db.session.add(entry)


def entries(number: int, kind: AuditKind | None, editor_id: int | None) -> Page[AuditEntry]:
    """Return a page of the log, newest first, filtered by kind and by the person who acted or whose account it was."""
    query = select(AuditEntry)
    if kind is not None:
        query = query.where(AuditEntry.kind == kind)
    if editor_id is not None:
        query = query.where(or_(AuditEntry.actor_id == editor_id, AuditEntry.account_id == editor_id))
    return page_of(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()), number, PAGE_SIZE)


def forget_old(now: datetime) -> None:
    """Delete entries older than RETENTION."""
    db.session.execute(delete(AuditEntry).where(AuditEntry.at < now - RETENTION))
