"""The settings of connections."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.engines import postgresql_only
from webapp.db.session import db


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
