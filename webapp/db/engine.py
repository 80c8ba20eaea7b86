"""How connections to the database are made and set up."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from webapp.config import Config, command_line
from webapp.db.change_log import committed_reader
from webapp.db.session import db
from webapp.db.writing import BUSY_TIMEOUT, begin_postgresql, begin_sqlite

THREADS = 8  # of a web process; its jobs come on top
CONNECTION = {
    "connect_timeout": "5",
    # How long a page may ask, and how long a process that hangs may hold locks. A machine that vanishes is noticed within
    # half a minute, so that its locks are free again.
    "options": "-c statement_timeout=5s -c idle_in_transaction_session_timeout=20s -c TimeZone=UTC -c tcp_keepalives_idle=10 "
    "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    "application_name": "spinal-cord-research-help",
}


def settings(config: Config) -> dict[str, Any]:
    """The settings of Flask-SQLAlchemy: addresses, and sizes of the pool where there is a server."""
    # Without ``hide_parameters``, error messages would repeat what people sent.
    options: dict[str, Any] = {"hide_parameters": True}
    if config.is_postgresql:
        options |= {
            "pool_size": THREADS,
            "max_overflow": 6,
            "pool_pre_ping": True,
            "connect_args": CONNECTION,
        }
    return {"SQLALCHEMY_DATABASE_URI": config.database, "SQLALCHEMY_ENGINE_OPTIONS": options}


def init_app(app: Flask) -> None:
    """Bind the database to the application and set its connections up."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    app.extensions["newest_change"] = committed_reader(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", begin_sqlite)

        @event.listens_for(engine, "connect")
        def set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
            connection.isolation_level = None  # transactions are begun by begin_sqlite, not by the driver
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

        if _file_of(engine):
            event.listen(engine, "do_connect", _check_file)
    else:
        event.listen(engine, "begin", begin_postgresql)


def create_file(engine: Engine) -> None:
    """Create the SQLite file, empty and readable by its owner only, if it is missing. Only migrations and tests do."""
    if path := _file_of(engine):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)


def _file_of(engine: Engine) -> Path | None:
    """The SQLite file; None for a database in memory or on a server, and for an address with options of its own."""
    name = engine.url.database or ""
    return Path(name) if engine.dialect.name == "sqlite" and name and not name.startswith("file:") else None


def _check_file(_dialect: Any, _record: Any, arguments: list[str], _options: Any) -> None:
    """Refuse to make an empty database where there is none, and let only the owner read the one that is there.

    SQLite gives its log the same mode. The file is never opened here: closing it would drop the locks that SQLite holds on
    it in this process. Whoever may not open or change the file is told so by SQLite.
    """
    try:
        Path(arguments[0]).chmod(0o600)
    except FileNotFoundError:
        raise sqlite3.OperationalError(
            f"there is no database in {arguments[0]}; run: {command_line('prepare')}"
        ) from None
    except OSError:
        pass
