"""Search over posting lists held as NumPy arrays: exact, without pruning, with facet counts almost for free.

The index has, for each stem, the documents with its weight in each. Decoded once into two arrays, a query is a sum of
arrays, a filter is a mask, a facet count is a bincount. Documents are numbered from 0 within one commit of the index;
deleted ones have a number still and are masked out. Scores are those of BM25F over one field whose words carry the weight
of the passage they are in (Robertson and Zaragoza 2009), with Whoosh's formula for rarity.
"""

from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.search import relevance_model
from webapp.search.documents import RETRACTED
from webapp.search.query import FacetName, Filters, Sort
from webapp.search.segments import NOWHERE, Floats, Numbers, Postings, Segment

Mask = NDArray[np.bool_]
Alternative = tuple[tuple[str, ...], float]  # stems that must all be in a document, and how much that counts

# One setting for every collection, measured on several (bench/search_quality.py).
K1 = 1.6
B = 0.75
COORDINATION = 0.1  # how much a document that has more of the words is preferred
NOT_PEOPLE = frozenset(("animals", "lab"))
NOT_PEOPLE_PRIOR = 0.8  # in one list, papers not about people come after equally good ones that are
RETRACTED_PRIOR = 0.1  # a retracted paper can be found, but after everything else
# The relevance floor: measured on questions that people ask (tests/search/test_lay_questions.py).
PROMINENT = 0.5  # of the most that a stem can add to a score: it is in a title, or in a text more than once
# An aspect of more than this share of all documents does not tell them apart, unless it is of no more than a few.
TOO_COMMON, FEW = 1 / 3, 10
TOGETHER_SLACK = 2  # other telling words that may stand between those of a name
TITLE_COUNT = 2  # the first passages of a document are its titles: the plain one, and the paper's
MOST_READ = 500  # documents whose text is read to see whether words stand together; of more, being prominent is enough
ENOUGH = 0.55  # of what is asked
NO_VALUE = -1
NEAR_COUNT = 50  # words that a misspelled one may have been, at most
CACHE_BYTES = 32_000_000


@dataclass(frozen=True)
class Clause:
    """One thing that was asked for, in several ways; the best of them counts.

    ``is_phrase``: the stems must follow one another, and a document without them is no match.
    ``is_asked``: these are the reader's own words.
    """

    alternatives: tuple[Alternative, ...]
    is_phrase: bool = False
    is_asked: bool = True


@dataclass(frozen=True)
class Aspect:
    """One thing that a query is about.

    A document is about it if it has all stems of one of ``own``, the reader's words, or if all stems of one of ``names`` are prominent
    in it and stand together.
    """

    own: tuple[tuple[str, ...], ...]
    weight: float
    names: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Matches:
    """The ids of the matching articles of one page in order, their number in all, and counts for each filter value.

    The counts of a group ignore the filters of that same group, so that another value of it can still be chosen.
    ``animal_ids``, ``animal_total``: the same for matches in animals or the lab, where they are listed apart.
    """

    article_ids: tuple[int, ...]
    total: int
    counts: Mapping[FacetName, Mapping[str, int]]
    animal_ids: tuple[int, ...] = ()
    animal_total: int = 0


class PostingCache:
    """The posting lists used last, up to so many bytes; shared by all threads of a process."""

    def __init__(self, byte_limit: int, make: Callable[[str], Postings]) -> None:
        self._limit = byte_limit
        self._make = make
        self._size = 0
        self._lists: OrderedDict[str, Postings] = OrderedDict()
        self._lock = Lock()

    def get(self, term: str) -> Postings:
        """The list of a term, made if it is not here; lists unused for longest make room for it."""
        with self._lock:
            cached = self._lists.get(term)
            if cached is not None:
                self._lists.move_to_end(term)
                return cached
        made = self._make(term)
        with self._lock:
            if term not in self._lists:
                self._lists[term] = made
                self._size += made.byte_count
            while self._size > self._limit and len(self._lists) > 1:
                _, unused = self._lists.popitem(last=False)
                self._size -= unused.byte_count
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

    def counts(self, documents: NDArray[Any]) -> dict[str, int]:
        """How many of the documents have each value of the library, 0 included."""
        if not self.values:
            return {}
        counted = np.bincount(self.codes[documents].ravel() + 1, minlength=len(self.values) + 1)[1:]
        return {value: int(count) for value, count in zip(self.values, counted, strict=True)}


