"""The search engine in PostgreSQL, for sites of several machines: PostgreSQL keeps and finds, the arrays rank.

An article is one ``tsvector`` of the site's own stems, so that both engines understand words alike. Its places answer
phrases through a GIN index; its letters A to D stand for the parts of the text, most telling first, and PostgreSQL itself
unfolds it into posting lists. Those are read into arrays when first asked for and ranked by the same code as Whoosh's:
exactly, and better than ``ts_rank`` can, which does not know how rare a word is. ``pg_trgm`` finds words with typing errors.

Every row belongs to a build. A rebuild fills the next one beside the live one; ``search_state`` names the live build, and
its generation grows with each commit, by which other processes notice.
"""

import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.database import WITHOUT_TURN
from webapp.search.backends import postgres_tables
from webapp.search.backends.answering import (
    WRITE_PATIENCE,
    Answering,
    SearchUnavailable,
    wait_for_turn,
)
from webapp.search.backends.posting_arrays import (
    NO_VALUE,
    NOWHERE,
    Collection,
    Columns,
    FacetCodes,
    Numbers,
    Postings,
)
from webapp.search.plan import FacetName, IndexDocument

log = logging.getLogger(__name__)

VERSION = 1  # of what stands in the tables; a build of another version counts as missing
SWITCH_PAUSE = 0.3  # seconds in which searches that began on a former build come to an end
AT_ONCE = 500  # documents
WRITER_LOCK, REBUILD_LOCK, COMMIT_LOCK = 7_266_101, 7_266_102, 7_266_103
TRIGRAMS_MISSING = (
    "Typing errors are found less well: the extension pg_trgm is missing. The owner of the database can run: "
    "CREATE EXTENSION pg_trgm; CREATE INDEX ix_search_word_word ON search_word USING gin (word gin_trgm_ops);"
)

T = TypeVar("T")

_NEAR = (
    "SELECT word, count FROM search_word WHERE build = :build AND ({trigrams}word >= :first AND word < :next) "
    "AND length(word) BETWEEN :shortest AND :longest"
)


@dataclass(frozen=True)
class _State:
    """Which build is live, and how often the index was committed."""

    build: int
    generation: int


class _Generation:
    """The live build as of one commit."""

    def __init__(self, state: _State, engine: Engine) -> None:
        self.state = state
        self._engine = engine
        rows = self._all("SELECT article_id, revision, published, length, facets FROM search_document "
                         "WHERE build = :build ORDER BY article_id")  # fmt: skip
        self.collection = _Collection(self, _columns(rows))
        self._has_trigrams = bool(self._all("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"))
        if not self._has_trigrams:
            _tell_once(TRIGRAMS_MISSING)
        self.frequency = lru_cache(maxsize=10_000)(self._frequency)
        self.completions = lru_cache(maxsize=2_000)(self._completions)
        self.near = lru_cache(maxsize=2_000)(self._near)

    def postings(self, term: str) -> Postings:
        """Where a stem stands in the documents of this generation."""
        ids, weights = self._all(
            "SELECT array_agg(article_id ORDER BY article_id), array_agg(weight ORDER BY article_id) FROM search_posting "
            "WHERE build = :build AND stem = :stem",
            stem=term,
        )[0]
        if not ids:
            return NOWHERE
        documents, is_known = self._documents(ids)
        return Postings(documents[is_known], np.array(weights, np.float32)[is_known])

    def positions(self, term: str, documents: Numbers) -> dict[int, list[int]]:
        raise NotImplementedError("phrases are found by PostgreSQL")

    def with_phrase(self, stems: Sequence[str]) -> Numbers:
        """The documents in which these stems stand one after the other."""
        phrase = " <-> ".join(map(postgres_tables.quoted, stems))
        rows = self._all(
            "SELECT article_id FROM search_document WHERE build = :build AND terms @@ CAST(:phrase AS tsquery) ORDER BY 1",
            phrase=phrase,
        )
        documents, is_known = self._documents([row[0] for row in rows])
        found: Numbers = documents[is_known]
        return found

    def _frequency(self, word: str) -> int:
        rows = self._all("SELECT count FROM search_word WHERE build = :build AND word = :word", word=word)
        return rows[0][0] if rows else 0

    def _completions(self, start: str, count: int) -> tuple[str, ...]:
        rows = self._all(
            "SELECT word FROM search_word WHERE build = :build AND word >= :first AND word < :next "
            "ORDER BY count DESC, word LIMIT :count",
            first=start,
            next=start + chr(0x10FFFF),
            count=count,
        )
        return tuple(row[0] for row in rows)

    def _near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        """Words that share trigrams or the first letter are looked at one by one."""
        rows = self._all(
            _NEAR.format(trigrams="word % :word OR " if self._has_trigrams else ""),
            word=word,
            first=word[0],
            next=word[0] + chr(0x10FFFF),
            shortest=len(word) - most,
            longest=len(word) + most,
        )
        counts = {row[0]: row[1] for row in rows}
        found = process.extract(word, list(counts), scorer=OSA.distance, score_cutoff=most, limit=50)
        return tuple((text, int(errors), counts[text]) for text, errors, _ in found)

    def _documents(self, ids: Sequence[int]) -> tuple[Numbers, Any]:
        """Numbers of documents, and which of them are in this generation: the tables may be ahead of it by a moment."""
        known = self.collection.columns.article_ids
        wanted = np.array(ids, np.int32)
        places = np.searchsorted(known, wanted).astype(np.int32)
        places[places == len(known)] = 0
        is_known = known[places] == wanted if len(known) else np.zeros(len(wanted), np.bool_)
        return places, is_known

    def _all(self, statement: str, **values: Any) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(text(statement), {"build": self.state.build, **values}).all()


