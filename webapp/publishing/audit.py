"""The audit log: who did what to an account or to what readers see, and when. Kept for a year."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from webapp.db.session import db
from webapp.models import Article, AuditEntry, AuditKind
from webapp.web.pagination import Page, page_of

KEPT_FOR = timedelta(days=365)
PAGE_SIZE = 50
LONGEST = 200  # characters of a detail


def record(
    kind: AuditKind, now: datetime, actor_id: int | None, account_id: int | None = None, detail: str = ""
) -> None:
    """Write a line in the transaction of what it tells of. Without an actor: nobody signed in, or a command."""
    entry = AuditEntry(kind=kind, at=now, actor_id=actor_id, account_id=account_id, detail=detail[:LONGEST])
    db.session.add(entry)


def record_address(article: Article | None, before: str, now: datetime, actor_id: int) -> None:
    """Write a line if a summary that readers knew under one address has another one now."""
    if article is not None and before and article.slug != before:
        record(AuditKind.ADDRESS_CHANGED, now, actor_id, detail=f"{before} → {article.slug}")


def entries(number: int, kind: AuditKind | None, editor_id: int | None) -> Page[AuditEntry]:
    """One page of the log, newest first: of one kind, or of what one person did or had done to their account."""
    chosen = select(AuditEntry)
    if kind is not None:
        chosen = chosen.where(AuditEntry.kind == kind)
    if editor_id is not None:
        chosen = chosen.where(or_(AuditEntry.actor_id == editor_id, AuditEntry.account_id == editor_id))
    return page_of(chosen.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()), number, PAGE_SIZE)


def forget_old(now: datetime) -> None:
    """Drop what is older than a year."""
    db.session.execute(delete(AuditEntry).where(AuditEntry.at < now - KEPT_FOR))
