"""What every search engine does alike: each test runs on Whoosh's files and on PostgreSQL's tables."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from tests.postgres.server import Server
from tests.search.made_up import COUNT, LEFT, VOCABULARY, documents, fill, groups
from webapp.config import Config
from webapp.search.backends import Backend, SearchBusy, SearchUnavailable
from webapp.search.backends.postgres import PostgresBackend
from webapp.search.backends.whoosh import WhooshBackend
from webapp.search.plan import Alternative, FacetName, Group, IndexDocument, Passage, Plan, Sort
from webapp.search.words import stem


@pytest.fixture(scope="module")
def filled_postgresql(postgresql: Server) -> Iterator[PostgresBackend]:
    """The made-up documents in PostgreSQL."""
    with postgresql.database() as url:
        engine = create_engine(Config.from_environ({"DATABASE_URL": url}).database)
        backend = PostgresBackend(engine)
        fill(backend)
        yield backend
        engine.dispose()


@pytest.fixture(scope="module")
def filled_whoosh(tmp_path_factory: pytest.TempPathFactory) -> WhooshBackend:
    """The made-up documents in files."""
    backend = WhooshBackend(tmp_path_factory.mktemp("index"))
    fill(backend)
    return backend


@pytest.fixture(scope="module", params=["whoosh", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each of the engines, filled. A test leaves it as it was."""
    filled: Backend = request.getfixturevalue(f"filled_{request.param}")
    return filled


def numbers_with(*terms: str) -> set[int]:
    """The documents in which all of these words stand."""
    return {
        number
        for number, document in documents().items()
        if set(terms) <= {word for passage in document.passages for word in passage.text.split()}
    }


def test_both_engines_give_the_same_documents_nearly_the_same_scores(
    filled_whoosh: WhooshBackend, filled_postgresql: PostgresBackend
) -> None:
    chance = random.Random(11)
    for _ in range(30):
        asked = groups(chance.sample(VOCABULARY, chance.randint(1, 6)))
        scores = []
        for engine in (filled_whoosh, filled_postgresql):
            collection = engine._newest().collection
            matches, points = collection.scored(asked)
            matches &= collection.columns.is_alive
            ids = collection.columns.article_ids[matches].tolist()
            scores.append(dict(zip(ids, points[matches].tolist(), strict=True)))
        assert scores[0].keys() == scores[1].keys()
        # Whoosh keeps the length of a text as one byte, and counts replaced documents for how rare a word is
        assert list(scores[0].values()) == pytest.approx([scores[1][key] for key in scores[0]], rel=0.15)


def test_everything_with_any_of_the_words_is_found(backend: Backend) -> None:
    found = backend.find(Plan(groups(VOCABULARY[:4]), limit=COUNT))
    assert set(found.article_ids) == set.union(*map(numbers_with, VOCABULARY[:4]))
    assert found.total == len(found.article_ids)


def test_a_result_that_has_more_of_the_words_comes_first(backend: Backend) -> None:
    """Even before one that says the rarer word twice, which would be ahead if the points were only added up."""
    texts = ["rare rare" + " filler" * 8, "rare common" + " filler" * 8]
    texts += ["common" + " filler" * 9] * 25 + [" filler" * 10] * 13
    said_twice, has_both = 0, 1
    beside = backend.start_beside()
    beside.apply([IndexDocument(at, 1, 1, (Passage(text, 1.0),), {}) for at, text in enumerate(texts)], ())
    added_up = groups(["rare", "common"])
    assert beside.find(Plan(added_up, limit=2)).article_ids == (said_twice, has_both)
    asked = tuple(replace(group, is_asked=True) for group in added_up)
    assert beside.find(Plan(asked, limit=2)).article_ids == (has_both, said_twice)


def test_of_a_whole_text_only_the_words_count_that_tell_documents_apart(backend: Backend) -> None:
    """The rarer of two is asked; one that stands in a single document is like none."""
    texts = ["common rare", "common rare", "common", "common", "common alone"]
    beside = backend.start_beside()
    beside.apply([IndexDocument(at, 1, 1, (Passage(text, 1.0),), {}) for at, text in enumerate(texts)], ())
    asked = groups(["common", "rare", "alone"])
    assert set(beside.find(Plan(asked, telling=1)).article_ids) == {0, 1}
    assert set(beside.find(Plan(asked, telling=2)).article_ids) == {0, 1, 2, 3, 4}


def test_filter_values_are_counted_only_if_asked(backend: Backend) -> None:
    asked = groups(VOCABULARY[:3])
    assert backend.find(Plan(asked)).counts
    assert backend.find(Plan(asked, counts_filters=False)).counts == {}


def test_a_required_word_must_be_there(backend: Backend) -> None:
    asked = (groups(VOCABULARY[:1])[0], Group((Alternative((stem(VOCABULARY[9]),)),), is_required=True))
    assert set(backend.find(Plan(asked, limit=COUNT)).article_ids) == numbers_with(VOCABULARY[9])


def test_pages_follow_each_other_without_gap_or_repeat(backend: Backend) -> None:
    asked = groups(VOCABULARY[:2])
    whole = backend.find(Plan(asked, limit=200)).article_ids
    pages = [backend.find(Plan(asked, offset=start, limit=7)).article_ids for start in range(0, 70, 7)]
    assert sum(pages, ()) == whole[:70]


def test_filters_and_counts_equal_counting_by_hand(backend: Backend) -> None:
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


def test_removed_and_excluded_documents_are_not_found(backend: Backend) -> None:
    every = backend.find(Plan(limit=COUNT)).article_ids
    assert set(every) == set(range(LEFT))
    assert 7 not in backend.find(Plan(excluded=frozenset((7,)), limit=COUNT)).article_ids


