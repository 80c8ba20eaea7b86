"""Is this process fit to serve? Looked at anew each time; every part says what it found."""

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

MOST_LAG = 60.0  # seconds that a published change may wait for the search index
MOST_MAIL_AGE = 900.0  # seconds that a mail may be due and not sent
LEAST_SPACE = 200_000_000  # bytes free where the database is


@dataclass(frozen=True)
class Part:
    """One thing that was looked at. Without a vital part the process cannot serve; without another it serves less."""

    name: str
    is_good: bool
    found: str | float | None
    is_vital: bool = False


@dataclass(frozen=True)
class Figures:
    """What is on its way: changes for the search index, and mails."""

    marker_count: int
    lag: float  # seconds
    mail_count: int
    mail_age: float  # seconds


def parts(now: datetime) -> list[Part]:
    """Everything that readiness depends on. Nothing more is asked of a database that does not answer."""
    try:
        current, newest = migrations.current(), migrations.newest()
        found = [Part("database", True, "answers", True), Part("migration", current == newest, current, True)]
        found += _waiting(figures(now)) if current == newest else []
    except SQLAlchemyError as error:
        found = [Part("database", False, type(error).__name__, True)]
    finally:
        with suppress(SQLAlchemyError):
            stop_reading()
    return [*found, _index(), _disk()]


def figures(now: datetime) -> Figures:
    """What waits, and for how long the oldest has."""
    due = OutboxMessage.state == MailState.QUEUED, OutboxMessage.next_try_at <= now
    count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.next_try_at)).where(*due)
    ).one()
    return Figures(*indexing.lag(now), count, (now - oldest).total_seconds() if oldest else 0.0)


def gauges(now: datetime) -> dict[str, tuple[str, float]]:
    """The same for a monitor: name -> (what it is, value)."""
    found = figures(now)
    return {
        "site_index_lag_seconds": ("Longest wait of a change for the search index", found.lag),
        "site_index_waiting": ("Changes that the search index has yet to follow", found.marker_count),
        "site_outbox_age_seconds": ("How long the oldest due mail has waited", found.mail_age),
        "site_outbox_waiting": ("Mails that are due", found.mail_count),
    }


def _waiting(found: Figures) -> list[Part]:
    return [
        Part("index_lag_seconds", found.lag <= MOST_LAG, found.lag),
        Part("outbox_age_seconds", found.mail_age <= MOST_MAIL_AGE, found.mail_age),
        Part("outbox_length", True, found.mail_count),
    ]


def _index() -> Part:
    try:
        return Part("index", True, f"{len(search_index().snapshot().entries())} articles")
    except SearchUnavailable as error:
        return Part("index", False, str(error))


def _disk() -> Part:
    """Free space where the database is; the folder itself may not have been needed yet."""
    instance = Path(current_app.instance_path)
    place = next(path for path in (instance, *instance.parents) if path.exists())
    space = shutil.disk_usage(place).free
    return Part("disk_free_bytes", space >= LEAST_SPACE, space)
