"""The plain-language check: as a button without JavaScript, and as the fragment that htmx fetches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import complete, fields_of, opened, press
from tests.factories import content
from tests.pages import PageClient
from webapp.content.article_content import ArticleContent
from webapp.content.number_check import Trace
from webapp.content.plain_language import HARD_WORDS, Swap, plain_check, swap
from webapp.models.values import Finding

NEW = "/editor/summaries/new"
HARD = "Subsequently, the intervention demonstrated efficacy in the SCI cohort."


@pytest.fixture
def signed_in(client: PageClient) -> PageClient:
    add_editor()
    sign_in(client)
    return client


def test_the_button_checks_what_is_typed_and_keeps_it(signed_in: PageClient) -> None:
    sent = opened(signed_in, NEW, simple_explanation=HARD)
    page = press(signed_in, NEW, sent, "check", status=200).text
    assert "Swap “intervention” for “treatment”" in page
    assert "Write out SCI the first time it is used." in page
    assert fields_of(page)["simple_explanation"] == HARD


def test_htmx_gets_the_panel_alone(signed_in: PageClient) -> None:
    sent = opened(signed_in, NEW, simple_explanation=HARD)
    fragment = signed_in.post_fragment(f"{NEW}/check", sent)
    assert fragment.strip().startswith('<section class="panel" id="plain-check"')
    assert fragment.strip() in signed_in.post(f"{NEW}/check", sent, status=200).text


def test_a_word_is_swapped_without_javascript(signed_in: PageClient) -> None:
    sent = opened(signed_in, NEW, simple_explanation=HARD)
    page = press(signed_in, NEW, sent, "swap", "simple_explanation|Subsequently", status=200).text
    assert fields_of(page)["simple_explanation"] == HARD.replace("Subsequently", "Later")


def test_a_swap_in_a_field_that_is_gone_changes_nothing(signed_in: PageClient) -> None:
    sent = opened(signed_in, NEW, **complete())
    page = press(signed_in, NEW, sent, "swap", "findings-9-text|efficacy", status=200).text
    assert fields_of(page)["findings-1-text"] == complete()["findings-1-text"]


def test_each_part_has_its_grade_and_limit() -> None:
    checked = plain_check(
        content(
            simple_explanation="The cat sat.",
            research_summary="Multidisciplinary rehabilitation necessitates.",
        )
    )
    by_field = {grade.field: grade for grade in checked.grades}
    easy, hard = by_field["simple_explanation"], by_field["research_summary"]
    assert easy.grade <= easy.limit == 8 and hard.grade > hard.limit == 10
    assert checked.grade == by_field["simple_explanation"].grade


def test_an_empty_text_has_no_grade() -> None:
    checked = plain_check(
        content(simple_explanation="", findings=[], research_summary="", implications=[], limitations=[])
    )
    assert checked.grades == () and checked.word_count == 0


def test_what_to_do_names_the_field() -> None:
    long = " ".join(["word"] * 26) + "."
    todo = plain_check(content(simple_explanation=long, harms="A miracle was seen.")).todo
    assert [[place.field for place in note.places] for note in todo] == [["simple_explanation"], ["harms"]]
    assert "more than 25 words" in todo[0].message and "miracle" in todo[1].message


def test_numbers_and_quotes_are_traced_to_the_abstract() -> None:
    findings = [
        Finding(text="It took 7 days.", place="Abstract", quote="Pain did differ."),
        Finding(text="A.", place="Abstract"),
    ]
    paper = {"abstract": "We treated 40 people. Pain did not differ."}
    checked = plain_check(
        content(plain_title="A pill", findings=findings, limitations=["It was small."], paper=paper)
    )
    assert [[place.field for place in note.places] for note in checked.todo] == [["findings-0-quote"]]
    assert [(row.field, row.number) for row in checked.numbers] == [("findings-0-text", "7 days")]
    assert checked.places == "abstract"


def test_without_an_abstract_nothing_is_said_about_numbers() -> None:
    assert plain_check(content(limitations=["It took 6 weeks."])).places == ""


def test_a_clean_text_is_praised() -> None:
    checked = plain_check(content())
    assert checked.todo == ()
    assert "No sentence is too long" in [note.message for note in checked.done]


def test_an_empty_text_gets_no_praise() -> None:
    assert plain_check(ArticleContent()).done == ()


@pytest.mark.parametrize(
    ("changes", "praise"),
    [
        ({"harms": "None."}, "Every short form is spelled out"),
        ({"harms": "None."}, "Every quote is in the stored text of the paper, word for word"),
        ({}, "No hard words found"),
    ],
)
def test_a_rule_with_nothing_to_look_at_is_not_praised(changes: dict[str, Any], praise: str) -> None:
    assert praise not in [note.message for note in plain_check(ArticleContent(**changes)).done]


def test_a_number_is_one_line_in_each_sentence() -> None:
    text = content(simple_explanation="It was 7. Then 7.", harms="Of 7.", paper={"abstract": "In 40 people."})
    missing = [row.sentence for row in plain_check(text).numbers if row.trace is Trace.MISSING]
    assert missing == ["It was 7.", "Then 7.", "Of 7."]


def test_hard_words_are_found_once_per_field_with_plain_ones() -> None:
    checked = plain_check(content(harms="Efficacy, efficacy and edema."))
    edema = Swap("harms", "edema", "swelling", 23, "edema", "swelling")
    assert checked.swaps == (Swap("harms", "Efficacy", "effect"), edema)


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("Numerous people. Numerous more.", "Numerous", "Many people. Numerous more."),
        ("They utilized it.", "utilized", "They used it."),
        ("It was initiated early.", "initiated", "It was started early."),
        ("An intervention helped.", "intervention", "A treatment helped."),
        ("It was a prognosis.", "prognosis", "It was an outlook."),
        ("The cohort study of the cohort was new.", "cohort", "The cohort study of the group was new."),
        ("We want to assess pain.", "assess", "We want to check pain."),
    ],
)
def test_a_swap_fits_the_first_place_it_can(before: str, word: str, after: str) -> None:
    assert swap(before, word) == after


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("We conducted a trial.", "conducted"),  # not: We done a trial
        ("It was demonstrated.", "demonstrated"),  # not: It was showed
        ("They had participated.", "participated"),
        ("She had cervical cancer.", "cervical"),
        ("The cervical spine healed.", "cervical"),
        ("A smoking cessation program.", "cessation"),
        ("This is a cohort study.", "cohort"),
        ("The SCI cohort was small.", "cohort"),
        ("She had pulmonary hypertension.", "hypertension"),
        ("The intervention groups were small.", "intervention"),
        ("The enhanced recovery was good.", "enhanced"),
        ("The post-intervention score.", "intervention"),
        ("The Cohort was named so.", "Cohort"),
        ("They call it “an intervention”.", "intervention"),
        ("The subsequently-used one.", "subsequently"),
        ("The subsequently-used one.", "nonsense"),
        ("A sufficient number.", "sufficient"),
        ("An optimal dose.", "optimal"),
        ("Their assess was wrong.", "assess"),
    ],
)
def test_a_swap_that_would_not_fit_is_not_made(text: str, word: str) -> None:
    assert swap(text, word) == text
    assert not [one for one in plain_check(content(harms=text)).swaps if one.word == word and one.found]


def test_a_hint_has_no_button(signed_in: PageClient) -> None:
    sent = opened(signed_in, NEW, harms="We conducted a trial.")
    page = press(signed_in, NEW, sent, "check", status=200).text
    assert "<b>conducted</b>" in page and "Swap “conducted”" not in page


@given(
    st.text(alphabet=st.sampled_from("abn .,“”-\n"), max_size=20), st.sampled_from(sorted(HARD_WORDS.plain))
)
def test_a_swap_touches_nothing_around_the_word(around: str, word: str) -> None:
    text = f"{around} {word} {around}"
    for one in plain_check(ArticleContent(harms=text)).swaps:
        if one.found:
            assert text.startswith(one.found, one.at)
