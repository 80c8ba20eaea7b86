"""Readiness of this process, checked at each request, and the backlog that a monitor watches."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.db import heartbeats
from webapp.db.heartbeats import Heartbeat, Task
from webapp.db.session import db
from webapp.db.writing import stop_reading
from webapp.mail import outbox
from webapp.operations import migrations
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index
from webapp.web import tokens

MOST_INDEX_LAG = 60.0  # seconds that a published change may wait for the search index
MOST_MAIL_AGE = 900.0  # seconds that a mail may be due and not sent
MOST_JOBS_AGE = 180.0  # seconds since the jobs noted that they run, which they do each minute
MOST_KEY_AGE = 100.0  # seconds; an older key is one that was changed, not that of another process
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
        is_usable = not migrations.problem()
        results = [
            HealthCheck("database", True, "answers", about_database, is_critical=True),
            HealthCheck("migration", is_usable, migrations.current(), about_migration, is_critical=True),
        ]
        if is_usable:
            results += [*_database_checks(now), _writable()]
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
    found = {}
    for check in checks(now):
        if check.value is not None:
            value = float(check.passed) if isinstance(check.value, str) else check.value
            found[f"site_{check.name}"] = (check.about, value)
    return found


def _database_checks(now: datetime) -> Iterator[HealthCheck]:
    """What the database says about the search index, mail, jobs, backups, and the keys of all processes with jobs."""
    change_count, lag = indexing.lag(now)
    yield HealthCheck(
        "index_lag_seconds", lag <= MOST_INDEX_LAG, lag, "Longest wait of a change for the search index"
    )
    yield HealthCheck("index_waiting", True, change_count, "Changes that the search index has yet to follow")
    mail_count, oldest = outbox.waiting(now)
    waited = (now - oldest).total_seconds() if oldest else 0.0
    yield HealthCheck(
        "outbox_age_seconds", waited <= MOST_MAIL_AGE, waited, "How long the oldest due mail has waited"
    )
    yield HealthCheck("outbox_waiting", True, mail_count, "Mails that are due")
    refused = outbox.refused_count(now)
    yield HealthCheck(
        "outbox_refused", not refused, refused, "Stopped newsletters, and mails refused because of us"
    )
    most_backup_age = current_app.extensions["config"].backup_hours * 3600.0
    ages = {task: (now - at).total_seconds() for task, at in heartbeats.latest().items()}
    for name, task, most, about in (
        ("jobs_age_seconds", Task.JOBS, MOST_JOBS_AGE, "Time since the jobs of any node noted that they run"),
        ("backup_age_seconds", Task.BACKUP, most_backup_age, "Time since the last backup"),
    ):
        yield HealthCheck(name, task in ages and ages[task] <= most, ages.get(task), about)
    if Task.RESTORE_DRILL in ages:
        age = ages[Task.RESTORE_DRILL]
        yield HealthCheck(
            "restore_drill_age_seconds", True, age, "Time since a backup was restored to try it"
        )
    is_recent = Heartbeat.at >= now - timedelta(seconds=MOST_KEY_AGE)
    recent = select(Heartbeat.key_hash).where(Heartbeat.task == Task.JOBS, is_recent)
    keys = {tokens.key_fingerprint(), *db.session.scalars(recent)}
    yield HealthCheck("secret_keys", len(keys) == 1, len(keys), "SECRET_KEYs that processes of the site have")


def _writable() -> HealthCheck:
    """Whether database and files can be changed, without the writer's turn: anybody may ask for ``/readyz``."""
    url = db.engine.url
    paths = [Path(current_app.instance_path), current_app.extensions["config"].search_index]
    if db.engine.dialect.name == "sqlite" and url.database:
        paths += [Path(url.database + ending) for ending in ("", "-wal", "-shm")]
    failed = [str(path) for path in paths if not os.access(_existing(path), os.W_OK)]
    if (
        db.engine.dialect.name == "postgresql"
        and db.session.scalar(text("SHOW transaction_read_only")) == "on"
    ):
        failed.append("database: read-only")  # as on a standby
    return HealthCheck(
        "writable", not failed, ", ".join(failed) or "yes", "Database and folders can be written"
    )


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists: folders are made when they are first needed."""
    return next(found for found in (path, *path.parents) if found.exists())
