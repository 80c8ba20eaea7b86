"""Were people like the reader in a study? The table was written by hand from what the papers say."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.content.article_content import ArticleContent
from webapp.content.people_like_me import LONGEST, OLDEST, Comparison, Fit, Profile, ProfileQuestion, compare
from webapp.models import Article
from webapp.models.people import AIS_GRADES, LEVELS, REGIONS, Ages, Either, People, Range
from webapp.models.values import AboutSci, StudyKind, Subject

TABLE = Path(__file__).with_name("people_like_me.tsv")
COLUMNS = dict(zip(ProfileQuestion, ("level", "complete", "time", "age", "walks"), strict=True))


def profile(code: str) -> Profile:
    found = Profile.from_code(code)
    assert found is not None
    return found


def study(people: People) -> Article:
    return Article(
        subject=Subject.PEOPLE, about_sci=AboutSci.YES, study_kind=StudyKind.OTHER_PEOPLE, people=people
    )


def fit(code: str, people: People) -> Fit:
    """The fit of a profile that answers one question."""
    (found,) = compare(profile(code), study(people)).fits.values()
    return found


def as_row(comparison: Comparison) -> dict[str, str]:
    fits = comparison.fits
    words = {
        column: fits[question].label.lower() if question in fits else "skipped"
        for question, column in COLUMNS.items()
    }
    return words | {"sentence": comparison.sentence}


def test_every_cell_of_the_table_is_right(library: list[ArticleContent]) -> None:
    names = ("subject", "species", "about_sci", "study_kind", "people")
    articles = {text.slug: Article(**{name: getattr(text, name) for name in names}) for text in library}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    cells = {(row.pop("paper"), row.pop("profile")): row for row in rows}
    papers, profiles = {paper for paper, _ in cells}, {code for _, code in cells}
    assert (len(papers), len(profiles), len(cells)) == (20, 12, 240)
    found = {(paper, code): as_row(compare(profile(code), articles[paper])) for paper, code in cells}
    assert found == cells


profiles = st.builds(
    Profile,
    level=st.none() | st.sampled_from([*LEVELS, *REGIONS]),
    is_complete=st.none() | st.booleans(),
    months=st.none() | st.integers(1, LONGEST) | st.integers(1, LONGEST).map(lambda years: 12 * years),
    age=st.none() | st.integers(0, OLDEST),
    walks=st.none() | st.booleans(),
)  # fmt: skip


@given(profiles)
def test_a_profile_is_read_back_from_its_code(given_profile: Profile) -> None:
    expected = None if given_profile == Profile() else given_profile
    assert Profile.from_code(given_profile.code) == expected


@pytest.mark.parametrize(
    "code",
    ["", "-", "c9", "C6", "c6-", "-c6", "c6--12y", "12y-c6", "c6-c6", "0y", "05y", "12m", "100y", "121a", "34",
     "c6 incomplete", "c6-incomplete-12y-34a-walks-x", "٣a", "c6\n", "walk", "c6-maybe"],
)  # fmt: skip
def test_nothing_but_a_code_is_read(code: str) -> None:
    assert Profile.from_code(code) is None


def test_a_region_that_is_covered_in_part_gets_neither_yes_nor_no() -> None:
    assert fit("cervical", People(levels=["C1", "T6"])) is Fit.INCLUDED
    assert fit("cervical", People(levels=["C5", "C8"])) is Fit.NOT_STATED
    assert fit("cervical", People(levels=["T1", "T6"])) is Fit.NOT_INCLUDED


def test_levels_on_both_sides_are_another_level() -> None:
    people = People(levels=["cervical", "lumbar"])
    assert fit("t4", people) is Fit.NOT_INCLUDED
    assert compare(profile("t4"), study(people)).sentence == "People in this study had another injury level."


@pytest.mark.parametrize("grade", AIS_GRADES)
def test_a_grade_is_complete_or_not_by_its_definition(grade: str) -> None:
    expected = {"A": (Fit.INCLUDED, Fit.NOT_INCLUDED), "E": (Fit.NOT_STATED, Fit.NOT_STATED)}
    people = People(ais=[grade])
    assert (fit("complete", people), fit("incomplete", people)) == expected.get(
        grade, (Fit.NOT_INCLUDED, Fit.INCLUDED)
    )


def test_years_are_compared_in_whole_months() -> None:
    people = People(years_since=Range(from_=0.17, to=0.42))
    assert [fit(code, people) for code in ("1m", "2m", "5m", "6m")] == [
        Fit.NOT_INCLUDED, Fit.INCLUDED, Fit.INCLUDED, Fit.NOT_INCLUDED,
    ]  # fmt: skip


def test_a_mean_age_is_no_range() -> None:
    assert fit("34a", People(ages=Ages(typical=34))) is Fit.NOT_STATED


def test_injury_and_walking_say_nothing_of_each_other() -> None:
    assert fit("nowalk", People(ais=["A"], complete=Either.YES)) is Fit.NOT_STATED
    assert fit("complete", People(walks=Either.NO)) is Fit.NOT_STATED


def test_one_answer_outside_decides_and_lists_begin_with_what_fits_best() -> None:
    people = People(levels=["C5", "C8"], ages=Ages(from_=18, to=65))
    best, good, unknown, outside = (
        compare(profile(code), study(people)) for code in ("c6-34a", "c6-1y", "1y", "c6-70a")
    )
    assert [one.overall for one in (best, good, unknown, outside)] == [
        Fit.INCLUDED, Fit.INCLUDED, Fit.NOT_STATED, Fit.NOT_INCLUDED,
    ]  # fmt: skip
    assert best.rank < good.rank < unknown.rank < outside.rank


def test_a_reader_sees_the_answers_again_in_words() -> None:
    assert (
        profile("c6-incomplete-12y-34a-walks").words
        == "C6, incomplete, injured 12 years ago, age 34, can walk"
    )
    assert profile("cervical-complete-1m-nowalk").words == "neck, complete, injured 1 month ago, can’t walk"
