"""Readiness of this process, checked at each request, and the backlog that a monitor watches."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.session import db
from webapp.db.writing import stop_reading
from webapp.models import MailState, OutboxMessage
from webapp.operations import migrations
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index

MOST_INDEX_LAG = 60.0  # seconds that a published change may wait for the search index
MOST_MAIL_AGE = 900.0  # seconds that a mail may be due and not sent
LEAST_SPACE = 200_000_000  # bytes free where the database is


@dataclass(frozen=True)
class HealthCheck:
    """The result of one check. The process cannot serve if a critical one fails; if another fails, it serves less."""

    name: str
    passed: bool
    value: str | float | None
    is_critical: bool = False


@dataclass(frozen=True)
class Backlog:
    """Work that waits: public changes that the search index has yet to follow, and due mails. Ages in seconds."""

    change_count: int
    index_lag: float
    mail_count: int
    mail_age: float


def checks(now: datetime) -> list[HealthCheck]:
    """Run every readiness check. After the first failed query the database is asked nothing more."""
    try:
        current = migrations.current()
        is_current = current == migrations.newest()
        results = [
            HealthCheck("database", True, "answers", is_critical=True),
            HealthCheck("migration", is_current, current, is_critical=True),
        ]
        if is_current:
            waiting = backlog(now)
            results += [
                HealthCheck("index_lag_seconds", waiting.index_lag <= MOST_INDEX_LAG, waiting.index_lag),
                HealthCheck("outbox_age_seconds", waiting.mail_age <= MOST_MAIL_AGE, waiting.mail_age),
                HealthCheck("outbox_length", True, waiting.mail_count),
            ]
    except SQLAlchemyError as error:
        results = [HealthCheck("database", False, type(error).__name__, is_critical=True)]
    finally:
        with suppress(SQLAlchemyError):
            stop_reading()
    try:
        index = HealthCheck("index", True, f"{len(search_index().snapshot().entries())} articles")
    except SearchUnavailable as error:
        index = HealthCheck("index", False, str(error))
    instance = Path(current_app.instance_path)
    # The instance folder is made with the first database; until then its parent tells how much space is left.
    folder = next(path for path in (instance, *instance.parents) if path.exists())
    space = shutil.disk_usage(folder).free
    return [*results, index, HealthCheck("disk_free_bytes", space >= LEAST_SPACE, space)]


def backlog(now: datetime) -> Backlog:
    """Count what waits, and measure how long the oldest of each kind has waited."""
    due = OutboxMessage.state == MailState.QUEUED, OutboxMessage.next_try_at <= now
    count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.next_try_at)).where(*due)
    ).one()
    return Backlog(*indexing.lag(now), count, (now - oldest).total_seconds() if oldest else 0.0)


def gauges(now: datetime) -> dict[str, tuple[str, float]]:
    """The backlog as Prometheus gauges: name -> (help text, value)."""
    waiting = backlog(now)
    return {
        "site_index_lag_seconds": ("Longest wait of a change for the search index", waiting.index_lag),
        "site_index_waiting": ("Changes that the search index has yet to follow", waiting.change_count),
        "site_outbox_age_seconds": ("How long the oldest due mail has waited", waiting.mail_age),
        "site_outbox_waiting": ("Mails that are due", waiting.mail_count),
    }