class _Collection(Collection):
    """Asks PostgreSQL for phrases."""

    _source: _Generation

    def _with_phrase(self, found: Postings, stems: Sequence[str]) -> Postings:
        kept = np.isin(found.documents, self._source.with_phrase(stems))
        return Postings(found.documents[kept], found.weights[kept])


class PostgresBackend(Answering):
    """The index in the tables of the site's own database. Readers never wait for the writer."""

    def __init__(self, engine: Engine, build: int | None = None) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT", **WITHOUT_TURN)
        self._own = build  # a build that is not live yet
        self._lock = Lock()
        self._generation: _Generation | None = None

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
                postgres_tables.remove(connection, build, list(removed))
                documents = iter(changed)
                while batch := list(islice(documents, AT_ONCE)):
                    postgres_tables.add(connection, build, batch)

        self._guarded(write)

    def start_beside(self) -> "PostgresBackend":
        """The next build, empty; what rebuilds that were broken off left behind is removed."""

        def start() -> PostgresBackend:
            with self._changing() as connection:
                live = connection.execute(text("SELECT build FROM search_state")).scalar_one()
                postgres_tables.clear(connection, live)
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
                postgres_tables.clear(connection, beside._own)

        self._guarded(switch)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """One commit of the index, which takes no turn of the site's other writers and may take its time."""
        with self._engine.execution_options(**WITHOUT_TURN).begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({COMMIT_LOCK})"))
            yield connection
            connection.execute(text("UPDATE search_state SET generation = generation + 1"))

    def _reading(self, answer: Callable[[_Generation], T]) -> T:
        return self._guarded(lambda: answer(self._newest()))

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except SearchUnavailable:
            raise
        except Exception as error:
            log.warning("the search index cannot be used", exc_info=error)
            raise SearchUnavailable(f"the index cannot be used: {error!r}") from error

    def _newest(self) -> _Generation:
        """The generation of the last commit, asked each time: a finished page is kept for what was true when it was begun."""
        try:
            with self._reader.connect() as connection:
                state = self._state(connection)
            with self._lock:
                if self._generation is None or self._generation.state != state:
                    self._generation = _Generation(state, self._reader)
                return self._generation
        except SQLAlchemyError as error:
            raise SearchUnavailable(f"the database does not answer: {error!r}") from error

    def _state(self, connection: Connection) -> _State:
        build, version, generation = connection.execute(
            text("SELECT build, version, generation FROM search_state")
        ).one()
        if self._own is not None:
            return _State(self._own, generation)
        if version != VERSION:
            raise SearchUnavailable(f"there is no index of version {VERSION}")
        return _State(build, generation)

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


@lru_cache(maxsize=1)
def _tell_once(what: str) -> None:
    """The follower opens the index at its start, so it is said then."""
    log.warning(what)


def _takes(connection: Connection, number: int) -> bool:
    return bool(connection.execute(text(f"SELECT pg_try_advisory_lock({number})")).scalar_one())


def _let_go(connection: Connection, number: int) -> None:
    try:
        connection.execute(text(f"SELECT pg_advisory_unlock({number})"))
    except SQLAlchemyError:
        connection.invalidate()  # closed, the connection holds no lock


def _columns(rows: Sequence[Any]) -> Columns:
    ids, revisions, published, lengths, facets = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Columns(
        article_ids=np.array(ids, np.int32),
        revisions=np.array(revisions, np.int32),
        published=np.array(published, np.uint32),
        lengths=np.array(lengths, np.float64),
        total_length=sum(lengths),
        is_alive=np.ones(len(ids), np.bool_),
        facets=_facets(facets),
    )


def _facets(rows: Sequence[Sequence[str]]) -> dict[FacetName, FacetCodes]:
    """The filter values of all documents ("kind:reviews") as codes, made in whole arrays: there may be many."""
    flat = list(chain.from_iterable(rows))
    every = sorted(set(flat))
    places = {value: place for place, value in enumerate(every)}
    codes = np.fromiter(map(places.__getitem__, flat), np.int32, len(flat))
    documents = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found = {}
    for name in FacetName:
        first, last = bisect_left(every, f"{name}:"), bisect_left(every, f"{name};")  # all that start so
        own = (codes >= first) & (codes < last)
        columns = np.arange(own.sum()) - np.searchsorted(
            documents[own], documents[own]
        )  # first, second … of its document
        table = np.full((len(rows), columns.max(initial=0) + 1), NO_VALUE, np.int16)
        table[documents[own], columns] = codes[own] - first
        found[name] = FacetCodes(tuple(value.removeprefix(f"{name}:") for value in every[first:last]), table)
    return found
