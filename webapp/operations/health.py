"""Readiness of this process, checked at each request, and the backlog that a monitor watches."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import delete, false, func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.db import heartbeats
from webapp.db.heartbeats import Heartbeat, Task
from webapp.db.session import db
from webapp.db.writing import TurnTaken, stop_reading, writing
from webapp.mail import outbox
from webapp.models import MailState, OutboxMessage
from webapp.operations import migrations
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index
from webapp.web import tokens

MOST_INDEX_LAG = 60.0  # seconds that a published change may wait for the search index
MOST_MAIL_AGE = 900.0  # seconds that a mail may be due and not sent
MOST_JOBS_AGE = 180.0  # seconds since the jobs noted that they run, which they do each minute
MOST_BACKUP_AGE = 26 * 3600.0  # seconds; the timer makes a backup at least once a day
LEAST_SPACE = 200_000_000  # bytes free where the database is


@dataclass(frozen=True)
class HealthCheck:
    """The result of one check. The process cannot serve if a critical one fails; if another fails, it serves less.

    ``value`` is None for what has not happened yet.
    """

    name: str
    passed: bool
    value: str | float | None
    about: str
    is_critical: bool = False


def checks(now: datetime) -> list[HealthCheck]:
    """Run every readiness check. After the first failed query the database is asked nothing more."""
    about_database, about_migration = "The database answers", "The database fits the code"
    try:
        current = migrations.current()
        is_current = current == migrations.newest()
        results = [
            HealthCheck("database", True, "answers", about_database, is_critical=True),
            HealthCheck("migration", is_current, current, about_migration, is_critical=True),
        ]
        if is_current:
            results += [*_backlog(now), *_tasks(now), _writable()]
    except SQLAlchemyError as error:
        failed = type(error).__name__
        results = [HealthCheck("database", False, failed, about_database, is_critical=True)]
    finally:
        with suppress(SQLAlchemyError):
            stop_reading()
    about_index = "The search index can be read"
    try:
        articles = f"{len(search_index().snapshot().entries())} articles"
        index = HealthCheck("index", True, articles, about_index)
    except SearchUnavailable as error:
        index = HealthCheck("index", False, str(error), about_index)
    space = shutil.disk_usage(_existing(Path(current_app.instance_path))).free
    disk = HealthCheck("disk_free_bytes", space >= LEAST_SPACE, space, "Free space where the database is")
    return [*results, index, disk]


def gauges(now: datetime) -> dict[str, tuple[str, float]]:
    """The checks as Prometheus gauges: name -> (what it is, value). What is no number is 1 if it passed, else 0."""
    return {
        f"site_{check.name}": (
            check.about,
            check.value if isinstance(check.value, int | float) else float(check.passed),
        )
        for check in checks(now)
    }


def _backlog(now: datetime) -> Iterator[HealthCheck]:
    """Public changes that the search index has yet to follow, and mail that waits or is refused."""
    change_count, lag = indexing.lag(now)
    yield HealthCheck(
        "index_lag_seconds", lag <= MOST_INDEX_LAG, lag, "Longest wait of a change for the search index"
    )
    yield HealthCheck("index_waiting", True, change_count, "Changes that the search index has yet to follow")
    due = OutboxMessage.state == MailState.QUEUED, OutboxMessage.next_try_at <= now
    mail_count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.next_try_at)).where(*due)
    ).one()
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield HealthCheck(
        "outbox_age_seconds", age <= MOST_MAIL_AGE, age, "How long the oldest due mail has waited"
    )
    yield HealthCheck("outbox_waiting", True, mail_count, "Mails that are due")
    refused = outbox.refused_count(now)
    yield HealthCheck(
        "outbox_refused", not refused, refused, "Stopped newsletters, and mails refused because of us"
    )


def _tasks(now: datetime) -> Iterator[HealthCheck]:
    """Whether jobs and backups happen, and whether all processes that run jobs have the key of this one."""
    for name, task, most, about in (
        ("jobs_age_seconds", Task.JOBS, MOST_JOBS_AGE, "Time since the jobs of any node noted that they run"),
        ("backup_age_seconds", Task.BACKUP, MOST_BACKUP_AGE, "Time since the last backup"),
    ):
        latest = heartbeats.latest(task)
        age = (now - latest).total_seconds() if latest else None
        yield HealthCheck(name, age is not None and age <= most, age, about)
    keys = heartbeats.keys_since(now - timedelta(seconds=MOST_JOBS_AGE))
    others = {host for key, host in keys.items() if key != tokens.key_fingerprint()}
    yield HealthCheck(
        "secret_key", not others, ", ".join(sorted(others)) or "the same", "Hosts with another SECRET_KEY"
    )


def _writable() -> HealthCheck:
    """Whether database and files can be changed; tried without changing anything."""
    url = db.engine.url
    paths = [Path(current_app.instance_path), current_app.extensions["config"].search_index]
    if db.engine.dialect.name == "sqlite" and url.database:
        paths.append(Path(url.database))
    failed = [str(path) for path in paths if not os.access(_existing(path), os.W_OK)]
    try:
        with writing(wait=False):
            db.session.execute(delete(Heartbeat).where(false()))
    except TurnTaken:
        pass  # whoever has the turn is writing
    except SQLAlchemyError as error:
        failed.append(f"database: {type(error).__name__}")
    return HealthCheck(
        "writable", not failed, ", ".join(failed) or "yes", "Database and folders can be written"
    )


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists: folders are made when they are first needed."""
    return next(found for found in (path, *path.parents) if found.exists())
