"""Limits on how often something may be tried, counted in the database, where all workers of all machines see it."""

import hashlib
from datetime import UTC, datetime, timedelta

from flask import request
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db.session import db
from webapp.models.throttle import Attempt

FORGET_AFTER = timedelta(days=1)


def is_exceeded(name: str, key: str, limit: int, per: timedelta, now: datetime) -> bool:
    """Count one attempt and say whether there were more than ``limit`` in this window of length ``per``.

    Call it in ``writing()``, and leave that without an exception when the request is refused: the count must stay.
    """
    seconds = int(per.total_seconds())
    window_at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    insert = (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(Attempt)
    counted = insert.values(bucket=_bucket(name, key), window_at=window_at, count=1).on_conflict_do_update(
        index_elements=["bucket", "window_at"], set_={"count": Attempt.count + 1}
    )
    count: int = db.session.execute(counted.returning(Attempt.count)).scalar_one()
    if count == 1:
        db.session.execute(delete(Attempt).where(Attempt.window_at < now - FORGET_AFTER))
    return count > limit


def forget(name: str, key: str) -> None:
    """Reset the count after a try that was right."""
    db.session.execute(delete(Attempt).where(Attempt.bucket == _bucket(name, key)))


def visitor_address() -> str:
    """The visitor's network address, from exactly as many proxies as are trusted. Never stored, never logged."""
    return request.remote_addr or "unknown"


def _bucket(name: str, key: str) -> str:
    return hashlib.sha256(f"{name}:{key}".encode()).hexdigest()
