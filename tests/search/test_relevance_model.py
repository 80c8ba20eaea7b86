"""The terms of the first results re-order the results; they add none and drop none."""

import random
from pathlib import Path

import pytest

from tests.search.made_up import COUNT, VOCABULARY, clauses, fill
from webapp.search import relevance_model
from webapp.search.documents import IndexDocument, Passage
from webapp.search.index import SearchIndex
from webapp.search.posting_arrays import Clause, Snapshot
from webapp.search.query import Sort
from webapp.search.words import stem


def asked(*terms: str) -> list[Clause]:
    return [Clause((((stem(term),), 1.0),)) for term in terms]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The made-up documents."""
    index = SearchIndex(tmp_path_factory.mktemp("index"))
    fill(index)
    return index.snapshot()


# Ten results say "stripe"; of the two after them, which match "zebra" equally well, the first says it, too.
TEXTS = ["zebra zebra stripe"] * 10 + ["zebra stripe", "zebra desert"] + ["cactus sand"] * 20
STRIPE, DESERT = 10, 11


def library_of(folder: Path, texts: list[str]) -> Snapshot:
    replacement = SearchIndex(folder).create_replacement()
    replacement.apply(
        [IndexDocument(number, 1, 1, (Passage(text, 1.0),), {}) for number, text in enumerate(texts)], ()
    )
    return replacement.snapshot()


@pytest.fixture
def library(tmp_path: Path) -> Snapshot:
    return library_of(tmp_path, TEXTS)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest library is large enough."""
    monkeypatch.setattr(relevance_model, "FEWEST_DOCUMENTS", 1)


def last_two(library: Snapshot, clauses: list[Clause], sort: Sort = Sort.BEST) -> tuple[int, ...]:
    return library.search(clauses, sort=sort, limit=12).article_ids[-2:]


@pytest.mark.usefixtures("always")
def test_a_result_that_says_what_the_first_ones_say_moves_up(library: Snapshot) -> None:
    assert last_two(library, asked("zebra")) == (STRIPE, DESERT)


@pytest.mark.usefixtures("always")
def test_what_most_of_the_library_says_moves_nothing(tmp_path: Path) -> None:
    library = library_of(tmp_path, [text.replace("cactus", "stripe") for text in TEXTS])
    assert last_two(library, asked("zebra")) == (DESERT, STRIPE)  # a tie: the newer one first


def test_in_a_small_library_only_the_query_decides(
    library: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relevance_model, "FEWEST_DOCUMENTS", len(TEXTS) + 1)
    assert last_two(library, asked("zebra")) == (DESERT, STRIPE)
    monkeypatch.setattr(relevance_model, "FEWEST_DOCUMENTS", len(TEXTS))
    assert last_two(library, asked("zebra")) == (STRIPE, DESERT)


@pytest.mark.usefixtures("always")
def test_newest_first_stays_newest_first(library: Snapshot) -> None:
    assert library.search(asked("zebra"), sort=Sort.NEWEST, limit=2).article_ids == (DESERT, STRIPE)


@pytest.mark.usefixtures("always")
def test_words_that_nobody_asked_for_say_nothing_about_others(library: Snapshot) -> None:
    assert last_two(library, clauses(["zebra"])) == (DESERT, STRIPE)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_added_and_nothing_dropped(
    filled: Snapshot, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    words = asked(*chance.sample(VOCABULARY, chance.randint(1, 5)))
    before = filled.search(words, limit=COUNT)
    monkeypatch.setattr(relevance_model, "FEWEST_DOCUMENTS", 1)
    after = filled.search(words, limit=COUNT)
    assert sorted(after.article_ids) == sorted(before.article_ids)
    assert (after.total, after.counts) == (before.total, before.counts)


@pytest.mark.usefixtures("always")
def test_pages_follow_each_other_without_gap_or_repeat(filled: Snapshot) -> None:
    words = asked(*VOCABULARY[:2])
    whole = filled.search(words, limit=70).article_ids
    assert sum((filled.search(words, offset=at, limit=7).article_ids for at in range(0, 70, 7)), ()) == whole