class Snapshot:
    """The whole index as of one commit, ready to be searched: its segments, their documents numbered on. Nothing changes.

    Every method may raise SearchUnavailable: a file was damaged.
    """

    def __init__(
        self, folder: Path, number: int, segments: Sequence[Segment], deleted: Sequence[set[int]]
    ) -> None:
        self.commit_id = (folder, number)
        self.segments = segments
        self.size = sum(segment.size for segment in segments)
        self._starts: list[int] = np.cumsum([0, *[segment.size for segment in segments]])[:-1].tolist()
        self.article_ids = _joined([segment.article_ids for segment in segments], np.int32)
        self.revisions = _joined([segment.revisions for segment in segments], np.int32)
        self.published = _joined([segment.published for segment in segments], np.int64)
        self.is_alive = np.ones(self.size, np.bool_)
        for start, gone in zip(self._starts, deleted, strict=True):
            self.is_alive[[start + document for document in gone]] = False
        self.alive_count = int(self.is_alive.sum())
        self.facets = {name: self._facet(name) for name in FacetName}
        lengths = _joined([segment.lengths for segment in segments], np.float64)
        mean = sum(segment.total_length for segment in segments) / max(self.size, 1) or 1
        self._saturation = (K1 * ((1 - B) + B * lengths / mean)).astype(np.float32)
        self._is_animal = self.facets[FacetName.SUBJECT].mask(NOT_PEOPLE)
        is_retracted = self.facets[FacetName.RESULT].mask(frozenset((RETRACTED,)))
        self._prior = np.where(self._is_animal, NOT_PEOPLE_PRIOR, 1).astype(np.float32)
        self._prior[is_retracted] *= RETRACTED_PRIOR
        # what a stem adds to the score of each document that has it
        self.contributions = PostingCache(CACHE_BYTES, self._contributions).get
        self.completions = lru_cache(maxsize=2_000)(self._completions)
        self.near = lru_cache(maxsize=2_000)(self._near)
        self._named = lru_cache(maxsize=2_000)(self._documents_named)
        # ids of articles like one, by its id, its revision and how many were asked for; filled by similar.py
        self.similar_ids: dict[tuple[int, int, int], tuple[int, ...]] = {}

    # Articles

    def search(
        self,
        clauses: Sequence[Clause] = (),
        aspects: Sequence[Aspect] = (),
        *,
        asked_words: tuple[str, ...] = (),
        filters: Filters | None = None,
        sort: Sort = Sort.BEST,
        offset: int = 0,
        limit: int = 10,
        animal_limit: int | None = None,
        counts_facets: bool = True,
        among: Sequence[int] | None = None,
    ) -> Matches:
        """Answer a query, best or newest first. No clauses: everything matches. Filters: any value of a group, all groups.

        ``aspects``: matches must be about most of them, or have all ``asked_words`` in a title. ``animal_limit``: matches in animals
        or the lab are listed apart, at most that many after the first page of the others, or page by page if there are no others;
        None: one list. ``among``: no articles but those with these ids.
        """
        matches, scores = (
            self.scored(clauses) if clauses else (self.is_alive, np.zeros(self.size, np.float32))
        )
        matches = matches & self.is_alive
        if aspects:
            matches &= self.relevant(aspects, asked_words)
        if among is not None:
            matches &= np.isin(self.article_ids, among)
        masks = {name: self.facets[name].mask(wanted) for name, wanted in (filters or {}).items() if wanted}
        hits = np.flatnonzero(np.logical_and.reduce([matches, *masks.values()])).astype(np.int32)
        counts = {}
        for name, facet in self.facets.items() if counts_facets else ():
            others = [mask for other, mask in masks.items() if other != name]
            counts[name] = facet.counts(
                hits if name not in masks else np.flatnonzero(np.logical_and.reduce([matches, *others]))
            )
        is_asked = sort == Sort.BEST and any(clause.is_asked for clause in clauses)
        if is_asked and self.alive_count >= relevance_model.FEWEST_DOCUMENTS:
            scores = relevance_model.blended(
                hits, scores, self._prior, self.frequent_stems, self.contributions
            )
        ranks = -self.published if sort == Sort.NEWEST else -(scores * self._prior)
        if animal_limit is None:
            return Matches(self._page(hits, ranks, offset, limit), len(hits), counts)
        is_animal = self._is_animal[hits]
        people, animals = hits[~is_animal], hits[is_animal]
        if not len(people):
            animal_ids = self._page(animals, ranks, offset, limit)
        else:
            animal_ids = self._page(animals, ranks, 0, animal_limit) if not offset else ()
        people_ids = self._page(people, ranks, offset, limit)
        return Matches(people_ids, len(people), counts, animal_ids, len(animals))

    def relevant(self, aspects: Sequence[Aspect], asked_words: tuple[str, ...] = ()) -> Mask:
        """The relevance floor: documents that are about enough of what is asked, by the weight and the rarity of each aspect.

        What nearly everything here is about ("spinal cord injury") counts only if nothing else is asked. A text whose title
        has all ``asked_words`` (stems) is what was asked for, however they are understood.
        """
        parts = list[tuple[float, Mask]]()
        for aspect in aspects:
            is_about = np.zeros(self.size, np.bool_)
            for stems in aspect.own:
                is_about[self._with_all(stems).documents] = True
            for stems in aspect.names:
                is_about[self._named(stems)] = True
            parts.append((aspect.weight, is_about))
        most = max(FEW, TOO_COMMON * self.size)
        telling = [part for part in parts if np.count_nonzero(part[1]) <= most] or parts
        share = np.zeros(self.size, np.float32)
        asked = 0.0
        for weight, is_about in telling:
            says = weight * self.rarity(int(is_about.sum()))
            share[is_about] += says
            asked += says
        floor: Mask = share >= ENOUGH * asked
        if len(asked_words) > 1:
            # The numbers and letters of names ("T10") have no lists of their own.
            listed = [one for one in asked_words if one.isalpha() and len(one) > 1]
            others = self._with_all(listed).documents if listed else NOWHERE.documents
            others = others[~floor[others]]
            if len(others) <= MOST_READ:
                floor[self._standing_together(asked_words, others, TITLE_COUNT)] = True
        return floor

    def _documents_named(self, stems: tuple[str, ...]) -> Numbers:
        """The documents in which the words of a name are prominent and stand together somewhere."""
        documents = self._with_all(stems, PROMINENT).documents
        if len(stems) == 1 or len(documents) > MOST_READ:
            return documents
        return self._standing_together(stems, documents)

    def _standing_together(
        self, stems: Sequence[str], documents: Numbers, passage_count: int | None = None
    ) -> Numbers:
        """Those of the documents that have all of the stems within a few words in one of their first passages."""
        found = [self._stand_together(stems, one, passage_count) for one in documents.tolist()]
        return documents[np.array(found, np.bool_)]

    def _stand_together(self, stems: Sequence[str], document: int, passage_count: int | None) -> bool:
        wanted = {stem.encode() for stem in stems}
        room = len(stems) + TOGETHER_SLACK
        segment, number = self._place(document)
        for passage in segment.sequence(number).splitlines()[:passage_count]:
            last = dict[bytes, int]()
            for place, stem in enumerate(passage.split()):
                if stem in wanted:
                    last[stem] = place
                    if len(last) == len(wanted) and place - min(last.values()) < room:
                        return True
        return False

    def _with_all(self, stems: Sequence[str], least: float = 0.0) -> Postings:
        """The documents that have all of the stems, with the sum of their scores.

        ``least``: the share that each stem must add of what it can add to a score.
        """
        lists = list(map(self.contributions, dict.fromkeys(stems)))
        if least:
            most = (K1 + 1) * least
            lists = [one.only(one.weights >= most * self.rarity(len(one.documents))) for one in lists]
        few, *others = sorted(lists, key=lambda one: len(one.documents))
        documents, scores = few.documents, few.weights
        for many in others:
            at = np.searchsorted(many.documents, documents)
            at[at == len(many.documents)] = 0
            both = many.documents[at] == documents if len(documents) else np.zeros(0, np.bool_)
            documents, scores = documents[both], scores[both] + many.weights[at[both]]
        return Postings(documents, scores)

    def _page(self, hits: Numbers, ranks: NDArray[Any], offset: int, limit: int) -> tuple[int, ...]:
        """The ids of the articles of one page: lowest rank first, on a tie the newer, then the higher id."""
        order, last = ranks[hits], offset + limit
        if len(hits) > last > 0:
            first = order <= np.partition(order, last - 1)[last - 1]
            hits, order = hits[first], order[first]
        page = hits[np.lexsort((-self.article_ids[hits], -self.published[hits], order))[offset:last]]
        return tuple(self.article_ids[page].tolist())

    def scored(self, clauses: Sequence[Clause]) -> tuple[Mask, Floats]:
        """Which documents match, deleted ones as well, and their scores before any prior."""
        total = np.zeros(self.size, np.float32)
        matches = np.zeros(self.size, np.bool_)
        required = np.ones(self.size, np.bool_)
        asked = np.zeros(self.size, np.uint8)
        asked_count = 0
        for clause in clauses:
            postings = self._clause(clause)
            total[postings.documents] += postings.weights
            matches[postings.documents] = True
            if clause.is_asked:
                asked[postings.documents] += 1
                asked_count += 1
            if clause.is_phrase:
                has_phrase = np.zeros(self.size, np.bool_)
                has_phrase[postings.documents] = True
                required &= has_phrase
        if asked_count > 1:
            shares = (np.maximum(np.arange(asked_count + 1), 0.5) / asked_count) ** COORDINATION
            total *= shares.astype(np.float32)[asked]
        return matches & required, total

    def rarity(self, document_count: int) -> float:
        """How much a word says that so many documents have (Whoosh's inverse document frequency)."""
        return log(self.size / (document_count + 1)) + 1 if self.size else 0.0

    def estimated_frequency(self, stem: str) -> int:
        """About how many documents have a stem, from the largest segment alone: one look-up, and no posting list is read."""
        largest = max(self.segments, key=lambda segment: segment.size, default=None)
        return largest.frequency(stem) * self.size // largest.size if largest else 0

    def frequent_stems(self, document: int) -> list[tuple[str, int]]:
        """The most frequent stems of a document, each with its share of the text in thousandths."""
        segment, number = self._place(document)
        return segment.frequent_stems(number)

    def _place(self, document: int) -> tuple[Segment, int]:
        """The segment of a document, and its number there."""
        place = bisect_right(self._starts, document) - 1
        return self.segments[place], document - self._starts[place]

    def entries(self) -> dict[int, int]:
        """Every article in the index and its revision."""
        alive = self.is_alive
        return dict(zip(self.article_ids[alive].tolist(), self.revisions[alive].tolist(), strict=True))

    def numbers(self) -> dict[int, int]:
        """Every article in the index and the number of its document."""
        alive = np.flatnonzero(self.is_alive)
        return dict(zip(self.article_ids[alive].tolist(), alive.tolist(), strict=True))

    # Words

    # Each segment has its own list of words. One list of all would have to be made again after every publish.

    def frequency(self, word: str) -> int:
        """The number of documents that have a whole word, deleted ones included."""
        return sum(segment.lexicon.frequency(word) for segment in self.segments)

    def _completions(self, start: str, count: int) -> tuple[str, ...]:
        """The words that start so, most frequent first."""
        totals = Counter[str]()
        for segment in self.segments:
            totals.update(segment.lexicon.starting_with(start))
        return tuple(sorted(totals, key=lambda word: (-totals[word], word))[:count])

    def _near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        """Words at most so many typing errors away: (word, errors, number of documents)."""
        errors: dict[str, int] = {}
        for segment in self.segments:
            matches = process.extract(
                word, segment.lexicon.words, scorer=OSA.distance, score_cutoff=most, limit=NEAR_COUNT
            )
            errors |= {text: int(distance) for text, distance, _ in matches}
        nearest = sorted(errors, key=lambda text: (errors[text], text))[:NEAR_COUNT]
        return tuple((text, errors[text], self.frequency(text)) for text in nearest)

    def _contributions(self, stem: str) -> Postings:
        parts = [segment.postings("stem", stem) for segment in self.segments]
        documents = _joined(
            [part.documents + start for part, start in zip(parts, self._starts, strict=True)], np.int32
        )
        weights = _joined([part.weights for part in parts], np.float32)
        rarity = np.float32(self.rarity(len(documents)))
        scores = rarity * (weights * np.float32(K1 + 1) / (weights + self._saturation[documents]))
        return Postings(documents, scores.astype(np.float32))

    def _clause(self, clause: Clause) -> Postings:
        """The best alternative of a clause for each document."""
        parts = list[Postings]()
        for stems, weight in clause.alternatives:
            part = self._with_all(stems)
            if clause.is_phrase and len(stems) > 1:
                phrase = f" {' '.join(stems)} ".encode()
                places = map(self._place, part.documents.tolist())
                follow = np.array(
                    [phrase in segment.sequence(number) for segment, number in places], np.bool_
                )
                part = part.only(follow)
            if len(part.documents):
                parts.append(
                    part if weight == 1 else Postings(part.documents, part.weights * np.float32(weight))
                )
        if len(parts) < 2:  # noqa: PLR2004
            return parts[0] if parts else NOWHERE
        best = np.zeros(self.size, np.float32)
        for part in parts:
            best[part.documents] = np.maximum(best[part.documents], part.weights)
        documents = np.flatnonzero(best).astype(np.int32)
        return Postings(documents, best[documents])

    def _facet(self, name: FacetName) -> FacetCodes:
        prefix = f"{name}:"
        values = sorted(
            {value for segment in self.segments for value in segment.facets if value.startswith(prefix)}
        )
        codes = np.full((self.size, 1), NO_VALUE, np.int16)
        for place, value in enumerate(values):
            for segment, start in zip(self.segments, self._starts, strict=True):
                rest = segment.facets.get(value, NOWHERE.documents) + start
                for column in range(codes.shape[1]):
                    free = codes[rest, column] == NO_VALUE
                    codes[rest[free], column] = place
                    rest = rest[~free]
                if len(rest):
                    codes = np.hstack([codes, np.full((self.size, 1), NO_VALUE, np.int16)])
                    codes[rest, -1] = place
        return FacetCodes(tuple(value.removeprefix(prefix) for value in values), codes)


def _joined(parts: Sequence[Any], dtype: Any) -> Any:
    """Arrays of all segments as one; most of the time there is one segment, and no copy."""
    joined = parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0, dtype)])
    return joined.astype(dtype, copy=False)
