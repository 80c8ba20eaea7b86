"""The number check: what it finds in a paper as people say it, and what it does not find."""

import pytest

from tests.factories import content
from webapp.content.article_content import PaperContent
from webapp.content.number_check import Trace, numbers, traced_in
from webapp.content.source_text import source_text
from webapp.models import PaperPart, PaperSection
from webapp.models.values import LaterEvent

ABSTRACT = (
    "Forty-eight adults (37 men and 11 women) had 9 h/wk of training for 24 weeks [7]. Distance rose by 35.97±48.2 m, "
    "and speed by 0.096 m/s. Weight fell by 4.5 kg, to 37 °C. Infusions took 101.07 hours. Pain fell in 8 of 24 people "
    "and by 71.43%. Of 1,051 asked, 3,5% answered within 18 months or 72 hours."
)
TABLES = (
    PaperSection(PaperPart.FULL_TEXT, "The shunt was 2·4 cm long.", "Results"),
    PaperSection(
        PaperPart.TABLE,
        "Outcome | Training | Waiting\n\nReach (m) | 61 | 12.2\n\nLeft, n (%) | 13 (65) | 5 (20)",
        "Table 2",
    ),
)


def traced(text: str, *sections: PaperSection) -> dict[str, Trace]:
    """How each number of a text was found."""
    source = source_text(PaperContent(title="A trial", abstract=ABSTRACT), sections)
    return {number: trace for number, (trace, _, _) in traced_in(text, source).items()}


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("In 48 adults it helped.", Trace.FOUND),
        ("Thirty-seven men came.", Trace.FOUND),
        ("They trained for 24 weeks.", Trace.FOUND),
        ("They asked 1051 people.", Trace.FOUND),
        ("3.5% answered.", Trace.FOUND),
        ("They walked about 36 meters farther.", Trace.ROUNDED),
        ("They asked about 1,000 people.", Trace.ROUNDED),
        ("They asked more than 1,000 people.", Trace.ROUNDED),
        ("About 70% had pain.", Trace.ROUNDED),
        ("They walked 118 feet farther.", Trace.CONVERTED),
        ("They walked about 120 feet farther.", Trace.CONVERTED),
        ("It was 19 feet per minute.", Trace.CONVERTED),
        ("They lost about 10 pounds.", Trace.CONVERTED),
        ("It was 98.6 °F.", Trace.CONVERTED),
        ("It took about four days.", Trace.CONVERTED),
        ("They answered within three days.", Trace.CONVERTED),
        ("They answered within 1.5 years.", Trace.CONVERTED),
        ("They trained for about 6 months.", Trace.CONVERTED),
        ("In 33% pain fell.", Trace.SHARE),
        ("Pain fell in 7 in 10 people.", Trace.SHARE),
        ("Of these 50 people, most slept.", Trace.MISSING),
        ("They walked 115 feet farther.", Trace.MISSING),
        ("They walked 118 meters farther.", Trace.MISSING),
        ("They trained for 24 months.", Trace.MISSING),
        ("They asked 1,000 people.", Trace.MISSING),
        ("They asked more than 2,000 people.", Trace.MISSING),
        ("Less than 900 people were asked.", Trace.MISSING),
        ("Pain fell in 6 in 10 people.", Trace.MISSING),
        ("In 45% pain fell.", Trace.MISSING),
        ("Seven people fell.", Trace.MISSING),  # a citation is no number of the study
    ],
)
def test_a_number_is_found_as_people_say_it(text: str, trace: Trace) -> None:
    assert trace in traced(text).values()
    assert Trace.MISSING not in traced(text).values() or trace is Trace.MISSING


def test_a_share_of_those_who_took_part_is_counted() -> None:
    source = source_text(PaperContent(abstract="We treated 14 people. In 71.43% the heart failed."))
    assert traced_in("Ten people had heart failure.", source)["Ten"][0] is Trace.SHARE
    assert traced_in("Eleven people had heart failure.", source)["Eleven"][0] is Trace.MISSING


def test_groups_are_added_up() -> None:
    assert traced("They asked 48 people, 46 by mail.", PaperSection(PaperPart.FULL_TEXT, "We met 20 men, 17 women and 9 boys.")) == {
        "48": Trace.FOUND,
        "46": Trace.SUMMED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("It was 2.4 centimeters long.", Trace.FOUND),
        ("Thirteen people left.", Trace.FOUND),
        ("They reached 200 feet.", Trace.CONVERTED),
        ("They reached 12 meters.", Trace.ROUNDED),
        ("Fourteen people left.", Trace.MISSING),
    ],
)
def test_full_text_and_tables_are_read(text: str, trace: Trace) -> None:
    assert list(traced(text, *TABLES).values()) == [trace]
    assert list(traced(text).values()) == [Trace.MISSING]


def test_numbers_of_any_length_are_read() -> None:
    text = f"It was {'9' * 400}, 0.{'0' * 400}1, 1e400 and {'one hundred thousand ' * 40}in 71%."
    assert "71%" in traced(text, PaperSection(PaperPart.FULL_TEXT, text))


@pytest.mark.parametrize(
    "text", ["One day it may work.", "Two groups slept.", "It was in C5 and T12.", "In 2021 it began."]
)
def test_what_is_no_number_of_the_study_is_left_alone(text: str) -> None:
    found = numbers(
        content(harms=text, paper={"abstract": "Nothing.", "published_on": "2021-03"}),
        source_text(PaperContent()),
    )
    assert [row.number for row in found if row.field == "harms"] == []


def test_a_later_event_has_a_source_of_its_own() -> None:
    event = LaterEvent(on="2024", text="A trial with 75 people began.", doi="10.1000/x")
    text = content(harms="A trial with 75 people began in 2024.", since_then=[event])
    assert [row for row in numbers(text, source_text(text.paper)) if row.field == "harms"] == []


def test_a_number_comes_with_the_sentence_that_speaks_of_the_same() -> None:
    abstract = "Sleep lasted 9 hours. Those who trained for 9 hours walked farther. It took 9 hours."
    source = source_text(PaperContent(abstract=abstract))
    [(_, quote, _)] = traced_in("People trained 9 hours and walked farther.", source).values()
    assert quote == "Those who trained for 9 hours walked farther."


def test_how_a_number_was_worked_out_is_said() -> None:
    source = source_text(PaperContent(abstract=ABSTRACT))
    found = traced_in("They walked 118 feet, and in 33% pain fell.", source)
    assert [how for _, _, how in found.values()] == ["35.97 m is 118 feet", "8 of 24 is 33.3%"]
