"""What the card, the print and the shared picture show of a summary at a glance."""

import pytest

from webapp.content.at_a_glance import Crowd, Figure, glance
from webapp.content.spine import BARS, drawing, lit_bars
from webapp.models import Article, Paper
from webapp.models.people import LEVELS, Ages, People, Sex
from webapp.models.values import AboutSci, PaperStatus, ReadFrom, Result, StudyKind, Subject


def summary(
    *,
    people: People | None = None,
    subject: Subject = Subject.PEOPLE,
    about_sci: AboutSci = AboutSci.YES,
    status: PaperStatus = PaperStatus.PUBLISHED,
    **texts: str | None,
) -> Article:
    return Article(
        paper=Paper(status=status, read_from=ReadFrom.ABSTRACT),
        subject=subject,
        about_sci=about_sci,
        study_kind=StudyKind.RANDOMIZED_TRIAL,
        result=Result.HELPED,
        people=people or People(),
        **texts,
    )


@pytest.mark.parametrize(
    ("levels", "first", "last"),
    [(["C1"], 0, 0), (["C5", "C8"], 4, 6), (["C8", "T2"], 6, 8), (["T12", "L1"], 18, 19), (["S2", "S4"], 24, 24),
     (["C1", "S5"], 0, 24), (["cervical"], 0, 6), (["thoracic"], 7, 18), (["lumbar", "sacral"], 19, 24)],
)  # fmt: skip
def test_the_levels_of_an_injury_are_lit(levels: list[str], first: int, last: int) -> None:
    assert lit_bars(levels) == set(range(first, last + 1))


def test_every_level_has_its_bar_and_each_bar_is_drawn_once() -> None:
    assert {bar for level in LEVELS for bar in lit_bars([level])} == set(range(len(BARS)))
    for lit in (frozenset[int](), lit_bars(["T3"]), lit_bars(["C1", "S5"])):
        bars = drawing(lit)
        assert bars.lit_bodies.count("M") == bars.lit_processes.count("M") == len(lit)
        assert bars.bodies.count("M") == bars.processes.count("M") == len(BARS) - len(lit)


def test_a_level_that_is_not_stated_lights_nothing_and_the_words_say_so() -> None:
    seen = glance(summary())
    assert (seen.lit, seen.level, seen.level_more) == (
        frozenset(),
        "Which level?",
        "Not stated in what we read, so nothing is lit.",
    )


def test_a_level_in_words_alone_is_said_and_not_drawn() -> None:
    seen = glance(summary(injury_level="Paraplegia"))
    assert (seen.lit, seen.level) == (frozenset(), "Injury: Paraplegia")


def test_the_level_of_animals_is_lit_where_the_field_says_nothing_else() -> None:
    rats = {"subject": Subject.ANIMALS, "species": "rats"}
    assert glance(summary(injury_level="T3", **rats)).lit == lit_bars(["T3"])  # type: ignore[arg-type]
    assert glance(summary(injury_level="T3 or above", **rats)).lit == frozenset()  # type: ignore[arg-type]


def test_regions_have_plain_names_and_other_conditions_light_nothing() -> None:
    assert glance(summary(people=People(levels=["cervical", "lumbar"]))).level == "Injury: neck, low back"
    other = glance(summary(people=People(levels=["C5"]), about_sci=AboutSci.NO))
    assert (other.lit, other.level) == (frozenset(), "Not about spinal cord injury")


@pytest.mark.parametrize(
    ("count", "crowd"),
    [
        (2, Crowd(Figure.PERSON, 2, 1)),
        (60, Crowd(Figure.PERSON, 60, 1)),
        (61, Crowd(Figure.PERSON, 6, 10)),
        (1863, Crowd(Figure.PERSON, 19, 100)),
        (0, None),
    ],
)
def test_people_are_drawn_one_by_one_or_by_tens(count: int, crowd: Crowd | None) -> None:
    assert glance(summary(people=People(count=count))).crowd == crowd


def test_who_took_part_is_said_in_words_too() -> None:
    seen = glance(summary(people=People(count=18, sex=Sex(men=16, women=2))))
    assert (seen.who, seen.who_more) == ("18 people", "16 men and 2 women")
    assert glance(summary(participants="Veterans")).who_more == "Veterans"


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (People(count=1, sex=Sex(men=1, women=0), ages=Ages(from_=60, to=60)), "1 man, age 60"),
        (People(count=14, ages=Ages(typical=45.8)), "age 45.8 on average"),
        (People(count=14, ages=Ages(from_=18, to=65, typical=40)), "ages 18 to 65, 40 on average"),
    ],
)
def test_sex_and_ages_are_said_as_people_say_them(people: People, words: str) -> None:
    assert glance(summary(people=people)).who_more == words


def test_harms_are_cut_at_a_sentence_and_only_if_they_are_long() -> None:
    assert glance(summary(harms="Two had a cough.")).harms == "Two had a cough."
    seen = glance(summary(harms="Two had a cough. " + "One fell and broke an arm. " * 8))
    assert seen.harms.endswith("arm.") and seen.harms_go_on
    assert not glance(summary(harms="No. " * 20)).harms_go_on


def test_a_retracted_paper_has_no_result() -> None:
    seen = glance(summary(status=PaperStatus.RETRACTED))
    assert (seen.result, seen.result_of) == ("Cannot be relied on", None)
