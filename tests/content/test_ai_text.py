"""Which paragraphs of a text are a model's, and which of those somebody has read."""

from typing import Any

from tests.factories import content
from webapp.content.ai_text import AiText
from webapp.models.values import Finding, Result

TEXT = "The pill eased pain.\n\nIt did not help sleep."


def unread(written: dict[str, Any], confirmed: dict[str, Any] | None = None, **stands: Any) -> list[str]:
    """The model's paragraphs that nobody read, in a text that has these fields."""
    ai = AiText([written], [confirmed] if confirmed else [])
    return [one for found in ai.unread(content(**stands), list(stands)).values() for one in found]


def test_each_paragraph_is_unread_until_it_is_changed_or_confirmed() -> None:
    written = {"research_summary": TEXT}
    first, second = TEXT.split("\n\n")
    assert unread(written, research_summary=TEXT) == [first, second]
    assert unread(written, research_summary=f"The pill may have eased pain.\n\n{second}") == [second]
    assert unread(written, {"research_summary": [first]}, research_summary=TEXT) == [second]


def test_a_paragraph_that_is_only_set_differently_is_still_the_model_s() -> None:
    written = {"research_summary": TEXT}
    for text in ("the pill – eased PAIN!", "The pill\neased pain.", "The  pill eased"):
        assert unread(written, research_summary=text), text


def test_what_was_confirmed_is_unread_again_once_another_of_the_model_s_texts_is_back() -> None:
    ai = AiText(
        [{"harms": "None were seen."}, {"harms": "Two people fell."}], [{"harms": ["Two people fell."]}]
    )
    assert not ai.unread(content(harms="Two people fell."), ["harms"])
    assert ai.unread(content(harms="None were seen."), ["harms"])


def test_choices_and_rows_count_too() -> None:
    finding = {"text": "Rats walked.", "place": "Abstract", "quote": "The rats walked"}
    assert unread({"findings": [finding]}, findings=[Finding(text="Rats walked.")]) == ["Rats walked."]
    assert unread({"result": "helped"}, result=Result.HELPED) == ["helped"]
    assert not unread({"result": "helped"}, result=Result.MIXED)


def test_what_a_person_wrote_elsewhere_is_not_the_model_s() -> None:
    assert not unread({"harms": "Two people fell."}, research_summary="Two people fell.")
