"""Facts are found in a paper's text, each with the exact sentence that it stands in, at most three a field."""

import re
import tomllib
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.content.quantities import number
from webapp.models import PaperPart, PaperSection
from webapp.models.people import Ages, Either, Range, Sex
from webapp.models.values import StudyKind, Subject
from webapp.papers import file_formats
from webapp.papers.facts.paper_text import LONGEST_SENTENCE, PaperText
from webapp.papers.facts.people_values import people_values
from webapp.papers.facts.suggesting import suggestions
from webapp.papers.facts.suggestion import MOST_SUGGESTIONS, NUMBER, TIME, Field, Value

BENCHMARK = Path(__file__).parents[2] / "bench" / "facts.py"
RULES = Path(__file__).parents[2] / "webapp" / "papers" / "facts" / "rules"
PIECES = (
    "Twelve participants with C5 tetraplegia (n = 12) were randomized",
    "two of 12 and 3/11 had an adverse event",
    "within 8 hours of injury",
    "for 10 weeks, at 1, 3 and 6 months",
    "AIS A or B",
    "NCT 01234567",
    "mean age 45 ± 12 years",
    "Éa ж 針 (((",
    ". ",
    "\n\n",
    " ",
    "e.g. Fig. 2",
    "in TÜRKİYE for 10 ſessions",  # İ and ſ match i and s
)


def examples() -> list[Any]:
    """The examples beside the rules, as (field, text, value)."""
    return [
        pytest.param(file.stem, example["text"], example["value"], id=f"{file.stem}: {example['text']}")
        for file in sorted(RULES.glob("*.toml"))
        for example in tomllib.loads(file.read_text(encoding="utf-8"))["examples"]
    ]


def abstract(text: str, title: str = "") -> PaperText:
    return PaperText(PaperSection(PaperPart.TITLE, title), PaperSection(PaperPart.ABSTRACT, text))


def values(paper: PaperText, field: Field) -> list[Value]:
    return [suggestion.value for suggestion in suggestions(paper)[field]]


@pytest.mark.parametrize(("field", "text", "value"), examples())
def test_every_example_beside_the_rules_is_the_first_suggestion(field: str, text: str, value: str) -> None:
    assert values(abstract(text), Field(field))[:1] == ([value] if value else [])


def test_every_file_of_rules_is_of_a_field_and_has_an_example_with_a_value() -> None:
    for file in RULES.glob("*.toml"):
        assert any(case.values[2] for case in examples() if case.values[0] == Field(file.stem)), file


def test_headings_and_tables_are_not_quoted_as_sentences() -> None:
    paper = PaperText(
        PaperSection(
            PaperPart.FULL_TEXT, "Massage, sham and usual care\n\nUsual care was compared with a placebo."
        ),
        PaperSection(
            PaperPart.TABLE, "Table 1 The placebo group and the control group\n\nSham | Usual care."
        ),
    )
    assert values(paper, Field.COMPARISON) == ["Usual care was compared with a placebo."]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Field.SAMPLE_SIZE, "48 (26 and 22)", {"count": 48}),
        (Field.SAMPLE_SIZE, "Forty-eight adults", {"count": 48}),
        (Field.SAMPLE_SIZE, "about 48", {}),
        (Field.SAMPLE_SIZE, "18 studies", {}),
        (Field.SEX, "37 men and 11 women", {"sex": Sex(men=37, women=11)}),
        (Field.SEX, "two female", {"sex": Sex(women=2)}),
        (Field.SEX, "80% male", {}),
        (Field.AGE, "Aged between 18 and 75 years", {"ages": Ages(from_=18, to=75)}),
        (Field.AGE, "mean age was 45.7 ± 6.5 years", {"ages": Ages(typical=45.7)}),
        (Field.AGE, "ages 48 and 52", {}),  # of two people
        (Field.INJURY_LEVEL, "C5-7", {"levels": ["C5", "C7"]}),
        (Field.INJURY_LEVEL, "cervical and thoracic", {"levels": ["cervical", "thoracic"]}),
        (Field.INJURY_LEVEL, "T2-T1", {}),
        (Field.INJURY_LEVEL, "C9", {}),
        (Field.INJURY_LEVEL, "C6 and T12", {}),  # no span
        (Field.INJURY_COMPLETENESS, "AIS A–C", {"ais": ["A", "B", "C"]}),
        (Field.INJURY_COMPLETENESS, "ASIA Impairment Scale grade C or D", {"ais": ["C", "D"]}),
        (Field.INJURY_COMPLETENESS, "complete and incomplete", {"complete": Either.BOTH}),
        (Field.INJURY_COMPLETENESS, "motor complete", {}),  # may be AIS A or B
        (Field.TIME_SINCE_INJURY, "4-24 months post-injury", {"years_since": Range(from_=0.33, to=2)}),
        (Field.TIME_SINCE_INJURY, "at least 2 years after injury", {"years_since": Range(from_=2)}),
        (Field.TIME_SINCE_INJURY, "injured at least 18 months", {"years_since": Range(from_=1.5)}),
        (Field.TIME_SINCE_INJURY, "2 years post-injury", {}),  # of all, or when it ended?
        (Field.WALKING, "non-ambulatory", {"walks": Either.NO}),
        (Field.WALKING, "manual wheelchair users", {}),  # some of them walk, too
        (Field.COUNTRY, "Chad", {}),
    ],
)
def test_only_an_exact_fact_is_a_value(field: Field, text: str, expected: dict[str, Any]) -> None:
    assert people_values(field, text) == expected


