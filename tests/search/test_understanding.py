"""How a query is cut, understood, corrected and completed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from tests.engines import both_engines
from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp.search import synonyms
from webapp.search.index import search_index
from webapp.search.query import LONGEST_QUERY, MOST_TERMS, FacetName, QueryTerm, SearchQuery, Sort
from webapp.search.understanding import nearest, understand, without_typing_errors
from webapp.search.words import LONGEST_WORD, fold, stems, words


def query(**arguments: str | list[str]) -> SearchQuery:
    return SearchQuery.from_args(MultiDict(arguments))


def concept_names(text: str) -> list[str]:
    return [
        match.concept.name for match in synonyms.table().concepts_in([word.folded for word in words(text)])
    ]


# Words


def test_case_accents_apostrophes_and_hyphens_do_not_matter() -> None:
    assert stems("Brown-Séquard’s CAN'T") == stems("brown sequard cant")


def test_short_forms_keep_their_s() -> None:
    assert stems("AIS UTIs") == ["ais", "uti"]


def test_a_word_is_cut_at_sixty_characters() -> None:
    assert len(fold("a" * 500)) == 60


# Queries


def test_a_query_is_cut_to_a_thousand_characters() -> None:
    assert len(query(q="word " * 3_000).text) <= LONGEST_QUERY


QUESTIONS = {
    "I would really like to know if there is any new research about stem cells": "stem cells",
    "Hello, can you please tell me what the latest news is on treatments for pressure sores": "pressure sores",
    "Is there anything that my dad could try so that he has less nerve pain": "less nerve pain",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_stop_words_do_not_count_toward_the_limit(question: str) -> None:
    kept, left_out = query(q=question).terms()
    assert left_out == []
    assert set(stems(QUESTIONS[question])) <= {one for term in kept for one in stems(term.text)}


def test_a_long_question_keeps_what_belongs_to_a_concept() -> None:
    story = "Robert fell from a ladder in October near Denver while painting our neighbor's garage roof yellow and green"
    terms, left_out = query(q=f"Hello please, {story}: will pregabalin help with nerve pain").terms()
    kept = {term.text for term in terms}
    assert {"Robert", "pregabalin", "nerve", "pain"} <= kept
    assert len([text for text in kept if stems(text)]) == MOST_TERMS
    assert {"green", "please"} <= {term.text for term in left_out}


@given(st.text(alphabet=st.sampled_from("ab '\"-/10.,é“”\t"), max_size=1_200))
def test_any_text_makes_a_bounded_search(text: str) -> None:
    terms, _ = query(q=text).terms()
    assert len([term for term in terms if stems(term.text)]) <= MOST_TERMS
    assert all(len(list(words(term.text))) <= LONGEST_WORD for term in terms if not term.is_phrase)


def test_quotes_make_a_phrase_and_the_last_word_is_open() -> None:
    assert query(q='stem “nerve pain" cel').terms()[0] == [
        QueryTerm("stem"),
        QueryTerm("nerve pain", is_phrase=True),
        QueryTerm("cel", is_open=True),
    ]


def test_equal_searches_have_equal_addresses() -> None:
    one = query(q=" nerve  pain ", kind=["reviews", "methods"], sort="newest", page="2")
    other = query(sort="newest", kind=["methods", "reviews"], q="nerve pain", page="2")
    assert one.address("/search") == other.address("/search")
    assert (
        SearchQuery.from_args(MultiDict([("q", "nerve pain")])).address("/search") == "/search?q=nerve+pain"
    )


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99999999", "1.5", ""])
def test_what_is_no_page_is_the_first(page: str) -> None:
    assert query(q="pain", page=page).page == 1


def test_what_cannot_be_used_counts_as_not_given() -> None:
    odd = query(q=" \t ", sort="status:draft", kind="")
    assert (odd.text, odd.sort, odd.filters) == ("", Sort.BEST, {})


def test_a_filter_is_toggled_on_and_off_from_the_first_page() -> None:
    kinds = ["reviews", "methods"]
    off, on = query(q="pain", page="3"), query(q="pain", kind="reviews", year="2020", page="3")
    assert off.toggle_urls(FacetName.KIND, kinds, "/search") == {
        "reviews": "/search?q=pain&kind=reviews",
        "methods": "/search?q=pain&kind=methods",
    }
    assert on.toggle_urls(FacetName.KIND, kinds, "/search") == {
        "reviews": "/search?q=pain&year=2020",
        "methods": "/search?q=pain&kind=methods&kind=reviews&year=2020",
    }
    assert query(kind="reviews").toggle_urls(FacetName.KIND, ["reviews"], "/search") == {"reviews": "/search"}


# Concepts


def test_the_table_holds_five_hundred_concepts_with_different_names() -> None:
    names = [concept.name for concept in synonyms.table().concepts]
    assert len(names) == len(set(names)) >= 500
    assert all(concept.medical for concept in synonyms.table().concepts)


def test_no_form_is_made_of_stop_words_alone_or_stands_twice() -> None:
    for concept in synonyms.table().concepts:
        for form in (*concept.lay, *concept.acronyms, *concept.misspelled):
            assert len(stems(form)) > 0 or len(list(words(form))) > 1, form


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("can't pee", "urinary retention"),
        ("I cannot pee", "urinary retention"),
        ("my legs keep shaking", "spasticity"),
        ("blood clot in my leg", "deep vein thrombosis"),
        ("AIS A", "complete or incomplete injury"),
        ("get it up", "erectile dysfunction"),
        ("weed", "cannabis"),
        ("looking after my husband", "caregivers"),
        ("dig stim", "digital stimulation"),
        ("cathing", "self-catheterization"),
        ("quad cough", "quad cough"),
        ("ITB pump", "intrathecal baclofen pump"),
        ("roho", "wheelchair cushion"),
        ("my foot keeps bouncing", "clonus"),
        ("wrist grip", "tenodesis"),
        ("band around my chest", "pain at the level of injury"),
        ("blood clot in my lung", "pulmonary embolism"),
    ],
)
def test_everyday_words_lead_to_their_concept(text: str, name: str) -> None:
    assert name in concept_names(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("leg bag", ["leg bag"]),
        ("phantom pain", ["phantom sensations"]),
        ("keppra", ["levetiracetam"]),
        ("ALS", ["ALS"]),
        ("flaccid bladder", ["flaccid bladder"]),
        ("nerve fibers", []),
        ("stomach gas", []),
    ],
)
def test_a_narrow_word_does_not_lead_to_a_broader_thing(text: str, names: list[str]) -> None:
    assert concept_names(text) == names


def test_the_fuller_form_wins() -> None:
    assert concept_names("walking robot") == ["robotic gait training"]


def test_common_words_lead_nowhere_in_company() -> None:
    assert "work and employment" not in concept_names("do stem cells work")
    assert "work and employment" in concept_names("work")


def test_words_far_apart_are_not_one_thing() -> None:
    far = "I lost weight last winter and now work another night shift"
    assert "weight shifts" not in concept_names(far)


# The whole, with a library


@both_engines
def test_completions_count_less_than_the_word_itself(client: PageClient, add: Adds) -> None:
    add(plain_title="Sex and sexual health")
    clauses = understand(SearchQuery(text="sex"), search_index().snapshot()).clauses
    assert clauses[0].alternatives[0] == (("sex",), 1.0)
    assert all(weight < 1 for clause in clauses for _, weight in clause.alternatives[1:])


@both_engines
def test_a_word_that_says_little_is_not_completed(client: PageClient, add: Adds) -> None:
    add(plain_title="Protection against bed sores")
    understood = understand(SearchQuery(text="will i walk again"), search_index().snapshot())
    assert frozenset({"again"}) in understood.highlighted
    assert frozenset({"against"}) not in understood.highlighted


@both_engines
def test_the_nearest_word_is_the_one_with_fewest_errors_and_the_same_start(
    client: PageClient, add: Adds
) -> None:
    add(plain_title="Mental tests with a catheter")
    assert nearest("cathater", search_index().snapshot()) == "catheter"
    assert nearest("zental", search_index().snapshot()) is None


@both_engines
def test_a_misspelled_form_of_the_table_leads_to_its_right_word(client: PageClient, add: Adds) -> None:
    add()
    assert without_typing_errors([QueryTerm("newmonia")], search_index().snapshot()) == [
        QueryTerm("pneumonia")
    ]


@both_engines
def test_short_words_and_figures_are_left_alone(client: PageClient, add: Adds) -> None:
    add()
    assert without_typing_errors([QueryTerm("xyz"), QueryTerm("c5q9w")], search_index().snapshot()) is None


def test_the_name_of_a_greek_letter_is_no_typing_error(client: PageClient, add: Adds) -> None:
    add(plain_title="IL-1β and the beat of the heart")
    terms = [QueryTerm("gamma"), QueryTerm("beta"), QueryTerm("delta")]
    assert without_typing_errors(terms, search_index().snapshot()) is None


@pytest.mark.parametrize("text", ["NF-kappa B", "NF kappa B", "nf-kappab"])
def test_a_letter_after_the_name_of_a_greek_one_belongs_to_it(
    client: PageClient, add: Adds, text: str
) -> None:
    add(plain_title="Blocking NF-κB in rats")
    understood = understand(SearchQuery(text=text), search_index().snapshot())
    assert (("kappab",), 1.0) in [form for clause in understood.clauses for form in clause.alternatives]


def weight(text: str, word: str) -> float:
    """How much a word of a search counts, besides what it was understood as."""
    own = tuple(stems(word))
    clauses = understand(SearchQuery(text=text), search_index().snapshot()).clauses
    return next(weight for clause in clauses for form, weight in clause.alternatives if form == own)


def test_words_understood_together_count_less_one_by_one(client: PageClient, add: Adds) -> None:
    add()
    assert weight("blood clot in leg", "clot") < weight("clot", "clot") == 1.0


def test_words_that_say_little_count_less_than_the_others(client: PageClient, add: Adds) -> None:
    add()
    assert weight("really zebrafish", "really") < weight("really zebrafish", "zebrafish") == 1.0
