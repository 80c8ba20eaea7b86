"""The log of public changes: whatever readers see differently is announced once, in the transaction that changes it.

Whoever has to follow stores a cursor, the id of the last change it has dealt with: the page cache of each process, the
search index of each node, the public history of an article. Changes are only ever appended, and writers take turns, so
a change with a higher id was committed later.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import local
from types import MappingProxyType

from sqlalchemy import Engine, ForeignKey, Text, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base, db


class ChangeKind(StrEnum):
    """What became different for readers."""

    PUBLISHED = "published"  # an article or an answer, or new words for it
    WITHDRAWN = "withdrawn"
    NOTICE = "notice"  # the journal retracted, doubted or corrected the paper
    CHECKED = "checked"  # the paper was looked up for notices; the article shows the date
    SIGNED_OFF = "signed-off"  # somebody checked an article or an answer, or took that back
    CATEGORIES = "categories"
    GLOSSARY = "glossary"  # a word is explained, or searched, otherwise
    SAFETY = "safety"  # a safety card says something else, or somebody checked one
    SETTINGS = "settings"  # the site's name, one of its own pages, or a translation says something else
    NEWSLETTER = "newsletter"  # an issue is in the archive


class PublicChange(Base):
    """One public change, of an article or an answer, or of what concerns many pages, like the glossary."""

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(enum_text(ChangeKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", ondelete="CASCADE"))
    note: Mapped[str | None] = mapped_column(Text)  # what changed for the reader, and why

    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is never given twice


_NEWEST = select(func.max(PublicChange.id))


class ChangesUnknown(Exception):
    """The database cannot be asked for the newest change."""


def announce(
    kind: ChangeKind,
    at: datetime,
    *,
    of: Mapping[str, int] = MappingProxyType({}),
    revision_id: int | None = None,
    note: str | None = None,
) -> None:
    """Append a change, in the transaction that makes it; ``of``: the key of the article or answer that changed."""
    db.session.add(PublicChange(kind=kind, at=at, revision_id=revision_id, note=note or None, **of))


def newest() -> int:
    """The id of the newest change that the current transaction sees; 0 before the first."""
    return db.session.connection().scalar(_NEWEST) or 0


def since(cursor: int, limit: int) -> list[PublicChange]:
    """Up to ``limit`` changes after ``cursor``, oldest first."""
    query = select(PublicChange).where(PublicChange.id > cursor).order_by(PublicChange.id).limit(limit)
    return list(db.session.scalars(query))


def is_withdrawn_since(cursor: int) -> bool:
    """Tell whether an article was withdrawn after ``cursor``."""
    query = select(PublicChange.id).where(PublicChange.id > cursor, PublicChange.kind == ChangeKind.WITHDRAWN)
    return db.session.scalar(query.limit(1)) is not None


def committed_reader(engine: Engine) -> Callable[[], int]:
    """The quickest way to ask for the newest committed change, from any thread; it raises ChangesUnknown."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return _SqliteReader(Path(engine.url.database))

    def read() -> int:
        """Ask on a pooled connection (about 0.1 ms)."""
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return connection.scalar(_NEWEST) or 0
        except SQLAlchemyError as error:
            raise ChangesUnknown from error

    return read


class _ThreadConnection(sqlite3.Connection):
    """A connection that is closed with the thread that holds it, which may be noticed in another thread."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # the file could not be opened
            self.close()


class _SqliteReader:
    """Asks on one connection a thread. ``PRAGMA data_version`` says in microseconds whether anything was committed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = local()

    def __call__(self) -> int:
        own = self._thread
        try:
            if not hasattr(own, "connection"):
                own.connection = sqlite3.connect(
                    f"file:{self._path}?mode=ro",
                    uri=True,
                    isolation_level=None,
                    timeout=1,
                    check_same_thread=False,
                    factory=_ThreadConnection,
                )
                own.version, own.newest = None, 0
            (version,) = own.connection.execute("PRAGMA data_version").fetchone()
            if version != own.version:
                (newest,) = own.connection.execute("SELECT max(id) FROM public_change").fetchone()
                own.newest, own.version = newest or 0, version
        except sqlite3.Error as error:
            own.__dict__.pop("connection", None)
            raise ChangesUnknown from error
        return int(own.newest)
