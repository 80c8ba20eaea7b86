"""Posting arrays against Whoosh's own exhaustive search: the same documents with the same scores."""

import random

import numpy as np
import pytest
from whoosh import query as whoosh_query
from whoosh.index import FileIndex
from whoosh.scoring import BM25F

from webapp.search.backends.posting_arrays import K1, B, FacetCodes, PostingCache, Postings
from webapp.search.backends.whoosh import SCHEMA, WhooshBackend, _Storage
from webapp.search.plan import Alternative, FacetName, Group, IndexDocument, Passage, Plan, Sort
from webapp.search.words import stem

VOCABULARY = [f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
COUNT = 400


def document(number: int, chance: random.Random) -> IndexDocument:
    """A document of made-up words, frequent ones more often."""
    words = [
        VOCABULARY[min(int(chance.expovariate(0.08)), len(VOCABULARY) - 1)]
        for _ in range(chance.randint(3, 60))
    ]
    kinds = ("reviews", "interviews", "methods")
    return IndexDocument(
        number, 1, 1_000_000 + number % 7,
        (Passage(" ".join(words[:5]), 2.0), Passage(" ".join(words[5:]), 1.0)),
        {FacetName.KIND: (chance.choice(kinds),), FacetName.CATEGORY: tuple(chance.sample("abc", chance.randint(1, 3)))},
    )  # fmt: skip


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> WhooshBackend:
    """An index of several segments, with replaced and removed documents."""
    chance = random.Random(3)
    backend = WhooshBackend(tmp_path_factory.mktemp("index"))
    beside = backend.start_beside()
    for start in range(0, COUNT, 150):
        beside.apply([document(number, chance) for number in range(start, min(start + 150, COUNT))], ())
    backend.switch_to(beside)
    backend.apply([document(number, chance) for number in range(5)], range(390, 400))
    return backend


def whoosh_ranking(backend: WhooshBackend, terms: list[str]) -> dict[int, float]:
    """What Whoosh itself finds, whole: article id and score."""
    searcher = FileIndex(_Storage(backend._folder()), schema=SCHEMA).searcher(weighting=BM25F(B=B, K1=K1))
    asked = whoosh_query.Or([whoosh_query.Term("stem", stem(term)) for term in terms])
    found = searcher.search(asked, limit=None)
    ids = backend._newest().collection.columns.article_ids
    return {int(ids[hit.docnum]): hit.score for hit in found}


def groups(terms: list[str]) -> tuple[Group, ...]:
    """Each word a group; not counted as asked, so that no preference for more of them comes in."""
    return tuple(Group((Alternative((stem(term),)),), is_asked=False) for term in terms)


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


def test_pages_follow_each_other_without_gap_or_repeat(backend: WhooshBackend) -> None:
    asked = groups(VOCABULARY[:2])
    whole = backend.find(Plan(asked, limit=200)).article_ids
    pages = [backend.find(Plan(asked, offset=start, limit=7)).article_ids for start in range(0, 70, 7)]
    assert sum(pages, ()) == whole[:70]


def test_filters_and_counts_equal_counting_by_hand(backend: WhooshBackend) -> None:
    asked = groups(VOCABULARY[:3])
    whole = backend.find(Plan(asked, limit=COUNT))
    narrowed = {
        kind: backend.find(Plan(asked, {FacetName.KIND: frozenset((kind,))}, limit=COUNT))
        for kind in whole.counts[FacetName.KIND]
    }
    assert {kind: found.total for kind, found in narrowed.items()} == whole.counts[FacetName.KIND]
    assert sum(found.total for found in narrowed.values()) == whole.total
    assert all(found.counts[FacetName.KIND] == whole.counts[FacetName.KIND] for found in narrowed.values())
    two = backend.find(
        Plan(asked, {FacetName.KIND: frozenset(("reviews", "methods")), FacetName.CATEGORY: frozenset("a")})
    )
    assert two.total == sum(narrowed[kind].counts[FacetName.CATEGORY]["a"] for kind in ("reviews", "methods"))


def test_removed_and_excluded_documents_are_not_found(backend: WhooshBackend) -> None:
    every = backend.find(Plan(limit=COUNT)).article_ids
    assert set(every) == set(range(390))
    assert 7 not in backend.find(Plan(excluded=frozenset((7,)), limit=COUNT)).article_ids


def test_newest_first_means_by_date_then_by_number(backend: WhooshBackend) -> None:
    found = backend.find(Plan(sort=Sort.NEWEST, limit=COUNT)).article_ids
    assert list(found) == sorted(found, key=lambda number: (-(number % 7), -number))


def test_all_stems_of_an_alternative_must_be_there(backend: WhooshBackend) -> None:
    both = Group((Alternative((stem(VOCABULARY[0]), stem(VOCABULARY[1]))),))
    expected = (
        whoosh_ranking(backend, VOCABULARY[:1]).keys() & whoosh_ranking(backend, VOCABULARY[1:2]).keys()
    )
    assert set(backend.find(Plan((both,), limit=COUNT)).article_ids) == expected


def test_a_phrase_is_found_where_its_words_follow_each_other(backend: WhooshBackend) -> None:
    terms = (stem(VOCABULARY[0]), stem(VOCABULARY[1]))
    chance = random.Random(3)
    texts = {number: document(number, chance).passages for number in range(COUNT)}
    texts |= {number: document(number, chance).passages for number in range(5)}
    wanted = f"{VOCABULARY[0]} {VOCABULARY[1]}"
    expected = {n for n, parts in texts.items() if n < 390 and any(wanted in part.text for part in parts)}
    group = Group((Alternative(terms, is_phrase=True),), is_required=True)
    assert set(backend.find(Plan((group,), limit=COUNT)).article_ids) == expected


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
