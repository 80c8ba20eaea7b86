"""The checks of answers: each rule, with what it lets through."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import answer_content, content
from webapp.content.answer_checks import answer_errors, answer_warnings
from webapp.content.answer_content import AnswerContent, content_from_json
from webapp.content.article_content import from_toml, to_json, to_toml
from webapp.models import Article, Paper
from webapp.models.people import People
from webapp.models.values import ArticleStatus, Certainty, Claim, PaperStatus, Place, Subject

CITED = ("pill-trial", "second-trial")
Change = Callable[[Article], None]


def summary(slug: str) -> Article:
    """A summary of 40 people, of whom 12 had less pain."""
    text = content(slug=slug)
    return Article(
        slug=slug,
        status=ArticleStatus.PUBLISHED,
        subject=Subject.PEOPLE,
        plain_title=f"Title of {slug}",
        main_message=text.main_message,
        simple_explanation="Twelve of the 40 people had less pain after 6 weeks.",
        research_summary=text.research_summary,
        sample_size="40 people",
        people=People(),
        findings=text.findings,
        implications=[],
        limitations=[],
        since_then=[],
        paper=Paper(title="A paper", status=PaperStatus.PUBLISHED, published_on="2021"),
    )


def claim(text: str, *cited: str) -> list[Claim]:
    standard = answer_content(*CITED).found
    return [Claim(text=text, rests_on=list(cited or CITED)), *standard[1:]]


def problems(change: Change = lambda _: None, **changes: Any) -> list[tuple[str, str]]:
    """Field and message of each error; ``change`` is made to the first summary that is cited."""
    articles = {slug: summary(slug) for slug in CITED}
    change(articles[CITED[0]])
    found = answer_errors(answer_content(*CITED, **changes), articles)
    return [(problem.field, problem.message) for problem in found]


def test_a_complete_answer_passes_without_a_warning() -> None:
    assert problems() == []
    articles = {slug: summary(slug) for slug in CITED}
    assert list(answer_warnings(answer_content(*CITED), articles)) == []


@pytest.mark.parametrize(
    ("field", "nothing"),
    [
        ("question", ""),
        ("verdict", ""),
        ("certainty", None),
        ("certainty_reason", ""),
        ("missing", []),
        ("would_change", []),
        ("questions", []),
        ("categories", []),
        ("written_by", ""),
        ("next_check_on", None),
        ("phrasings", []),
        ("found", []),
        ("verdict_rests_on", []),
    ],
)
def test_every_part_is_required(field: str, nothing: Any) -> None:
    assert [name for name, _ in problems(**{field: nothing})] == [field]


def test_where_nobody_knows_the_verdict_may_rest_on_nothing() -> None:
    assert problems(certainty=Certainty.NOBODY_KNOWS, verdict_rests_on=[], found=[]) == []


def withdraw(article: Article) -> None:
    article.status = ArticleStatus.WITHDRAWN


def retract(article: Article) -> None:
    article.paper.status = PaperStatus.RETRACTED


def study_animals(article: Article) -> None:
    article.subject = Subject.ANIMALS


def study_cells(article: Article) -> None:
    article.subject = Subject.LAB


@pytest.mark.parametrize("change", [withdraw, retract])
def test_what_is_withdrawn_or_retracted_is_named_in_verdict_and_claims(change: Change) -> None:
    found = problems(change)
    assert [field for field, _ in found] == ["verdict_rests_on", *(f"found-{i}-rests_on" for i in range(3))]
    assert all("Title of pill-trial" in message for _, message in found)


@pytest.mark.parametrize("change", [study_animals, study_cells])
def test_animals_and_the_lab_support_claims_but_no_verdict(change: Change) -> None:
    ((field, message),) = problems(change)
    assert field == "verdict_rests_on" and "Title of pill-trial" in message


def test_a_summary_that_does_not_exist_is_named() -> None:
    ((field, message),) = problems(found=claim("It was a trial.", "no-such-summary"))
    assert field == "found-0-rests_on" and "no-such-summary" in message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"found": [*claim("It was a trial."), Claim(text="So they say.")]}, "found-3-rests_on"),
        ({"found": [*claim("It was a trial."), Claim(rests_on=[CITED[0]])]}, "found-3-text"),
        ({"found": claim("It was a trial.") * 3}, "found"),
        ({"verdict": "It may help. It may not. We can’t tell."}, "verdict"),
        ({"categories": ["a", "b", "c", "d"]}, "categories"),
        ({"elsewhere": [Place(name="A place", url="example.org")]}, "elsewhere-0-url"),
        ({"elsewhere": [Place(url="https://example.org")]}, "elsewhere-0-name"),
        ({"verdict": "Research clearly shows that it helps."}, "verdict"),
        ({"missing": ["Studies show nothing on children."]}, "missing-0"),
    ],
)
def test_each_rule_names_its_field(changes: dict[str, Any], field: str) -> None:
    assert [name for name, _ in problems(**changes)] == [field]


def test_saying_that_nothing_is_proven_is_no_claim_for_all_research() -> None:
    assert problems(verdict="Nothing is proven yet.") == []


@pytest.mark.parametrize(
    "text",
    [
        "In 40 people, 12 had less pain.",
        "Less pain was seen in 12 of 40 people.",
        "About 30% of the people had less pain.",
        "Forty people took part.",
        "Both of the 2 summaries here say so.",
        "One of these two trials was small.",
        "Of 2 trials, neither was long.",
    ],
)
def test_a_number_may_stand_in_any_of_the_cited_summaries(text: str) -> None:
    assert problems(verdict=text) == problems(found=claim(text)) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("In 41 people, 12 had less pain.", "41"),
        ("Pain fell by 17%.", "17%"),
        ("Two of the 5 summaries here say so.", "5"),
        ("Of the three summaries here, none says so.", "three"),
    ],
)
def test_a_number_that_no_cited_summary_has_is_named(text: str, number: str) -> None:
    for field, found in (("verdict", problems(verdict=text)), ("found-0-text", problems(found=claim(text)))):
        assert [name for name, _ in found] == [field]
        assert number in found[0][1]


def test_a_number_counts_only_where_its_summary_is_cited() -> None:
    def have_no_numbers(article: Article) -> None:
        article.simple_explanation = article.sample_size = "Some people."

    text = "In 40 people, 12 had less pain."
    assert problems(have_no_numbers, found=claim(text)) == []
    found = problems(have_no_numbers, found=claim(text, CITED[0]))
    assert [field for field, _ in found] == ["found-0-text", "found-0-text"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "It is a breakthrough."}, "promises more"),
        ({"found": claim("People should take it.")}, "tells readers what to do"),
        (
            {"verdict": "Pharmacological interventions demonstrated negligible analgesic efficacy."},
            "reads at grade",
        ),
    ],
)
def test_words_are_checked_as_in_summaries(changes: dict[str, Any], message: str) -> None:
    articles = {slug: summary(slug) for slug in CITED}
    found = [problem.message for problem in answer_warnings(answer_content(*CITED, **changes), articles)]
    assert len(found) == 1 and message in found[0]


def test_what_was_found_in_animals_says_so_and_comes_last() -> None:
    articles = {slug: summary(slug) for slug in CITED}
    study_animals(articles[CITED[0]])
    texts = ("The pain stayed the same.", "In rats, the pain stayed the same.")
    found = [claim(text, CITED[0])[0] for text in texts]
    people = claim("People had pain.", CITED[1])[0]
    first, last = (answer_content(*CITED, found=claims) for claims in ([*found, people], [people, *found]))
    warned = [[problem.field for problem in answer_warnings(text, articles)] for text in (first, last)]
    assert warned == [["found-0-text", "found"], ["found-1-text"]]


@pytest.mark.parametrize("text", [answer_content(*CITED), AnswerContent(question="")])
def test_an_answer_comes_back_from_files_and_drafts_as_it_was(text: AnswerContent) -> None:
    assert from_toml(to_toml(text), AnswerContent) == text
    assert content_from_json(to_json(text)) == text


def test_a_draft_of_a_summary_is_read_as_one() -> None:
    assert content_from_json(to_json(text := content())) == text
