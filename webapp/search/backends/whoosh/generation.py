"""The whole index as of one commit: its segments, their documents numbered one after the other."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.search.backends.posting_arrays import (
    NO_VALUE,
    NOWHERE,
    Collection,
    Columns,
    FacetCodes,
    Mask,
    Numbers,
    PostingCache,
    Postings,
)
from webapp.search.backends.whoosh.segment import Lexicon, Segment
from webapp.search.plan import FacetName


class Generation:
    """The whole index as of one commit."""

    def __init__(self, folder: Path, number: int, segments: list[Segment], deleted: list[set[int]], cache: PostingCache) -> None:  # fmt: skip
        self.folder = folder
        self.number = number
        self.file_sizes = {name: size for segment in segments for name, size in segment.file_sizes.items()}
        self._segments = segments
        self._starts = list(np.cumsum([0, *[segment.size for segment in segments]])[:-1]) if segments else []
        self._cache = cache
        self.collection = Collection(self, self._columns(deleted))
        self.completions = lru_cache(maxsize=2_000)(self._completions)
        self.near = lru_cache(maxsize=2_000)(self._near)

    def postings(self, term: str) -> Postings:
        return self._whole("stem", term)

    def with_phrase(self, stems: Sequence[str], documents: Numbers) -> Mask:
        found: list[bool] = []
        for segment, start in zip(self._segments, self._starts, strict=True):
            first, last = np.searchsorted(documents, [start, start + segment.size])
            found += segment.with_phrase(stems, (documents[first:last] - start).tolist())
        return np.array(found, np.bool_)

    def frequency(self, word: str) -> int:
        """In how many documents a whole word stands, deleted ones included."""
        total = 0
        for lexicon in self._lexicons():
            place = bisect_left(lexicon.words, word)
            if place < len(lexicon.words) and lexicon.words[place] == word:
                total += lexicon.frequencies[place]
        return total

    def _completions(self, start: str, count: int) -> tuple[str, ...]:
        totals: dict[str, int] = defaultdict(int)
        for lexicon in self._lexicons():
            for place in range(bisect_left(lexicon.words, start), len(lexicon.words)):
                if not lexicon.words[place].startswith(start):
                    break
                totals[lexicon.words[place]] += lexicon.frequencies[place]
        return tuple(sorted(totals, key=lambda word: (-totals[word], word))[:count])

    def _near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        totals: dict[str, tuple[int, int]] = {}
        for lexicon in self._lexicons():
            matches = process.extract(word, lexicon.words, scorer=OSA.distance, score_cutoff=most, limit=50)
            for text, distance, place in matches:
                totals[text] = (int(distance), totals.get(text, (0, 0))[1] + lexicon.frequencies[place])
        return tuple((text, distance, count) for text, (distance, count) in totals.items())

    def read_whole(self) -> None:
        """Read everything there is."""
        for segment in self._segments:
            segment.read_whole()

    def _lexicons(self) -> Iterator[Lexicon]:
        return (segment.lexicon() for segment in self._segments)

    def _whole(self, field: str, term: str) -> Postings:
        parts = [
            (
                start,
                self._cache.get((segment.reader._segid, field, term), partial(segment.postings, field, term)),
            )
            for segment, start in zip(self._segments, self._starts, strict=True)
        ]
        found = [(start, part) for start, part in parts if len(part.documents)]
        if not found:
            return NOWHERE
        if found[0][0] == 0 and len(found) == 1:
            return found[0][1]  # most of the time there is one segment: no copy
        return Postings(
            np.concatenate([part.documents + np.int32(start) for start, part in found]),
            np.concatenate([part.weights for _, part in found]),
        )

    def _columns(self, deleted: list[set[int]]) -> Columns:
        def joined(name: str, dtype: Any) -> Any:
            parts = [getattr(segment, name) for segment in self._segments]
            return np.concatenate(parts) if parts else np.empty(0, dtype)

        alive = np.ones(sum(segment.size for segment in self._segments), np.bool_)
        for start, gone in zip(self._starts, deleted, strict=True):
            alive[[start + number for number in gone]] = False
        return Columns(
            article_ids=joined("article_ids", np.int32),
            revisions=joined("revisions", np.int32),
            published=joined("published", np.uint32),
            lengths=joined("lengths", np.float64),
            total_length=sum(segment.reader.field_length("stem") for segment in self._segments),
            is_alive=alive,
            facets={name: self._facet(name, len(alive)) for name in FacetName},
        )

    def _facet(self, name: FacetName, size: int) -> FacetCodes:
        values = sorted({
            term.removeprefix(f"{name}:")
            for segment in self._segments for term in segment.terms("facet") if term.startswith(f"{name}:")
        })  # fmt: skip
        columns = np.full((size, 1), NO_VALUE, np.int16)
        for place, value in enumerate(values):
            rest = self._whole("facet", f"{name}:{value}").documents
            for column in range(columns.shape[1]):
                free = columns[rest, column] == NO_VALUE
                columns[rest[free], column] = place
                rest = rest[~free]
            if len(rest):
                columns = np.hstack([columns, np.full((size, 1), NO_VALUE, np.int16)])
                columns[rest, -1] = place
        return FacetCodes(tuple(values), columns)
