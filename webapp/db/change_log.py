"""The generation of what readers can see: a number in the database that every public change makes larger.

Finished pages are kept under it, so every process of every machine drops them on the first request after a change.
"""

import sqlite3
from pathlib import Path
from threading import local
from typing import Protocol

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.session import db
from webapp.models import SiteState

ONLY_ROW = 1


class GenerationUnknown(Exception):
    """The database cannot say which generation it holds."""


class GenerationReader(Protocol):
    """Tells the generation that is committed now."""

    def current(self) -> int:
        """Raises GenerationUnknown."""


def bump() -> None:
    """Say, in the transaction of a change, that readers will see something else once it is committed."""
    connection = db.session.connection()
    grown = update(SiteState).where(SiteState.id == ONLY_ROW).values(generation=SiteState.generation + 1)
    if not connection.execute(grown).rowcount:
        connection.execute(insert(SiteState).values(id=ONLY_ROW, generation=1))


def committed() -> int:
    """The generation that the current transaction sees."""
    return db.session.scalar(select(SiteState.generation)) or 0


def reader_of(engine: Engine) -> GenerationReader:
    """The quickest way to ask this kind of database."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return _SqliteReader(Path(engine.url.database))
    return _Reader(engine)


class _Reader:
    """One connection, asked each time (about 0.1 ms)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self) -> int:
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return connection.scalar(select(SiteState.generation)) or 0
        except SQLAlchemyError as error:
            raise GenerationUnknown from error


class _SqliteReader:
    """One connection a thread. SQLite itself tells it, for some microseconds, whether anything was committed at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = local()

    def current(self) -> int:
        own = self._own
        try:
            if not hasattr(own, "connection"):
                own.connection, own.version, own.generation = self._opened(), None, 0
            (version,) = own.connection.execute("PRAGMA data_version").fetchone()
            if version != own.version:
                row = own.connection.execute("SELECT generation FROM site_state").fetchone()
                own.generation, own.version = row[0] if row else 0, version
        except sqlite3.Error as error:
            own.__dict__.pop("connection", None)
            raise GenerationUnknown from error
        return int(own.generation)

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=1)
