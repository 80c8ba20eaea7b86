"""Search over posting lists held as NumPy arrays: exact, without pruning, with facet counts almost for free.

An index keeps, for each stem, the documents it stands in and its weight there. Decoded once into two arrays, a query is a
sum of arrays, a filter is a mask, a facet count is a bincount. Documents are numbered from 0 within one generation of the
index; deleted ones keep their number and are masked out. Scores are those of BM25F over one field whose words carry the
weight of the part they stand in (Robertson and Zaragoza 2009), with Whoosh's formula for rarity.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from webapp.search.plan import Alternative, FacetName, Found, Group, Plan, Sort

Numbers = NDArray[np.int32]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

# One setting for every collection, found on several (bench/search_quality.py).
K1 = 1.6
B = 0.75
COORDINATION = 0.1  # how much a document that has more of the words is preferred
NOT_PEOPLE = 0.8  # papers not about people come after equally good ones that are
NO_VALUE = -1
CACHE_BYTES = 32_000_000


@dataclass(frozen=True)
class Postings:
    """Where one stem stands: document numbers, ascending, and its weight (or score) in each."""

    documents: Numbers
    weights: Floats

    @property
    def byte_count(self) -> int:
        return self.documents.nbytes + self.weights.nbytes


NOWHERE = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


class PostingCache:
    """The posting lists used last, up to so many bytes; shared by all threads of a process."""

    def __init__(self, byte_limit: int) -> None:
        self._limit = byte_limit
        self._size = 0
        self._kept: OrderedDict[tuple[Any, ...], Postings] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], Postings]) -> Postings:
        """The list kept under ``key``, or a new one from ``make``; lists unused for longest make room for it."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += made.byte_count + 200
            while self._size > self._limit and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size -= dropped.byte_count + 200
        return made


@dataclass(frozen=True)
class FacetCodes:
    """The values of one filter group, and for each document the places of its values in that list (or NO_VALUE)."""

    values: tuple[str, ...]
    codes: NDArray[np.int16]  # a row per document, as many columns as a document has values at most

    def mask(self, wanted: frozenset[str]) -> Mask:
        """Documents that have any of the wanted values."""
        places = [place for place, value in enumerate(self.values) if value in wanted]
        mask: Mask = np.logical_or.reduce(np.isin(self.codes, places), axis=1)
        return mask

    def counts(self, documents: Numbers) -> dict[str, int]:
        """How many of the documents have each value of the library, 0 included."""
        if not self.values:
            return {}
        counted = np.bincount(self.codes[documents].ravel() + 1, minlength=len(self.values) + 1)[1:]
        return {value: int(count) for value, count in zip(self.values, counted, strict=True)}


class PostingSource(Protocol):
    """An index on disk, as this module sees it."""

    def postings(self, stem: str) -> Postings:
        """Where a stem stands, with its weights; deleted documents included."""

    def with_phrase(self, stems: Sequence[str], documents: Numbers) -> Mask:
        """In which of these documents, all of which have the stems, they stand one after the other."""


@dataclass(frozen=True)
class Columns:
    """What is known of each document, as arrays of equal length. ``published``: seconds since 1970.

    ``lengths`` in words, to the precision that the index keeps; ``total_length`` is exact.
    """

    article_ids: Numbers
    revisions: Numbers
    published: NDArray[np.uint32]
    lengths: NDArray[np.float64]
    total_length: int
    is_alive: Mask
    facets: Mapping[FacetName, FacetCodes]