def test_newest_first_means_by_date_then_by_number(backend: Backend) -> None:
    found = backend.find(Plan(sort=Sort.NEWEST, limit=COUNT)).article_ids
    assert list(found) == sorted(found, key=lambda number: (-(number % 7), -number))


def test_all_stems_of_an_alternative_must_be_there(backend: Backend) -> None:
    both = Group((Alternative((stem(VOCABULARY[0]), stem(VOCABULARY[1]))),))
    assert set(backend.find(Plan((both,), limit=COUNT)).article_ids) == numbers_with(*VOCABULARY[:2])


def test_a_phrase_is_found_where_its_words_follow_each_other(backend: Backend) -> None:
    wanted = f"{VOCABULARY[0]} {VOCABULARY[1]}"
    expected = {
        number
        for number, document in documents().items()
        if any(f" {wanted} " in f" {part.text} " for part in document.passages)
    }
    group = Group(
        (Alternative((stem(VOCABULARY[0]), stem(VOCABULARY[1])), is_phrase=True),), is_required=True
    )
    assert set(backend.find(Plan((group,), limit=COUNT)).article_ids) == expected


def test_a_phrase_does_not_run_from_one_part_of_a_text_to_the_next(backend: Backend) -> None:
    first, second = [part.text.split() for part in documents()[7].passages]
    wanted = f"{first[-1]} {second[0]}"
    assert not any(f" {wanted} " in f" {part.text} " for part in documents()[7].passages)
    group = Group((Alternative((stem(first[-1]), stem(second[0])), is_phrase=True),), is_required=True)
    assert 7 not in backend.find(Plan((group,), limit=COUNT)).article_ids


# Words


def test_it_knows_in_how_many_documents_a_word_stands(backend: Backend) -> None:
    # Whoosh counts replaced and removed ones as well, until it merges its parts
    assert backend.frequency(VOCABULARY[0]) == pytest.approx(len(numbers_with(VOCABULARY[0])), abs=15)
    assert backend.frequency("xylophone") == 0
    assert backend.knows_stem(stem(VOCABULARY[0]))
    assert not backend.knows_stem("xylophon")


def test_a_start_is_completed_by_the_most_frequent_words(backend: Backend) -> None:
    counted = Counter(
        word
        for document in documents().values()
        for word in {word for p in document.passages for word in p.text.split()}
    )
    found = backend.completions("worda", 3)
    assert len(found) == 3
    assert set(found) <= {word for word, _ in counted.most_common(5)}
    assert backend.completions("wor%", 3) == backend.completions("xyz", 3) == ()


def test_words_with_typing_errors_are_near(backend: Backend) -> None:
    assert ("wordab", 1) in [near[:2] for near in backend.near("wrodab", 1)]
    assert ("wordab", 1) in [near[:2] for near in backend.near("vordab", 1)]
    assert all(errors <= 1 for _, errors, _ in backend.near("wordab", 1))


# The index as a whole


def test_it_tells_which_revision_of_which_article_it_holds(backend: Backend) -> None:
    assert backend.entries() == dict.fromkeys(range(LEFT), 1)
    assert backend.is_intact()
    assert backend.byte_count() > 10_000


def test_one_writer_at_a_time_and_one_rebuild(backend: Backend) -> None:
    with backend.writing(), pytest.raises(SearchBusy), backend.writing(patience=0.05):
        raise AssertionError("two writers at once")
    with backend.rebuilding(), pytest.raises(SearchBusy), backend.rebuilding():
        raise AssertionError("two rebuilds at once")
    with backend.writing(patience=0.05), backend.rebuilding():
        pass


def test_what_is_changed_and_changed_back_leaves_no_trace(backend: Backend) -> None:
    asked = Plan((Group((Alternative(("zebra",)),)),))
    before = backend.find(Plan(groups(VOCABULARY[:3]), limit=COUNT))
    zebra = IndexDocument(5, 2, 1, (Passage("A zebra’s “stripes” aren't \\ here", 2.0),), {})
    backend.apply([zebra], ())
    assert backend.find(asked).article_ids == (5,)
    assert backend.frequency("zebra") == 1
    backend.apply([documents()[5]], ())
    assert backend.find(asked).total == 0
    assert backend.find(Plan(groups(VOCABULARY[:3]), limit=COUNT)).total == before.total


def test_another_process_searches_in_every_commit_at_once(filled_postgresql: PostgresBackend) -> None:
    other = PostgresBackend(filled_postgresql._engine)
    zebra = Plan((Group((Alternative(("zebra",)),)),))
    for _ in range(5):
        filled_postgresql.apply([IndexDocument(5, 2, 1, (Passage("A zebra", 2.0),), {})], ())
        assert other.find(zebra).article_ids == (5,)
        filled_postgresql.apply([documents()[5]], ())
        assert other.find(zebra).total == 0


def test_a_new_index_is_filled_beside_and_then_takes_the_place(backend: Backend) -> None:
    with backend.rebuilding():
        beside = backend.start_beside()
        beside.apply(documents().values(), ())
        assert len(beside.entries()) == LEFT
        backend.switch_to(beside)
    assert len(backend.entries()) == LEFT
    assert backend.find(Plan(groups(VOCABULARY[:1]), limit=COUNT)).total == len(numbers_with(VOCABULARY[0]))


def test_a_rebuild_that_is_broken_off_changes_nothing(backend: Backend) -> None:
    with backend.rebuilding():
        backend.start_beside().apply([IndexDocument(1, 9, 1, (), {})], ())
    assert backend.entries() == dict.fromkeys(range(LEFT), 1)


def test_only_one_kind_of_failure_leaves_the_engine(backend: Backend) -> None:
    with pytest.raises(SearchUnavailable):
        backend.find(Plan(limit="ten"))  # type: ignore[arg-type]
    assert backend.is_intact()
