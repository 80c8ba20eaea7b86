"""The settings of connections, and writers that take turns."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.engines import both_engines, postgresql_only
from tests.factories import NOW
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Attempt


def test_sqlite_has_the_safe_settings(app: Flask) -> None:
    connection = db.session.connection()
    settings = {
        name: connection.execute(text(f"PRAGMA {name}")).scalar()
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


@postgresql_only
def test_postgresql_stops_what_takes_too_long(app: Flask) -> None:
    def timeout() -> str:
        return str(db.session.execute(text("SHOW statement_timeout")).scalar_one())

    assert timeout() == "1min"  # a job
    db.session.rollback()
    with app.test_request_context("/"):
        assert timeout() == "5s"
        db.session.execute(text("SET LOCAL statement_timeout = 10"))
        with pytest.raises(OperationalError, match="statement timeout"):
            db.session.execute(text("SELECT pg_sleep(1)"))
        db.session.rollback()


@both_engines
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


@both_engines
def test_a_page_that_is_only_read_waits_for_no_writer(app: Flask, client: PageClient) -> None:
    db.session.connection()  # a writer that is not ready yet
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(client.get, "/research").result(timeout=3).status_code == 200
