"""How connections to the database behave: safe settings, and writers that take turns on either kind of database.

All code that changes something may read first and write later. So whoever may write waits for a lock at the start of the
transaction: on SQLite its write lock, on PostgreSQL an advisory lock, shared by every process of every machine and let go
of by the commit. Readers never wait. What one transaction sees is then what it changes, and nothing is tried twice.
"""

import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask, has_request_context, request
from sqlalchemy import Connection, Select, event

from webapp.config import Config
from webapp.db.session import db

READING_METHODS = ("GET", "HEAD", "OPTIONS")
# For connections that need no turn: they only read, or what they write is safe by itself.
WITHOUT_TURN = {"without_turn": True}
WRITERS_LOCK = 7_266_001  # any number that nothing else in the database uses
THREADS = 8  # of a web process; two background threads come on top
CONNECTION = {
    "connect_timeout": "5",
    # What is asked for by a page, and how long a process that hangs may keep others waiting. A machine that vanishes is
    # noticed within half a minute, so that its locks are free again.
    "options": "-c statement_timeout=5s -c idle_in_transaction_session_timeout=20s -c TimeZone=UTC -c tcp_keepalives_idle=10 "
    "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    "application_name": "spinal-cord-research-help",
}
JOBS_TIMEOUT = "60s"


def settings(config: Config) -> dict[str, Any]:
    """The settings of Flask-SQLAlchemy: addresses, and sizes of the pool where there is a server."""
    found: dict[str, Any] = {"SQLALCHEMY_DATABASE_URI": config.database}
    if config.is_postgresql:
        found["SQLALCHEMY_ENGINE_OPTIONS"] = {
            "pool_size": THREADS,
            "max_overflow": 4,
            "pool_pre_ping": True,
            "connect_args": CONNECTION,
        }
    return found


def init_app(app: Flask) -> None:
    """Bind the database to the application and set its connections up."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)


def is_any(rows: Select[Any]) -> bool:
    """Is there such a row? Asked without a turn, so that it never waits for a writer nor makes one wait."""
    with db.engine.execution_options(**WITHOUT_TURN).connect() as connection:
        return connection.execute(rows.limit(1)).first() is not None


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _takes_turn(connection: Connection) -> bool:
    if connection.get_execution_options().get("without_turn"):
        return False
    return not (has_request_context() and request.method in READING_METHODS)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later can fail without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _takes_turn(connection) else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    """Wait for the turn; jobs may take longer than pages."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return  # one statement, which is a transaction of its own
    if not has_request_context():
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{JOBS_TIMEOUT}'")
    if _takes_turn(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")