def test_the_sentence_of_a_value_is_its_quote() -> None:
    paper = abstract("We asked people. Nine adults (n = 9) with paraplegia took part. They were happy.")
    found = suggestions(paper)[Field.SAMPLE_SIZE][0]
    assert found.quote == "Nine adults (n = 9) with paraplegia took part."
    assert (found.source, found.section, found.start) == (PaperPart.ABSTRACT, 1, 17)


def test_an_abbreviation_and_a_decimal_point_end_no_sentence() -> None:
    paper = abstract("The scores were 5.4 vs. 6.1, i.e. Not better, in Fig. 2. Nobody fell.")
    assert [sentence.text for sentence in paper.sentences][1:] == ["Nobody fell."]


def test_a_text_without_full_stops_is_cut_between_words() -> None:
    paper = abstract("word " * 1000)
    assert max(len(sentence.text) for sentence in paper.sentences) <= LONGEST_SENTENCE
    assert all(set(sentence.text.split()) == {"word"} for sentence in paper.sentences)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,051", 1051),
        ("1 051", 1051),
        ("forty-eight", 48),
        ("One hundred eighty-eight", 188),
        ("two hundred and six", 206),
        ("three thousand and twelve", 3012),
        ("dozens", None),
        ("٣", None),
    ],
)
def test_a_number_is_read_in_digits_and_words(text: str, value: int | None) -> None:
    assert number(text) == value


