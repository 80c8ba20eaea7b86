"""How connections to the database behave: SQLite's safe settings, and a write lock taken at the start of a change."""

import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask, g, has_request_context, request
from sqlalchemy import Connection, event

from webapp.extensions import db

READING_METHODS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Bind the database to the application and set its connections up."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)


def may_write() -> None:
    """Say that this request will write although its method only reads; call it before the first query."""
    g.may_write = True


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later can fail without waiting."""
    reads = has_request_context() and request.method in READING_METHODS and not g.get("may_write")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
