"""No summary promises more than its study can show, and how sure one can be follows one rule."""

from itertools import product

import pytest

from webapp.content.how_sure import how_sure
from webapp.content.result_words import result_words, who_took_part
from webapp.models import Article, Paper
from webapp.models.people import People
from webapp.models.values import Certainty, LaterEvent, PaperStatus, Result, StudyKind, Subject

TRIAL, REVIEWS, OTHER = StudyKind.RANDOMIZED_TRIAL, StudyKind.REVIEWS, StudyKind.OTHER_PEOPLE
PLAN, OVERVIEW = StudyKind.STUDY_PLAN, StudyKind.EXPERT_OVERVIEW


def summary(
    subject: Subject = Subject.PEOPLE,
    kind: StudyKind = TRIAL,
    result: Result = Result.HELPED,
    *,
    size: str = "",
    species: str | None = None,
    people: People | None = None,
    status: PaperStatus = PaperStatus.PUBLISHED,
) -> Article:
    return Article(
        paper=Paper(status=status),
        subject=subject,
        study_kind=kind,
        result=result,
        sample_size=size,
        species=species,
        people=people or People(),
    )


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (summary(size="48 people"), "helped"),
        (summary(size="2 people"), "helped in 2 people – too few to know"),
        (summary(size="1 person"), "helped in 1 person – too few to know"),
        (summary(size="9 men with tetraplegia"), "helped in 9 people – too few to know"),
        (summary(size="6 in one group", people=People(count=16)), "helped"),
        (summary(people=People(count=3)), "helped in 3 people – too few to know"),
        (summary(size="5 fractures in 40 people"), "helped"),
        (summary(kind=OTHER, size="651 people"), "better – a link, not proof"),
        (summary(kind=OTHER, result=Result.HARMFUL), "worse – a link, not proof"),
        (summary(kind=OTHER, result=Result.NO_CLEAR_DIFFERENCE), "no clear difference"),
        (summary(kind=StudyKind.SMALL_EARLY, size="14 people"), "better – a link, not proof"),
        (summary(result=Result.MIXED, size="8 people"), "mixed results in 8 people – too few to know"),
        (summary(result=Result.NOT_TESTED, size="6 people"), "does not test a treatment"),
        (summary(kind=PLAN, result=Result.NOT_TESTED), "does not test a treatment"),
        (summary(kind=PLAN, size="9 people planned"), "better in the later results"),
        (summary(kind=PLAN, result=Result.NO_CLEAR_DIFFERENCE), "no clear difference in the later results"),
        (summary(Subject.ANIMALS, species="rats"), "better in rats"),
        (summary(Subject.ANIMALS, result=Result.HARMFUL), "worse in animals"),
        (summary(Subject.LAB, result=Result.NO_CLEAR_DIFFERENCE), "no clear difference in the lab"),
        (summary(Subject.MIXED, kind=REVIEWS), "better in people and animals together"),
    ],
)  # fmt: skip
def test_the_result_says_how_far_it_reaches(article: Article, words: str) -> None:
    assert result_words(article) == words


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (summary(size="48 people"), "48 people"),
        (summary(size="many people"), "People"),
        (summary(kind=PLAN, size="9 people planned"), "People"),
        (summary(Subject.ANIMALS, size="41 rats", species="rats"), "Animals (rats)"),
        (Article(people=People()), ""),
    ],
)
def test_people_are_counted_and_animals_are_named(article: Article, words: str) -> None:
    assert who_took_part(article) == words


def test_helped_never_stands_alone_for_few_people_animals_or_a_link() -> None:
    for subject, kind, size in product(Subject, StudyKind, ("9 people", "10 people", "")):
        words = result_words(summary(subject, kind, size=size))
        may_stand_alone = subject is Subject.PEOPLE and kind in (TRIAL, REVIEWS) and size != "9 people"
        assert (words == "helped") == may_stand_alone, (subject, kind, size)


@pytest.mark.parametrize(
    ("article", "certainty"),
    [
        (summary(kind=REVIEWS, size="734 people in 14 studies"), Certainty.FAIRLY_SURE),
        (summary(kind=REVIEWS, size="327 people"), Certainty.UNSURE),
        (summary(kind=REVIEWS), Certainty.UNSURE),
        (summary(kind=REVIEWS, result=Result.MIXED, size="1,863 people"), Certainty.UNSURE),
        (summary(size="400 people"), Certainty.FAIRLY_SURE),
        (summary(size="399 people"), Certainty.UNSURE),
        (summary(size="9 people"), Certainty.VERY_UNSURE),
        (summary(kind=OTHER, size="1,548 people"), Certainty.UNSURE),
        (summary(kind=OTHER, size="99 people"), Certainty.VERY_UNSURE),
        (summary(kind=StudyKind.SMALL_EARLY, size="500 people"), Certainty.VERY_UNSURE),
        (summary(kind=OVERVIEW), Certainty.VERY_UNSURE),
        (summary(kind=PLAN, result=Result.NOT_TESTED, size="351 people planned"), Certainty.NOBODY_KNOWS),
        (summary(kind=PLAN, result=Result.NO_CLEAR_DIFFERENCE, size="500 people planned"), Certainty.UNSURE),
        (summary(Subject.ANIMALS, kind=TRIAL, size="500 rats", species="rats"), Certainty.VERY_UNSURE),
        (summary(Subject.LAB, kind=REVIEWS), Certainty.VERY_UNSURE),
        (summary(size="500 people", status=PaperStatus.CONCERN), Certainty.UNSURE),
        (summary(size="500 people", status=PaperStatus.RETRACTED), Certainty.NOBODY_KNOWS),
    ],
)  # fmt: skip
def test_how_sure_one_can_be_follows_subject_kind_and_size(article: Article, certainty: Certainty) -> None:
    assert how_sure(article).certainty is certainty


def test_a_plan_leads_to_what_happened_after_it() -> None:
    plan = summary(kind=PLAN, result=Result.NOT_TESTED)
    assert how_sure(plan).reason == "This paper is a plan, so it has no results."
    plan.since_then = [LaterEvent(on="2020", text="The results were published.")]
    assert "“Since then” tells what happened after it." in how_sure(plan).reason
    plan.result = Result.HELPED
    assert how_sure(plan).reason == "This paper is a plan. “Since then” tells what its trial found."


def test_no_paper_alone_makes_anybody_very_sure() -> None:
    for subject, kind, result in product(Subject, StudyKind, Result):
        judged = how_sure(summary(subject, kind, result, size="100,000 people"))
        assert judged.certainty is not Certainty.VERY_SURE
        assert judged.reason.endswith(".")


def test_the_five_words_are_five_steps() -> None:
    assert [one.step for one in Certainty] == [1, 2, 3, 4, 5]