def test_a_decimal_or_percentage_is_no_number_of_people() -> None:
    assert not re.findall(NUMBER, "3.5 and 40%", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a 12-week program", ["12-week"]),
        ("1 month, 6 months, and one year", ["1 month, 6 months, and one year"]),
        ("at 2, 6 and 12 mo", ["2, 6 and 12 mo"]),
        ("4 to 60 days", ["4 to 60 days"]),
        ("9h/wk", []),
        ("10 ſessions", ["10 ſessions"]),
    ],
)
def test_a_time_is_found_with_its_whole_list_or_range(text: str, found: list[str]) -> None:
    assert [match[0] for match in re.finditer(TIME, text, re.IGNORECASE)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a 12-week program", {("12", "week")}),
        ("1 month, 6 months, and one year", {("1", "month"), ("6", "month"), ("1", "year")}),
        ("at 2, 6 and 12 mo", {("2", "month"), ("6", "month"), ("12", "month")}),
        ("4 to 60 days", {("4", "day"), ("60", "day")}),
        ("9h/wk", set()),
        ("10 ſessions", {("10", "session")}),
    ],
)
def test_the_benchmark_gives_each_time_of_a_list_or_range_the_unit_after_it(
    text: str, found: set[tuple[str, str]]
) -> None:
    assert run_path(str(BENCHMARK))["times"](text) == found


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Trial registration: NCT 01234567 and ISRCTN12345678.", ["NCT01234567", "ISRCTN12345678"]),
        ("Registered as ACTRN12610000123456.", ["ACTRN12610000123456"]),
        ("ChiCTR2100012345, jRCTs012345678", ["ChiCTR2100012345", "jRCTs012345678"]),
        ("UMIN000012345; EudraCT number 2010-012345-12", ["UMIN000012345", "EudraCT 2010-012345-12"]),
        ("DRKS00012345, CTRI/2019/01/012345", ["DRKS00012345", "CTRI/2019/01/012345"]),
        ("KCT0001234 and TCTR20190123456", ["KCT0001234", "TCTR20190123456"]),
        ("PACTR201901234567890; IRCT20190123012345N1", ["PACTR201901234567890", "IRCT20190123012345N1"]),
        ("EU trial number 2022-501234-12-00", ["EUCT 2022-501234-12-00"]),
        ("Call 01234567.", []),
    ],
)
def test_the_numbers_of_all_registers_are_found(text: str, numbers: list[str]) -> None:
    assert values(abstract(text), Field.TRIAL_NUMBER) == numbers


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Massage", "Participants were randomly assigned to massage or rest.", StudyKind.RANDOMIZED_TRIAL),
        ("Massage: study protocol", "We will randomize 40 adults.", StudyKind.STUDY_PLAN),
        ("Massage: a systematic review", "We searched PubMed.", StudyKind.REVIEWS),
        ("Massage for spasticity", "We conducted semi-structured interviews.", StudyKind.INTERVIEWS),
        ("Massage in rats", "Rats with a contusion were massaged.", StudyKind.LAB_OR_ANIMALS),
        ("A case report", "A 41-year-old man was massaged.", StudyKind.SMALL_EARLY),
        ("Massage", "This article reviews what is known.", StudyKind.EXPERT_OVERVIEW),
        ("Clinical practice guidelines for massage", "A panel met.", StudyKind.GUIDELINE),
        ("Massage", "Further randomized trials are needed in patients.", StudyKind.OTHER_PEOPLE),
        ("Massage", "This argues for the case of habit in volunteers.", StudyKind.OTHER_PEOPLE),
        (
            "Massage",
            "A cohort of volunteers joined a single-blind, randomized comparison.",
            StudyKind.RANDOMIZED_TRIAL,
        ),
        ("Massage", "In a Phase I clinical trial, participants were massaged.", StudyKind.SMALL_EARLY),
        ("Massage", "In Phase I of the study, participants were massaged.", StudyKind.OTHER_PEOPLE),
        ("Massage", "Participants were assessed pre- and post-training.", StudyKind.SMALL_EARLY),
        ("Massage", "An open-label test with a cohort of participants.", StudyKind.SMALL_EARLY),
        ("Massage", "Volunteers with uncontrolled spasms were massaged.", StudyKind.OTHER_PEOPLE),
        ("Massage", "The current review examines massage.", StudyKind.EXPERT_OVERVIEW),
        ("Massage", "Recommendations were developed by consensus for participants.", StudyKind.GUIDELINE),
    ],
)
def test_the_kind_of_study_is_read_from_its_method(title: str, text: str, kind: StudyKind) -> None:
    assert values(abstract(text, title), Field.STUDY_KIND)[0] is kind


def test_animals_are_told_from_people_who_are_studied_after_animals() -> None:
    rats = abstract("Forty rats had a contusion.", "Running wheels")
    people = abstract("Experiments in animals were promising. Ten patients were treated.", "Cells")
    assert values(rats, Field.SUBJECT)[0] is Subject.ANIMALS
    assert values(rats, Field.SPECIES) == ["rats"]
    assert values(people, Field.SUBJECT)[0] is Subject.PEOPLE
    assert values(people, Field.SPECIES) == []


def test_a_review_has_no_level_of_injury_of_its_own() -> None:
    text = "Adults with cervical spinal cord injury took part."
    assert values(abstract(text), Field.INJURY_LEVEL) == ["cervical"]
    assert values(abstract(text, "A systematic review"), Field.INJURY_LEVEL) == []


def test_a_guideline_says_how_long_after_the_injury_it_applies() -> None:
    paper = abstract("Start care immediately after SCI.", "Guidelines for bladder care")
    assert values(paper, Field.TIME_SINCE_INJURY) == ["immediately after SCI"]


def test_counts_of_groups_are_written_the_same_way() -> None:
    paper = abstract("Wounds closed in five of 12 and in 3/11 people. The ratio was 9/4.")
    assert values(paper, Field.COUNTS) == ["5 of 12; 3 of 11"]


