"""How connections to the database behave: safe settings, and transactions that begin as ``writing()`` asks."""

import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask, has_request_context
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from webapp.config import Config
from webapp.db.session import db
from webapp.db.writing import WRITER_LOCK, TurnTaken, takes_turn, waits_for_turn

THREADS = 8  # of a web process; its jobs come on top
BUSY_TIMEOUT = 5_000  # milliseconds that a writer waits for its turn on SQLite
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
            "max_overflow": 6,
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


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where ``writing()`` asks for it."""
    if not takes_turn(connection):
        connection.exec_driver_sql("BEGIN")
    elif waits_for_turn(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            raise TurnTaken from error
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")


def _begin_postgresql(connection: Connection) -> None:
    """Take the advisory lock where ``writing()`` asks for it. Jobs and commands may take longer than pages."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return  # one statement, which is a transaction of its own
    if not has_request_context():
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{JOBS_TIMEOUT}'")
    if not takes_turn(connection):
        return
    if waits_for_turn(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
    elif not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({WRITER_LOCK})").scalar():
        raise TurnTaken
