"""The checks of a text: each rule, with what it says and the field that it names."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from tests.factories import content
from webapp.content.checks import errors, warnings
from webapp.models.people import Ages, People, Range, Sex
from webapp.models.values import (
    Finding,
    Implication,
    LaterEvent,
    PaperStatus,
    ReadFrom,
    Registration,
    StudyKind,
    Subject,
)

TODAY = date(2026, 11, 28)
EVENT = partial(LaterEvent, on="2024", text="A larger trial began.", url="https://example.org/trial")
GOOD = Finding(text="Pain was about the same in both groups.", place="Abstract")
ABSTRACT = {"abstract": "We treated 1,040 people and 2030 mice. “Pain” did not differ."}

COUNTED = {"paper": {"abstract": "Pain fell in 3 of 12 people."}}


ABSTRACT_READ: dict[str, Any] = {"paper": {"read_from": ReadFrom.ABSTRACT}}


def with_finding(**changes: str) -> dict[str, Any]:
    """An article with a second finding that is changed."""
    return {"findings": [GOOD, Finding(**{"text": "Sleep was too.", "place": "Abstract"} | changes)]}


def test_only_of_a_paper_read_in_full_a_text_may_say_that_it_is_silent() -> None:
    assert list(errors(content(harms="Two fell. The paper does not say more."))) == []


def test_a_complete_text_passes() -> None:
    text = content()
    assert list(errors(text)) == list(warnings(text)) == []


def test_the_result_of_a_plan_stands_under_since_then() -> None:
    findings = [
        Finding(text="The plan was to enroll people from one clinic.", place="Methods"),
        Finding(text="Half of them were to get a pill.", place="Methods"),
    ]
    plan = partial(content, study_kind=StudyKind.STUDY_PLAN, findings=findings)
    assert list(errors(plan(since_then=[EVENT()]))) == []
    assert "no clear difference" in " ".join(row.message for row in warnings(plan(since_then=[EVENT()])))
    assert list(warnings(plan(since_then=[EVENT(text="The pill made no difference.")]))) == []


@pytest.mark.parametrize(
    "doi", ["10.1000/x}", "10.1000/x\u200b", "10.1000/x.", "10.1000/x;", "10.1000/x]", "10.1000/x”", "10.1000/x&amp", "10.1000/x/full", "https://doi.org/10.1000/x"]
)  # fmt: skip
def test_a_doi_has_nothing_around_it(doi: str) -> None:
    [error] = errors(content(paper={"doi": doi}))
    assert error.field == "paper-doi" and error.message.endswith("without anything around it: 10.1000/x.")


@pytest.mark.parametrize(
    ("published_on", "fields"),
    [
        ("2062", ["paper-published_on"]), ("9999", ["paper-published_on"]), ("2026-12", ["paper-published_on"]),
        ("2026-11-29", ["paper-published_on"]), ("2026-11-28", []), ("2026-11", []), ("2026", []),
    ],
)  # fmt: skip
def test_a_date_in_the_future_is_an_error(published_on: str, fields: list[str]) -> None:
    found = errors(content(paper={"published_on": published_on}), today=TODAY)
    assert [error.field for error in found] == fields


@pytest.mark.parametrize(
    ("abstract", "quote"),
    [
        ("signi\ufb01cant e\ufb00ect", "significant effect"),
        ("Re\u00adgeneration\u200b rose", "regeneration rose"),
        ("5\u00a0mg of “it”\u2009– 10‐20 µg", '5 mg of "it" - 10-20 μg'),
        ("the men’s pain «fell»", 'the men\'s pain "fell"'),
    ],
)
def test_a_quote_matches_what_reads_the_same(abstract: str, quote: str) -> None:
    for one, other in ((abstract, quote), (quote, abstract)):
        text = content(
            paper={"abstract": one}, findings=[GOOD, Finding(text="Sleep was too.", place="A", quote=other)]
        )
        assert list(errors(text)) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"paper": {"title": ""}}, "paper-title", "title of the paper"),
        ({"limitations": [""]}, "limitations", "at least one limitation"),
        ({"categories": []}, "categories", "main category"),
        ({"categories": ["a", "b", "c", "d"]}, "categories", "at most three"),
        ({"paper": {"doi": ""}}, "paper-doi", "Enter a DOI, a PubMed number or another link"),
        ({"paper": {"doi": "doi:10.1/x"}}, "paper-doi", "as it is printed"),
        ({"paper": {"pmid": "PMID 7"}}, "paper-pmid", "digits only"),
        ({"paper": {"pmcid": "7654321"}}, "paper-pmcid", "with its letters"),
        ({"paper": {"url": "example.org"}}, "paper-url", "whole address"),
        ({"paper": {"status_url": "example.org"}}, "paper-status_url", "whole address"),
        ({"paper": {"read_from": None}}, "paper-read_from", "Choose what was read"),
        (
            {"funding": "A fund. The paper doesn’t say more."} | ABSTRACT_READ,
            "funding",
            "Nobody read the paper in full",
        ),
        (
            {"research_summary": "The paper does not mention age."} | ABSTRACT_READ,
            "research_summary",
            "Nobody read the paper in full",
        ),
        (
            {"registrations": [Registration(url="https://example.org")]},
            "registrations-0-number",
            "Enter the number",
        ),
        (
            {"registrations": [Registration(number="1", url="example.org")]},
            "registrations-0-url",
            "whole address",
        ),
        ({"since_then": [EVENT(on="2022-13")]}, "since_then-0-on", "four digits"),
        ({"since_then": [EVENT(text="")]}, "since_then-0-text", "Say what happened"),
        ({"since_then": [EVENT(url="")]}, "since_then-0-doi", "a DOI, a link or a source"),
        ({"since_then": [EVENT(doi="doi:10.1000/x")]}, "since_then-0-doi", "without anything around it"),
        ({"since_then": [EVENT(url="example.org")]}, "since_then-0-url", "whole address"),
        ({"study_kind": StudyKind.STUDY_PLAN}, "result", "A plan has no results"),
        ({"people": People(levels=["C9"])}, "people-levels", "Enter a level"),
        ({"people": People(levels=["T4", "C4"])}, "people-levels", "the ends of a span"),
        ({"people": People(levels=["C4", "cervical"])}, "people-levels", "Enter a level"),
        ({"people": People(ais=["F"])}, "people-ais", "A to E"),
        ({"people": People(years_since=Range(from_=2, to=1))}, "people-years_since_from", "from 0 to 120"),
        ({"people": People(ages=Ages(from_=-1))}, "people-ages_from", "from 0 to 120"),
        (
            {"people": People(ages=Ages(from_=18, to=65, typical=70))},
            "people-ages_from",
            "don’t get smaller",
        ),
        ({"people": People(sex=Sex(men=-1))}, "people-sex_men", "whole number"),
        ({"people": People(count=2**31)}, "people-count", "whole number"),
        ({"people": People(said_in={"level": "abstract"})}, "people-said_in", "levels, ais"),
        ({"paper": {"published_on": "22"}}, "paper-published_on", "four digits"),
        ({"paper": {"status": PaperStatus.RETRACTED}}, "paper-status_note", "banner text"),
        ({"paper": {"status": PaperStatus.CONCERN}}, "paper-status_note", "banner text"),
        ({"paper": {"title": "A bed [Retracted]"}}, "paper-status", "says “Retracted”"),
        ({"paper": {"journal": "medRxiv"}}, "paper-status", "says “Preprint”"),
        ({"paper": {"title": "Correction to: A bed"}}, "paper-title", "a notice about another paper"),
        ({"findings": [GOOD]}, "findings", "two to five"),
        ({"findings": [GOOD] * 6}, "findings", "two to five"),
        (with_finding(text=""), "findings-1-text", "Write finding 2"),
        (with_finding(place=""), "findings-1-place", "where in the paper finding 2"),
        (with_finding(counts="3 of 12"), "findings-1-counts", "counts of finding 2"),
        (with_finding(quote="Pain did differ.") | {"paper": ABSTRACT}, "findings-1-quote", "word for word"),
        ({"implications": [Implication(title="Ask first")]}, "implications-0-title", "implication 1"),
    ],
)
def test_an_error_names_its_field(changes: dict[str, Any], field: str, words: str) -> None:
    [error] = errors(content(**changes))
    assert error.field == field and words in error.message


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        (
            {"simple_explanation": "Multidisciplinary rehabilitation necessitates."},
            "simple_explanation",
            "grade",
        ),
        ({"research_summary": "Multidisciplinary rehabilitation necessitates."}, "research_summary", "grade"),
        ({"simple_explanation": "We sat. " * 61}, "simple_explanation", "has 122 words"),
        ({"plain_title": "We sat " * 8}, "plain_title", "15 words"),
        (with_finding(text="We sat. " * 16), "findings-1-text", "finding to 30 words"),
        (with_finding(text="It helped 20% more."), "findings-1-text", "next to the percentage"),
        ({"harms": "We sat " * 13 + "."}, "harms", "more than 25 words"),
        ({"harms": "Some had UTIs. A UTI is bad."}, "harms", "Write out UTI"),
        ({"harms": "A miracle pill."}, "harms", "“miracle” promises"),
        ({"harms": "It hurt 41 people.", "paper": ABSTRACT}, "harms", "didn’t find 41 in"),
        (
            {"subject": Subject.LAB, "main_message": "In a dish, it grew."},
            "plain_title",
            "wasn’t tested in people",
        ),
        (
            {"subject": Subject.ANIMALS, "plain_title": "A pill in rats"},
            "main_message",
            "wasn’t tested in people",
        ),
    ],
)
def test_a_warning_names_its_field(changes: dict[str, Any], field: str, words: str) -> None:
    text = content(**changes)
    assert list(errors(text)) == []
    assert (field, True) in [(warning.field, words in warning.message) for warning in warnings(text)]


def test_a_warning_keeps_its_key_when_rows_are_moved() -> None:
    findings = with_finding(text="We sat. " * 16 + "It helped 20% more.")["findings"]
    keys = [
        {warning.key for warning in warnings(content(findings=rows))} for rows in (findings, findings[::-1])
    ]
    assert keys[0] == keys[1] and len(keys[0]) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"implications": [Implication(title="Ask", text="Multidisciplinary rehabilitation necessitates.")]},
        with_finding(text="It helped 3 of 12 (25%).") | COUNTED,
        with_finding(text="It helped 25% (n = 12).") | COUNTED,
        with_finding(counts="New bed: 3 of 40; usual bed: 9 of 41"),
        {"harms": "They asked for a “miracle”."},
        {"harms": "A urinary tract infection (UTI) is bad. UTIs hurt."},
        {"harms": "Urinary tract infections (UTIs) are bad. A UTI hurts."},
        {"harms": "The injury was at C5. An MRI showed it."},
        {"paper": {"status": PaperStatus.RETRACTED, "status_note": "Gone.", "status_on": date(2026, 1, 2)}},
    ],
)
def test_what_is_fine_passes(changes: dict[str, Any]) -> None:
    text = content(**changes)
    assert list(errors(text)) == list(warnings(text)) == []


def test_a_quote_and_a_number_may_be_set_in_other_marks() -> None:
    changes = with_finding(
        quote='"Pain"  did not\ndiffer.', text="Of 1040 people and 2,030 mice, most slept."
    )
    text = content(**changes, paper=ABSTRACT)
    assert list(errors(text)) == []
    assert not [row for row in warnings(text) if row.field == "findings-1-text"]


def test_a_short_form_is_pointed_out_once() -> None:
    found = warnings(content(harms="A UTI is bad.", research_summary="A UTI hurts."))
    assert [warning.field for warning in found] == ["harms"]
