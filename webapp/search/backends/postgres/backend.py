"""The engine itself: reads the live build, writes and rebuilds, and lets nothing out but SearchUnavailable."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.engine import WITHOUT_TURN
from webapp.search.backends.answering import WRITE_PATIENCE, Answering, SearchUnavailable, wait_for_turn
from webapp.search.backends.postgres import tables
from webapp.search.backends.postgres.generation import Generation, State
from webapp.search.plan import IndexDocument

log = logging.getLogger(__name__)

VERSION = 1  # of what stands in the tables; a build of another version counts as missing
SWITCH_PAUSE = 0.3  # seconds in which searches that began on a former build come to an end
AT_ONCE = 500  # documents
WRITER_LOCK, REBUILD_LOCK, COMMIT_LOCK = 7_266_101, 7_266_102, 7_266_103

T = TypeVar("T")


class PostgresBackend(Answering):
    """The index in the tables of the site's own database. Readers never wait for the writer."""

    def __init__(self, engine: Engine, build: int | None = None) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT", **WITHOUT_TURN)
        self._own = build  # a build that is not live yet
        self._lock = Lock()
        self._generation: Generation | None = None

    def byte_count(self) -> int:
        names = ("search_document", "search_posting", "search_word")
        size = " + ".join(f"pg_total_relation_size('{name}')" for name in names)

        def read() -> int:
            with self._reader.connect() as connection:
                return int(connection.execute(text(f"SELECT {size}")).scalar_one())

        return self._guarded(read)

    def is_intact(self) -> bool:
        """Is there a build to search in?"""
        try:
            self._newest()
        except SearchUnavailable:
            return False
        return True

    # Writing: one process of all machines at a time, held by the caller through ``writing``

    @contextmanager
    def writing(self, patience: float = WRITE_PATIENCE) -> Iterator[None]:
        with self._locked(WRITER_LOCK, patience):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        with self._locked(REBUILD_LOCK, patience=0):
            yield

    def apply(self, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
        def write() -> None:
            with self._changing() as connection:
                build = self._own or self._state(connection).build
                tables.remove(connection, build, list(removed))
                documents = iter(changed)
                while batch := list(islice(documents, AT_ONCE)):
                    tables.add(connection, build, batch)

        self._guarded(write)

    def start_beside(self) -> "PostgresBackend":
        """The next build, empty; what rebuilds that were broken off left behind is removed."""

        def start() -> PostgresBackend:
            with self._changing() as connection:
                live = connection.execute(text("SELECT build FROM search_state")).scalar_one()
                tables.clear(connection, live)
            return PostgresBackend(self._engine, live + 1)

        return self._guarded(start)

    def switch_to(self, beside: "PostgresBackend") -> None:
        def switch() -> None:
            with self._changing() as connection:
                connection.execute(
                    text("UPDATE search_state SET build = :build, version = :version"),
                    {"build": beside._own, "version": VERSION},
                )
            if beside._own != 1:
                time.sleep(SWITCH_PAUSE)
            with self._changing() as connection:
                tables.clear(connection, beside._own)

        self._guarded(switch)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """One commit of the index, which takes no turn of the site's other writers and may take its time."""
        with self._engine.execution_options(**WITHOUT_TURN).begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({COMMIT_LOCK})"))
            yield connection
            connection.execute(text("UPDATE search_state SET generation = generation + 1"))

    def _reading(self, answer: Callable[[Generation], T]) -> T:
        return self._guarded(lambda: answer(self._newest()))

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except SearchUnavailable:
            raise
        except Exception as error:
            log.warning("the search index cannot be used", exc_info=error)
            raise SearchUnavailable(f"the index cannot be used: {error!r}") from error

    def _newest(self) -> Generation:
        """The generation of the last commit, asked each time: a finished page is kept for what was true when it was begun."""
        try:
            with self._reader.connect() as connection:
                state = self._state(connection)
            with self._lock:
                if self._generation is None or self._generation.state != state:
                    self._generation = Generation(state, self._reader)
                return self._generation
        except SQLAlchemyError as error:
            raise SearchUnavailable(f"the database does not answer: {error!r}") from error

    def _state(self, connection: Connection) -> State:
        build, version, generation = connection.execute(
            text("SELECT build, version, generation FROM search_state")
        ).one()
        if self._own is not None:
            return State(self._own, generation)
        if version != VERSION:
            raise SearchUnavailable(f"there is no index of version {VERSION}")
        return State(build, generation)

    @contextmanager
    def _locked(self, number: int, patience: float) -> Iterator[None]:
        """Hold a lock of the database's; it lets go of it when the process or its machine is gone."""
        try:
            connection = self._reader.connect()
        except SQLAlchemyError as error:
            raise SearchUnavailable(f"the database does not answer: {error!r}") from error
        with connection:
            self._guarded(lambda: wait_for_turn(lambda: _takes(connection, number), patience))
            try:
                yield
            finally:
                _let_go(connection, number)


def _takes(connection: Connection, number: int) -> bool:
    return bool(connection.execute(text(f"SELECT pg_try_advisory_lock({number})")).scalar_one())


def _let_go(connection: Connection, number: int) -> None:
    try:
        connection.execute(text(f"SELECT pg_advisory_unlock({number})"))
    except SQLAlchemyError:
        connection.invalidate()  # closed, the connection holds no lock