class Collection:
    """One generation of an index, ready to be searched. Nothing in it changes."""

    def __init__(self, source: PostingSource, columns: Columns) -> None:
        self.columns = columns
        self._source = source
        self._cache = PostingCache(CACHE_BYTES)  # goes with its generation, as the scores do
        self._size = len(columns.article_ids)
        relative = (
            columns.lengths / (columns.total_length / self._size) if columns.total_length else columns.lengths
        )
        self._saturation = (K1 * ((1 - B) + B * relative)).astype(np.float32)
        self._prior = self._people_first()

    def find(self, plan: Plan) -> Found:
        """Answer a plan."""
        matches, scores = self._matches(plan)
        masks = {
            name: self.columns.facets[name].mask(wanted) for name, wanted in plan.filters.items() if wanted
        }
        hits = np.flatnonzero(_all(matches, masks.values())).astype(np.int32)
        counts = self._filter_counts(matches, hits, masks) if plan.counts_filters else {}
        order = self._order(hits, scores, plan)
        return Found(tuple(self.columns.article_ids[order].tolist()), len(hits), counts)

    def _filter_counts(
        self, matches: Mask, hits: Numbers, masks: Mapping[FacetName, Mask]
    ) -> dict[FacetName, dict[str, int]]:
        counts = {}
        for name, facet in self.columns.facets.items():
            others = [mask for other, mask in masks.items() if other != name]
            counted = hits if name not in masks else np.flatnonzero(_all(matches, others)).astype(np.int32)
            counts[name] = facet.counts(counted)
        return counts

    def scored(self, groups: Sequence[Group]) -> tuple[Mask, Floats]:
        """Which documents have anything that was asked for, and their scores before any prior; deleted ones as well."""
        total = np.zeros(self._size, np.float32)
        any_group = np.zeros(self._size, np.bool_)
        required: Mask | None = None
        asked = np.zeros(self._size, np.uint8)
        asked_count = 0
        for group in groups:
            found = self._group(group)
            total[found.documents] += found.weights
            any_group[found.documents] = True
            if group.is_asked:
                asked[found.documents] += 1
                asked_count += 1
            if group.is_required:
                present = np.zeros(self._size, np.bool_)
                present[found.documents] = True
                required = present if required is None else required & present
        if asked_count > 1:
            shares = (np.maximum(np.arange(asked_count + 1), 0.5) / asked_count) ** COORDINATION
            total *= shares.astype(np.float32)[asked]
        return (any_group if required is None else any_group & required), total

    def contributions(self, stem: str) -> Postings:
        """What a stem adds to the score of each document it stands in."""
        return self._cache.get((stem,), lambda: self._contributions(stem))

    def _contributions(self, stem: str) -> Postings:
        postings = self._source.postings(stem)
        rarity = np.float32(self._rarity(len(postings.documents)))
        weights = postings.weights
        scores = rarity * (weights * np.float32(K1 + 1) / (weights + self._saturation[postings.documents]))
        return Postings(postings.documents, scores.astype(np.float32))

    def _matches(self, plan: Plan) -> tuple[Mask, Floats]:
        if plan.groups:
            matches, scores = self.scored(self._telling(plan.groups, plan.telling))
            matches &= self.columns.is_alive
        else:
            matches, scores = self.columns.is_alive.copy(), np.zeros(self._size, np.float32)
        if plan.excluded:
            matches &= ~np.isin(self.columns.article_ids, list(plan.excluded))
        return matches, scores

    def _telling(self, groups: Sequence[Group], count: int | None) -> Sequence[Group]:
        """The groups that tell documents apart best: said most here, and in few documents, but not in one alone."""
        if count is None:
            return groups
        sizes = map(self._spread, groups)
        worth = {
            place: groups[place].alternatives[0].weight * self._rarity(size)
            for place, size in enumerate(sizes)
            if size > 1
        }
        return [groups[place] for place in sorted(worth, key=lambda place: (-worth[place], place))[:count]]

    def _spread(self, group: Group) -> int:
        """At most so many documents have this group."""
        return sum(
            min(len(self.contributions(stem).documents) for stem in alternative.stems)
            for alternative in group.alternatives
        )

    def _rarity(self, document_count: int) -> float:
        return log(self._size / (document_count + 1)) + 1 if self._size else 0.0

    def _group(self, group: Group) -> Postings:
        """The best alternative of a group for each document."""
        found = [part for part in map(self._alternative, group.alternatives) if len(part.documents)]
        if len(found) < 2:  # noqa: PLR2004
            return found[0] if found else NOWHERE
        best = np.zeros(self._size, np.float32)
        for part in found:
            best[part.documents] = np.maximum(best[part.documents], part.weights)
        documents = np.flatnonzero(best).astype(np.int32)
        return Postings(documents, best[documents])

    def _alternative(self, alternative: Alternative) -> Postings:
        parts = sorted(
            map(self.contributions, dict.fromkeys(alternative.stems)), key=lambda part: len(part.documents)
        )
        if not parts:
            return NOWHERE
        found = parts[0]
        for part in parts[1:]:
            found = _in_both(found, part)
        if alternative.is_phrase and len(alternative.stems) > 1 and len(found.documents):
            kept = self._source.with_phrase(alternative.stems, found.documents)
            found = Postings(found.documents[kept], found.weights[kept])
        if alternative.weight == 1:
            return found
        return Postings(found.documents, found.weights * np.float32(alternative.weight))

    def _order(self, hits: Numbers, scores: Floats, plan: Plan) -> Numbers:
        """The documents of the wanted page: best or newest first; on a tie the newer, then the higher article id."""
        newest = -self.columns.published[hits].astype(np.int64)
        main = newest if plan.sort == Sort.NEWEST else -(scores[hits] * self._prior[hits])
        last = plan.offset + plan.limit
        if len(hits) > last > 0:
            limit = np.partition(main, last - 1)[last - 1]
            kept = main <= limit
            hits, main, newest = hits[kept], main[kept], newest[kept]
        order = np.lexsort((-self.columns.article_ids[hits], newest, main))
        return hits[order[plan.offset : last]]

    def _people_first(self) -> Floats:
        subject = self.columns.facets.get(FacetName.SUBJECT)
        prior = np.ones(self._size, np.float32)
        if subject is not None:
            prior[subject.mask(frozenset(("animals", "lab")))] = NOT_PEOPLE
        return prior


def _in_both(few: Postings, many: Postings) -> Postings:
    """Documents of both lists, with the sum of what they have in each."""
    places = np.searchsorted(many.documents, few.documents)
    places[places == len(many.documents)] = 0
    both = (
        many.documents[places] == few.documents
        if len(many.documents)
        else np.zeros(len(few.documents), np.bool_)
    )
    return Postings(few.documents[both], few.weights[both] + many.weights[places[both]])


def _all(matches: Mask, masks: Any) -> Mask:
    for mask in masks:
        matches = matches & mask
    return matches
