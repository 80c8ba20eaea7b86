"""Posting arrays against Whoosh's own exhaustive search: the same documents with the same scores."""

import random

import numpy as np
import pytest
from whoosh import query as whoosh_query
from whoosh.index import FileIndex
from whoosh.scoring import BM25F

from tests.search.made_up import VOCABULARY, clauses, fill
from webapp.search.index import SearchIndex
from webapp.search.posting_arrays import K1, B, FacetCodes, PostingCache
from webapp.search.segments import NOWHERE, SCHEMA, Postings, Storage
from webapp.search.words import stem


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    """An index of several segments, with replaced and removed documents."""
    index = SearchIndex(tmp_path_factory.mktemp("index"))
    fill(index)
    return index


def whoosh_ranking(index: SearchIndex, terms: list[str]) -> dict[int, float]:
    """What Whoosh itself finds, whole: article id and score."""
    searcher = FileIndex(Storage(index.folder()), schema=SCHEMA).searcher(weighting=BM25F(B=B, K1=K1))
    asked = whoosh_query.Or([whoosh_query.Term("stem", stem(term)) for term in terms])
    found = searcher.search(asked, limit=None)
    ids = index.snapshot().article_ids
    return {int(ids[hit.docnum]): hit.score for hit in found}


@pytest.mark.parametrize("seed", range(40))
def test_scores_equal_those_of_an_exhaustive_search(index: SearchIndex, seed: int) -> None:
    chance = random.Random(seed)
    terms = chance.sample(VOCABULARY, chance.randint(1, 6))
    expected = whoosh_ranking(index, terms)
    library = index.snapshot()
    matches, scores = library.scored(clauses(terms))
    matches &= library.is_alive
    own = dict(zip(library.article_ids[matches].tolist(), scores[matches].tolist(), strict=True))
    assert own.keys() == expected.keys()
    assert all(own[key] == pytest.approx(expected[key], rel=1e-4) for key in own)


def test_the_best_ten_are_the_best_ten(index: SearchIndex) -> None:
    expected = whoosh_ranking(index, VOCABULARY[:4])
    found = index.snapshot().search(clauses(VOCABULARY[:4]))
    worst = min(expected[key] for key in found.article_ids)
    assert sum(score > worst + 1e-4 for score in expected.values()) < 10
    assert found.total == len(expected)


def test_the_cache_forgets_what_was_unused_for_longest() -> None:
    made: list[str] = []

    def make(term: str) -> Postings:
        made.append(term)
        return Postings(np.zeros(50, np.int32), np.zeros(50, np.float32))

    cache = PostingCache(3 * make("").byte_count, make)
    made.clear()
    for term in "1231412":
        cache.get(term)
    assert made == ["1", "2", "3", "4", "2"]


def test_words_that_no_summary_has_do_not_fill_the_memory() -> None:
    made: list[str] = []

    def make(term: str) -> Postings:
        made.append(term)
        return NOWHERE

    cache = PostingCache(10_000, make)
    for number in range(1_000):
        cache.get(f"made up {number}")
    cache.get("made up 0")
    assert made[-1] == "made up 0"


def test_a_facet_without_values_counts_nothing() -> None:
    assert FacetCodes((), np.empty((3, 1), np.int16)).counts(np.array([0, 1], np.int32)) == {}
