"""Limits on how often something may be tried, counted where all workers see it: in Redis where one is set, else in the
database. While Redis does not answer the database counts, so a limit is never switched off and nobody is shut out.
"""

import hashlib
import logging
import time
from datetime import UTC, datetime, timedelta

from flask import Flask, current_app, request
from limits.errors import StorageError
from limits.storage import RedisStorage
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from webapp.config import Config
from webapp.db.engine import WITHOUT_TURN
from webapp.db.session import db
from webapp.models.throttle import Attempt

log = logging.getLogger(__name__)

KEPT = timedelta(days=1)
REDIS_SECONDS = 0.5  # how long Redis is waited for
REST_SECONDS = 10.0  # how long it is left alone after it did not answer


def init_app(app: Flask, config: Config) -> None:
    """Count in Redis if the settings name one; it is not connected to before the first attempt."""
    app.extensions["throttle"] = _Redis(config.throttle_url) if config.throttle_url else None


def is_exceeded(name: str, key: str, limit: int, per: timedelta, now: datetime) -> bool:
    """Count one attempt and say whether there were more than ``limit`` in this window of length ``per``.

    In the database the count has a transaction of its own, because it must stay when the request is refused. So call
    this before the request's session has written anything: SQLite has one writer.
    """
    bucket = _bucket(name, key)
    redis: _Redis | None = current_app.extensions["throttle"]
    count = redis.count(bucket, per) if redis else None
    return (_count_in_database(bucket, per, now) if count is None else count) > limit


def forget(name: str, key: str) -> None:
    """Start counting afresh, in the session's own transaction: what was tried turned out to be right."""
    bucket = _bucket(name, key)
    redis: _Redis | None = current_app.extensions["throttle"]
    if redis:
        redis.forget(bucket)
    db.session.execute(delete(Attempt).where(Attempt.bucket == bucket))


def visitor_address() -> str:
    """The visitor's network address, from exactly as many proxies as are trusted. Never stored, never logged."""
    return request.remote_addr or "unknown"


def _bucket(name: str, key: str) -> str:
    return hashlib.sha256(f"{name}:{key}".encode()).hexdigest()


def _count_in_database(bucket: str, per: timedelta, now: datetime) -> int:
    seconds = int(per.total_seconds())
    window_at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    db.session.rollback()
    with db.engine.execution_options(**WITHOUT_TURN).begin() as connection:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Attempt)
        counted = insert.values(bucket=bucket, window_at=window_at, count=1).on_conflict_do_update(
            index_elements=["bucket", "window_at"], set_={"count": Attempt.count + 1}
        )
        count: int = connection.execute(counted.returning(Attempt.count)).scalar_one()
        if count == 1:
            connection.execute(delete(Attempt).where(Attempt.window_at < now - KEPT))
    return count


class _Redis:
    """Counts in Redis. A window begins with its first attempt; Redis forgets it by itself."""

    def __init__(self, url: str) -> None:
        self._storage = RedisStorage(
            url, wrap_exceptions=True, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
        self._resting_until = 0.0

    def count(self, bucket: str, per: timedelta) -> int | None:
        """How many attempts there were in this window, this one counted; None if Redis does not answer."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            return int(self._storage.incr(bucket, int(per.total_seconds())))
        except StorageError as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("Redis does not answer, the database counts attempts: %s", error)
            return None

    def forget(self, bucket: str) -> None:
        """Begin a new window with the next attempt."""
        try:
            self._storage.clear(bucket)
        except StorageError as error:
            log.warning("Redis does not answer, a count was not cleared: %s", error)
