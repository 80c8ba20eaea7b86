"""What is said of a fact: what the paper states, or why we do not know it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.factories import NOW, PEOPLE, content
from webapp.content.article_content import DOES_NOT_APPLY, FACTS, NOT_STATED
from webapp.content.fact_words import fact, fact_value, read_for, stated
from webapp.models import Article
from webapp.models.people import Ages, People, Range, Sex
from webapp.models.values import ReadFrom, Registration
from webapp.publishing.publication import transient_article

FULL_TEXT, PART, ABSTRACT = ReadFrom


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """An article is made with the categories of the site."""
    with app.app_context():
        yield


def article(read_from: ReadFrom | None = FULL_TEXT, **changes: Any) -> Article:
    return transient_article(content(paper={"read_from": read_from}, **changes), NOW)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("not stated", NOT_STATED), ("Not stated.", NOT_STATED), (" NOT SPECIFIED ", NOT_STATED),
        ("The paper does not say.", NOT_STATED), ("The paper doesn’t say", NOT_STATED), ("Does not apply.", DOES_NOT_APPLY),
        ("Not stated. Two people left.", "not stated. Two people left."), ("Not stated in the table", "Not stated in the table"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", FACTS)
def test_a_fixed_value_has_one_spelling_in_every_fact(name: str, written: str, value: str) -> None:
    assert getattr(content(**{name: written}), name) == value


@pytest.mark.parametrize("value", ["", "not stated"])
@pytest.mark.parametrize(
    ("name", "read_from", "words"),
    [
        ("funding", FULL_TEXT, "Not mentioned in the paper."),
        ("funding", PART, "Not mentioned in the part of the paper we read."),
        ("funding", ABSTRACT, "Not known: we read only the abstract."),
        ("funding", None, "Not known: we read only the abstract."),
        ("participants", FULL_TEXT, "Not specified (we read the full text)"),
        ("study_duration", None, "Not specified (we read only the abstract)"),
        ("harms", FULL_TEXT, "The paper doesn’t mention harms. That doesn’t mean there were none."),
        ("harms", PART, "Not known: the part of the paper we read doesn’t mention harms."),
        ("harms", ABSTRACT, "Not known: we read only the abstract, and it doesn’t mention harms."),
    ],
)
def test_silence_is_told_by_what_was_read(
    name: str, read_from: ReadFrom | None, words: str, value: str
) -> None:
    silent = article(read_from, **{name: value})
    assert fact(silent, name) == words
    assert (stated(silent, name), fact_value(silent, name)) == ("", NOT_STATED)


def test_a_remark_follows_the_words() -> None:
    silent = article(ABSTRACT, harms="Not stated. Two people left.")
    assert fact(silent, "harms").endswith("it doesn’t mention harms. Two people left.")
    assert fact_value(silent, "harms") == "not stated. Two people left."
    short = article(ABSTRACT, participants="Not specified. It is a plan.")
    assert fact(short, "participants") == "Not specified (we read only the abstract). It is a plan."


def test_what_does_not_apply_is_not_unknown() -> None:
    plan = article(ABSTRACT, harms="Does not apply. Nobody was treated.", people=PEOPLE)
    assert fact(plan, "harms") == "Does not apply. Nobody was treated."
    assert fact(article(sample_size="does not apply", people=PEOPLE), "sample_size") == "Does not apply."


def test_what_is_stated_is_printed_as_it_is() -> None:
    assert fact(article(ABSTRACT, funding="A made-up fund"), "funding") == "A made-up fund"


def test_harms_may_have_been_read_elsewhere_than_the_rest() -> None:
    mixed = article(FULL_TEXT, harms="not stated", harms_read=ABSTRACT)
    assert fact(mixed, "harms").startswith("Not known: we read only the abstract")
    assert (read_for(mixed, "harms"), read_for(mixed, "funding")) == (ABSTRACT, FULL_TEXT)


def test_who_took_part_speaks_where_a_field_is_empty() -> None:
    names = ("sample_size", "age", "injury_level", "injury_completeness", "time_since_injury")
    empty = article(people=PEOPLE, **dict.fromkeys(names, ""))  # type: ignore[arg-type]
    assert [fact(empty, name) for name in names] == [
        "18 people",
        "18 to 65, 41.5 on average",
        "C5 to C8",
        "Complete and incomplete, AIS A, B",
        "6 months to 2 years",
    ]
    assert fact(article(age="Adults", people=PEOPLE), "age") == "Adults"


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (People(), {}),
        (People(years_since=Range(from_=1)), {"time_since_injury": "1 year or more"}),
        (People(years_since=Range(to=2.5)), {"time_since_injury": "up to 30 months"}),
        (People(ages=Ages(from_=30, to=30)), {"age": "30"}),
        (People(levels=["cervical", "thoracic"]), {"injury_level": "cervical, thoracic"}),
        (People(sex=Sex(women=3)), {"sex": "3 women"}),
        (People(count=1, sex=Sex(men=1, women=0)), {"sample_size": "1 person", "sex": "1 man"}),
    ],
)
def test_only_what_is_known_of_the_people_is_said(people: People, words: dict[str, str]) -> None:
    assert people.words == words


def test_a_registration_is_named_by_its_number() -> None:
    two = [Registration(number="NCT01234567"), Registration(number="ISRCTN12345678")]
    assert fact(article(registrations=two), "registrations") == "NCT01234567, ISRCTN12345678"


def test_a_registration_without_number_and_address_is_not_stated() -> None:
    draft = article(registrations=[Registration(register="ClinicalTrials.gov")])
    assert fact(draft, "registrations") == "Not mentioned in the paper."
    assert fact_value(draft, "registrations") == NOT_STATED