@pytest.mark.parametrize(
    ("text", "license_name"),
    [
        ("It is shared under CC BY-NC 4.0.", "CC BY-NC"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "CC BY-ND 4.0"),
        ("Under a Creative Commons Attribution NonCommercial license.", "CC BY-NC"),
    ],
)
def test_a_license_is_read_from_its_abbreviation_address_or_name(text: str, license_name: str) -> None:
    assert values(abstract(text), Field.LICENSE)[:1] == [license_name]


def test_without_a_statement_of_the_journal_who_paid_is_a_sentence_of_the_text() -> None:
    paper = abstract("Nobody fell. The work was supported by a foundation.")
    assert values(paper, Field.FUNDING) == ["The work was supported by a foundation."]


def test_a_country_is_named_but_not_a_turkey() -> None:
    paper = abstract("Setting: two centers in the UK. They told us of turkey dinners.")
    assert values(paper, Field.COUNTRY) == ["United Kingdom"]


def test_a_country_in_capitals_of_its_own_language_is_found() -> None:
    assert values(abstract("Setting: two centers in TÜRKİYE."), Field.COUNTRY) == ["Turkey"]


ARTICLE = """<article article-type="study-protocol" xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<title-group><article-title>Massage of the hand</article-title></title-group>
<aff>A clinic, <country>Norway</country></aff>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Open access.</license-p></license>
</permissions><abstract><p>He was massaged.</p></abstract>
<funding-group><funding-statement>A foundation paid.</funding-statement></funding-group></article-meta></front>
<body><sec><title>Methods</title><p>There were 14 participants enrolled.</p>
<table-wrap><table><tr><td>Closed</td><td>5 of 12</td></tr><tr><td>Open</td><td>7 of 12</td></tr></table></table-wrap></sec></body>
<back><fn-group><fn fn-type="COI-statement"><p>None declared.</p></fn></fn-group></back></article>"""


@pytest.fixture(scope="module")
def article() -> PaperText:
    record = file_formats.read(ARTICLE)[0]
    abstract = PaperSection(PaperPart.ABSTRACT, record.content.paper.abstract)
    return PaperText(PaperSection(PaperPart.TITLE, record.title), abstract, *record.sections)


def test_jats_answers_with_its_own_elements_first(article: PaperText) -> None:
    found = suggestions(article)
    assert found[Field.STUDY_KIND][0].value is StudyKind.STUDY_PLAN
    assert found[Field.FUNDING][0].quote == "A foundation paid."
    assert found[Field.CONFLICTS_OF_INTEREST][0].value == "None declared."
    assert found[Field.LICENSE][0].value == "CC BY 4.0"
    assert found[Field.IS_FREE_TO_READ][0].value is True
    assert found[Field.COUNTRY][0].value == "Norway"


def test_jats_keeps_tables_apart_from_the_text(article: PaperText) -> None:
    found = suggestions(article)
    assert [(one.source, one.quote) for one in found[Field.COUNTS]] == [
        (PaperPart.TABLE, "Closed | 5 of 12"),
        (PaperPart.TABLE, "Open | 7 of 12"),
    ]
    assert found[Field.SAMPLE_SIZE][0].source is PaperPart.FULL_TEXT


@settings(max_examples=25)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=30).map("".join))
def test_of_any_text_spans_are_exact_and_at_most_three_a_field(text: str) -> None:
    paper = PaperText(
        *(PaperSection(source, text) for source in PaperPart),
        PaperSection(PaperPart.STATEMENT, text, "license"),
    )
    for field, found in suggestions(paper).items():
        assert len(found) <= MOST_SUGGESTIONS
        assert len({str(one.value).casefold() for one in found}) == len(found)
        for one in found:
            assert one.field is field
            assert paper.sections[one.section].source is one.source
            assert paper.sections[one.section].text[one.start : one.end] == one.quote != ""


@pytest.mark.parametrize("piece", ["1 ", "a", "one hundred and ", "n = 5 (", "12 to ", "C5-", "針", "(", " "])
def test_a_huge_text_gives_no_error(piece: str) -> None:
    paper = abstract(piece * (4_000 // len(piece)))
    assert all(len(one.quote) <= LONGEST_SENTENCE for found in suggestions(paper).values() for one in found)
