"""The live build as of one commit: read into arrays, and asked for words and phrases."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Engine, text

from webapp.search.backends.postgres import tables
from webapp.search.backends.postgres.columns import columns_of
from webapp.search.backends.posting_arrays import NOWHERE, Collection, Mask, Numbers, Postings

log = logging.getLogger(__name__)

TRIGRAMS_MISSING = (
    "Typing errors are found less well: the extension pg_trgm is missing. The owner of the database can run: "
    "CREATE EXTENSION pg_trgm; CREATE INDEX ix_search_word_word ON search_word USING gin (word gin_trgm_ops);"
)

_NEAR = (
    "SELECT word, count FROM search_word WHERE build = :build AND ({trigrams}word >= :first AND word < :next) "
    "AND length(word) BETWEEN :shortest AND :longest"
)


@dataclass(frozen=True)
class State:
    """Which build is live, and how often the index was committed."""

    build: int
    generation: int


class Generation:
    """The live build as of one commit."""

    def __init__(self, state: State, engine: Engine) -> None:
        self.state = state
        self._engine = engine
        rows = self._all("SELECT article_id, revision, published, length, facets FROM search_document "
                         "WHERE build = :build ORDER BY article_id")  # fmt: skip
        self.collection = Collection(self, columns_of(rows))
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

    def with_phrase(self, stems: Sequence[str], documents: Numbers) -> Mask:
        """In which of these documents the stems stand one after the other."""
        phrase = " <-> ".join(map(tables.quoted, stems))
        rows = self._all(
            "SELECT article_id FROM search_document WHERE build = :build AND terms @@ CAST(:phrase AS tsquery) ORDER BY 1",
            phrase=phrase,
        )
        found, is_known = self._documents([row[0] for row in rows])
        mask: Mask = np.isin(documents, found[is_known])
        return mask

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


@lru_cache(maxsize=1)
def _tell_once(what: str) -> None:
    """The follower opens the index at its start, so it is said then."""
    log.warning(what)
