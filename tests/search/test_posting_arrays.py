"""Posting arrays against Whoosh's own exhaustive search: the same documents with the same scores."""

import random

import numpy as np
import pytest
from whoosh import query as whoosh_query
from whoosh.index import FileIndex
from whoosh.scoring import BM25F

from tests.search.made_up import VOCABULARY, fill, groups
from webapp.search.backends.posting_arrays import K1, B, FacetCodes, PostingCache, Postings
from webapp.search.backends.whoosh import WhooshBackend
from webapp.search.backends.whoosh.files import Storage
from webapp.search.backends.whoosh.schema import SCHEMA
from webapp.search.plan import Plan
from webapp.search.words import stem


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> WhooshBackend:
    """An index of several segments, with replaced and removed documents."""
    backend = WhooshBackend(tmp_path_factory.mktemp("index"))
    fill(backend)
    return backend


def whoosh_ranking(backend: WhooshBackend, terms: list[str]) -> dict[int, float]:
    """What Whoosh itself finds, whole: article id and score."""
    searcher = FileIndex(Storage(backend._folders.in_use()), schema=SCHEMA).searcher(
        weighting=BM25F(B=B, K1=K1)
    )
    asked = whoosh_query.Or([whoosh_query.Term("stem", stem(term)) for term in terms])
    found = searcher.search(asked, limit=None)
    ids = backend._newest().collection.columns.article_ids
    return {int(ids[hit.docnum]): hit.score for hit in found}


@pytest.mark.parametrize("seed", range(40))
def test_scores_equal_those_of_an_exhaustive_search(backend: WhooshBackend, seed: int) -> None:
    chance = random.Random(seed)
    terms = chance.sample(VOCABULARY, chance.randint(1, 6))
    expected = whoosh_ranking(backend, terms)
    collection = backend._newest().collection
    matches, scores = collection.scored(groups(terms))
    matches &= collection.columns.is_alive
    own = dict(zip(collection.columns.article_ids[matches].tolist(), scores[matches].tolist(), strict=True))
    assert own.keys() == expected.keys()
    assert all(own[key] == pytest.approx(expected[key], rel=1e-4) for key in own)


def test_the_best_ten_are_the_best_ten(backend: WhooshBackend) -> None:
    expected = whoosh_ranking(backend, VOCABULARY[:4])
    found = backend.find(Plan(groups(VOCABULARY[:4]), limit=10))
    worst = min(expected[key] for key in found.article_ids)
    assert sum(score > worst + 1e-4 for score in expected.values()) < 10
    assert found.total == len(expected)


def test_the_cache_forgets_what_was_unused_for_longest() -> None:
    cache = PostingCache(byte_limit=2_000)
    made: list[int] = []

    def make(number: int) -> Postings:
        made.append(number)
        return Postings(np.zeros(50, np.int32), np.zeros(50, np.float32))

    for number in (1, 2, 3, 1, 4, 1, 2):
        cache.get((number,), lambda number=number: make(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 4, 2]


def test_a_facet_without_values_counts_nothing() -> None:
    assert FacetCodes((), np.empty((3, 1), np.int16)).counts(np.array([0, 1], np.int32)) == {}
