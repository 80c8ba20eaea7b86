"""One immutable part of an index, read into arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.reading import TermNotFound
from whoosh.util.numeric import byte_to_length

from webapp.search.backends.posting_arrays import NOWHERE, Postings
from webapp.search.backends.whoosh.schema import MISSING, SCHEMA, in_order

LENGTHS = np.array([byte_to_length(number) for number in range(256)], np.float64)


@dataclass(frozen=True)
class Lexicon:
    """The whole words of a segment in order, and in how many documents each stands."""

    words: list[str]
    frequencies: list[int]


class Segment:
    """A part of an index, with what was read from it. Its documents are numbered from 0."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.size: int = reader.doc_count_all()
        self.lengths = LENGTHS[
            _column(reader._perdoc._cached_reader("_stem_len", LENGTHS_COLUMN), "B", self.size)
        ]
        self.article_ids = self._numbers("article", ">i4").astype(np.int32)
        self.revisions = self._numbers("revision", ">i4").astype(np.int32)
        self.published = self._numbers("published", ">u4").astype(np.uint32)
        self._sequences = self._stored("sequence")
        if (self.article_ids == MISSING).any():
            raise ValueError("articles are missing from a column")
        sums = reader.storage().opened  # everything there is to read was read by now
        self.file_sizes = {name: size for name, (size, _) in sums.items()}
        self._lexicon: Lexicon | None = None
        self._lock = Lock()

    def postings(self, field: str, term: str) -> Postings:
        """Where a term stands in this segment, deleted documents included."""
        with self._lock:
            matcher = self._matcher(field, term)
            if matcher is None:
                return NOWHERE
            numbers, weights = [], []
            while True:
                matcher._read_data()
                numbers.append(np.cumsum(np.asarray(matcher._data[0], np.int64)))
                matcher._read_weights()
                weights.append(np.asarray(matcher._weights, np.float32))
                matcher._next_block()
                if matcher._atend:
                    break
        documents = np.concatenate(numbers).astype(np.int32)
        if len(documents) and not 0 <= documents[0] <= documents[-1] < self.size:
            raise ValueError(f"{field}:{term} stands in documents that are not there")
        return Postings(documents, np.concatenate(weights))

    def with_phrase(self, stems: Sequence[str], documents: Sequence[int]) -> list[bool]:
        """In which of these documents the stems stand one after the other."""
        phrase = in_order(stems)
        with self._lock:
            return [phrase in self._sequences[document] for document in documents]

    def lexicon(self) -> Lexicon:
        with self._lock:
            if self._lexicon is None:
                pairs = [(text.decode(), info.doc_frequency()) for text, info in self._terms("word")]
                self._lexicon = Lexicon([word for word, _ in pairs], [count for _, count in pairs])
            return self._lexicon

    def terms(self, field: str) -> list[str]:
        with self._lock:
            return [text.decode() for text, _ in self._terms(field)]

    def _terms(self, field: str) -> Iterator[tuple[bytes, Any]]:
        for (name, text), info in self.reader._terms.items_from(field, b""):
            if name != field:
                break
            yield text, info

    def _matcher(self, field: str, term: str) -> Any:
        try:
            return self.reader._terms.matcher(field, term.encode(), SCHEMA[field].format)
        except TermNotFound:
            return None

    def read_whole(self) -> None:
        """Read every posting list and every sequence there is."""
        for field in ("key", "stem", "word", "facet"):
            for term in self.terms(field):
                self.postings(field, term)
        self.with_phrase((), range(self.size))

    def _numbers(self, field: str, dtype: str) -> Any:
        return _column(self._stored(field), dtype, self.size)

    def _stored(self, field: str) -> Any:
        column = self.reader.column_reader(field, translate=False)
        if not hasattr(column, "_dbfile"):
            raise ValueError(f"the column {field} is missing")
        return column


def _column(reader: Any, dtype: str, size: int) -> Any:
    """A numeric column as an array; documents at the end that have the default value are not stored."""
    if not hasattr(reader, "_dbfile"):
        return np.zeros(size, dtype)
    width = np.dtype(dtype).itemsize
    count = min(reader._count, size)
    values = np.full(size, reader._default, dtype)
    values[:count] = np.frombuffer(reader._dbfile.get(reader._basepos, count * width), dtype, count=count)
    return values
