"""The plain-language check: as a button without JavaScript, and as the fragment that htmx fetches."""

import pytest

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import complete, fields_of, opened, press
from tests.factories import content
from tests.pages import PageClient
from webapp.content.plain_language import Swap, plain_check, swap
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
    assert [note.field for note in todo] == ["simple_explanation", "harms"]
    assert "more than 25 words" in todo[0].message and "miracle" in todo[1].message


def test_numbers_and_quotes_are_traced_to_the_abstract() -> None:
    findings = [
        Finding(text="It took 7 days.", place="Abstract", quote="Pain did differ."),
        Finding(text="A.", place="Abstract"),
    ]
    paper = {"abstract": "We treated 40 people. Pain did not differ."}
    todo = plain_check(
        content(plain_title="A pill", findings=findings, limitations=["It was small."], paper=paper)
    ).todo
    assert [note.field for note in todo] == ["findings-0-text", "findings-0-quote"]


def test_without_an_abstract_nothing_is_said_about_numbers() -> None:
    assert not [note for note in plain_check(content()).done if "number" in note.message]


def test_a_clean_text_is_praised() -> None:
    checked = plain_check(content())
    assert checked.todo == ()
    assert "No sentence is too long" in [note.message for note in checked.done]


def test_hard_words_are_found_once_per_field_with_plain_ones() -> None:
    checked = plain_check(content(harms="Efficacy, efficacy and edema."))
    assert checked.swaps == (Swap("harms", "Efficacy", "effect"), Swap("harms", "edema", "swelling"))


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("Numerous people. Numerous more.", "Numerous", "Many people. Numerous more."),
        ("They utilized it.", "utilized", "They used it."),
        ("The subsequently-used one.", "nonsense", "The subsequently-used one."),
        ("Nothing here.", "edema", "Nothing here."),
    ],
)
def test_a_swap_changes_the_first_use_and_keeps_the_capital(before: str, word: str, after: str) -> None:
    assert swap(before, word) == after
