"""The index: what a search of it finds, what it knows of words, and how it is written and replaced."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.search.made_up import COUNT, LEFT, VOCABULARY, clauses, documents, fill
from webapp.search.documents import IndexDocument, Passage
from webapp.search.index import SearchBusy, SearchIndex
from webapp.search.posting_arrays import Clause
from webapp.search.query import FacetName, Sort
from webapp.search.words import stem


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    """The made-up documents. A test leaves it as it was."""
    index = SearchIndex(tmp_path_factory.mktemp("index"))
    fill(index)
    return index


def numbers_with(*terms: str) -> set[int]:
    """The documents in which all of these words stand."""
    return {
        number
        for number, document in documents().items()
        if set(terms) <= {word for passage in document.passages for word in passage.text.split()}
    }


def test_everything_with_any_of_the_words_is_found(index: SearchIndex) -> None:
    found = index.snapshot().search(clauses(VOCABULARY[:4]), limit=COUNT)
    assert set(found.article_ids) == set.union(*map(numbers_with, VOCABULARY[:4]))
    assert found.total == len(found.article_ids)


def test_a_result_that_has_more_of_the_words_comes_first(index: SearchIndex) -> None:
    """Even before one that says the rarer word twice, which would be ahead if the points were only added up."""
    texts = ["rare rare" + " filler" * 8, "rare common" + " filler" * 8]
    texts += ["common" + " filler" * 9] * 25 + [" filler" * 10] * 13
    said_twice, has_both = 0, 1
    replacement = index.create_replacement()
    replacement.apply(
        [IndexDocument(at, 1, 1, (Passage(text, 1.0),), {}) for at, text in enumerate(texts)], ()
    )
    added_up = clauses(["rare", "common"])
    assert replacement.snapshot().search(added_up, limit=2).article_ids == (said_twice, has_both)
    asked = [replace(clause, is_asked=True) for clause in added_up]
    assert replacement.snapshot().search(asked, limit=2).article_ids == (has_both, said_twice)


def test_filter_values_are_counted_only_if_asked(index: SearchIndex) -> None:
    asked = clauses(VOCABULARY[:3])
    assert index.snapshot().search(asked).counts
    assert index.snapshot().search(asked, counts_facets=False).counts == {}


def phrase(*terms: str) -> Clause:
    return Clause(((tuple(map(stem, terms)), 1.0),), is_phrase=True)


def test_a_quoted_word_must_be_there(index: SearchIndex) -> None:
    asked = [*clauses(VOCABULARY[:1]), phrase(VOCABULARY[9])]
    assert set(index.snapshot().search(asked, limit=COUNT).article_ids) == numbers_with(VOCABULARY[9])


def test_pages_follow_each_other_without_gap_or_repeat(index: SearchIndex) -> None:
    asked = clauses(VOCABULARY[:2])
    whole = index.snapshot().search(asked, limit=200).article_ids
    pages = [index.snapshot().search(asked, offset=start, limit=7).article_ids for start in range(0, 70, 7)]
    assert sum(pages, ()) == whole[:70]


def test_filters_and_counts_equal_counting_by_hand(index: SearchIndex) -> None:
    asked = clauses(VOCABULARY[:3])
    whole = index.snapshot().search(asked, limit=COUNT)
    narrowed = {
        kind: index.snapshot().search(asked, filters={FacetName.KIND: frozenset((kind,))}, limit=COUNT)
        for kind in whole.counts[FacetName.KIND]
    }
    assert {kind: found.total for kind, found in narrowed.items()} == whole.counts[FacetName.KIND]
    assert sum(found.total for found in narrowed.values()) == whole.total
    assert all(found.counts[FacetName.KIND] == whole.counts[FacetName.KIND] for found in narrowed.values())
    filters = {FacetName.KIND: frozenset(("reviews", "methods")), FacetName.CATEGORY: frozenset("a")}
    two = index.snapshot().search(asked, filters=filters)
    assert two.total == sum(narrowed[kind].counts[FacetName.CATEGORY]["a"] for kind in ("reviews", "methods"))


def test_removed_documents_are_not_found(index: SearchIndex) -> None:
    assert set(index.snapshot().search(limit=COUNT).article_ids) == set(range(LEFT))


def test_newest_first_means_by_date_then_by_number(index: SearchIndex) -> None:
    found = index.snapshot().search(sort=Sort.NEWEST, limit=COUNT).article_ids
    assert list(found) == sorted(found, key=lambda number: (-(number % 7), -number))


def test_all_stems_of_an_alternative_must_be_there(index: SearchIndex) -> None:
    both = Clause((((stem(VOCABULARY[0]), stem(VOCABULARY[1])), 1.0),))
    assert set(index.snapshot().search([both], limit=COUNT).article_ids) == numbers_with(*VOCABULARY[:2])


def test_a_phrase_is_found_where_its_words_follow_each_other(index: SearchIndex) -> None:
    wanted = f"{VOCABULARY[0]} {VOCABULARY[1]}"
    expected = {
        number
        for number, document in documents().items()
        if any(f" {wanted} " in f" {part.text} " for part in document.passages)
    }
    asked = phrase(VOCABULARY[0], VOCABULARY[1])
    assert set(index.snapshot().search([asked], limit=COUNT).article_ids) == expected


def test_a_phrase_does_not_run_from_one_part_of_a_text_to_the_next(index: SearchIndex) -> None:
    first, second = [part.text.split() for part in documents()[7].passages]
    wanted = f"{first[-1]} {second[0]}"
    assert not any(f" {wanted} " in f" {part.text} " for part in documents()[7].passages)
    asked = phrase(first[-1], second[0])
    assert 7 not in index.snapshot().search([asked], limit=COUNT).article_ids


# Words


def test_it_knows_in_how_many_documents_a_word_stands(index: SearchIndex) -> None:
    # Whoosh counts replaced and removed ones as well, until it merges its parts
    assert index.snapshot().frequency(VOCABULARY[0]) == pytest.approx(
        len(numbers_with(VOCABULARY[0])), abs=15
    )
    assert index.snapshot().frequency("xylophone") == 0
    assert len(index.snapshot().contributions(stem(VOCABULARY[0])).documents) > 0
    assert len(index.snapshot().contributions("xylophon").documents) == 0


def test_a_start_is_completed_by_the_most_frequent_words(index: SearchIndex) -> None:
    counted = Counter(
        word
        for document in documents().values()
        for word in {word for p in document.passages for word in p.text.split()}
    )
    found = index.snapshot().completions("worda", 3)
    assert len(found) == 3
    assert set(found) <= {word for word, _ in counted.most_common(5)}
    assert index.snapshot().completions("wor%", 3) == index.snapshot().completions("xyz", 3) == ()


def test_words_with_typing_errors_are_near(index: SearchIndex) -> None:
    assert ("wordab", 1) in [near[:2] for near in index.snapshot().near("wrodab", 1)]
    assert ("wordab", 1) in [near[:2] for near in index.snapshot().near("vordab", 1)]
    assert all(errors <= 1 for _, errors, _ in index.snapshot().near("wordab", 1))


# The index as a whole


def test_it_tells_which_revision_of_which_article_it_holds(index: SearchIndex) -> None:
    assert index.snapshot().entries() == dict.fromkeys(range(LEFT), 1)
    assert index.is_intact()
    assert index.byte_count() > 10_000


def test_one_writer_at_a_time_and_one_rebuild(index: SearchIndex) -> None:
    with index.writing(), pytest.raises(SearchBusy), index.writing(patience=0.05):
        raise AssertionError("two writers at once")
    with index.rebuilding(), pytest.raises(SearchBusy), index.rebuilding():
        raise AssertionError("two rebuilds at once")
    with index.writing(patience=0.05), index.rebuilding():
        pass


def test_what_is_changed_and_changed_back_leaves_no_trace(index: SearchIndex) -> None:
    asked = clauses(["zebra"])
    before = index.snapshot().search(clauses(VOCABULARY[:3]), limit=COUNT)
    zebra = IndexDocument(5, 2, 1, (Passage("A zebra’s “stripes” aren't \\ here", 2.0),), {})
    index.apply([zebra], ())
    assert index.snapshot().search(asked).article_ids == (5,)
    assert index.snapshot().frequency("zebra") == 1
    index.apply([documents()[5]], ())
    assert index.snapshot().search(asked).total == 0
    assert index.snapshot().search(clauses(VOCABULARY[:3]), limit=COUNT).total == before.total


def test_another_process_searches_in_every_commit_at_once(index: SearchIndex) -> None:
    other = SearchIndex(index.root)
    for _ in range(5):
        index.apply([IndexDocument(5, 2, 1, (Passage("A zebra", 2.0),), {})], ())
        assert other.snapshot().search(clauses(["zebra"])).article_ids == (5,)
        index.apply([documents()[5]], ())
        assert other.snapshot().search(clauses(["zebra"])).total == 0


def test_a_replacement_is_filled_and_then_put_into_use(index: SearchIndex) -> None:
    with index.rebuilding():
        replacement = index.create_replacement()
        replacement.apply(documents().values(), ())
        assert len(replacement.snapshot().entries()) == LEFT
        index.replace_with(replacement)
    assert len(index.snapshot().entries()) == LEFT
    assert index.snapshot().search(clauses(VOCABULARY[:1]), limit=COUNT).total == len(
        numbers_with(VOCABULARY[0])
    )


def test_a_rebuild_that_is_broken_off_changes_nothing(index: SearchIndex) -> None:
    with index.rebuilding():
        index.create_replacement().apply([IndexDocument(1, 9, 1, (), {})], ())
    assert index.snapshot().entries() == dict.fromkeys(range(LEFT), 1)
