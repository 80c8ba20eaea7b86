"""SQLite's settings, and writers that wait for each other."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import text

from tests.factories import NOW
from webapp.extensions import db
from webapp.models import Attempt


def test_connections_have_the_safe_settings(app: Flask) -> None:
    connection = db.session.connection()
    settings = {
        name: connection.execute(text(f"PRAGMA {name}")).scalar()
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_writers_that_read_first_wait_for_each_other(app: Flask) -> None:
    db.session.add(Attempt(bucket="shared", window_at=NOW, count=0))
    db.session.commit()

    def add_one(_: int) -> None:
        with app.app_context():
            row = db.session.get_one(Attempt, ("shared", NOW))
            row.count += 1
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, range(100)))
    assert db.session.get_one(Attempt, ("shared", NOW)).count == 100
