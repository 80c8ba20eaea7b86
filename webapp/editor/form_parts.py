"""The parts of a text in the order of its form, and how far each is."""

from dataclasses import dataclass
from operator import attrgetter

from webapp.content.answer_content import AnswerContent, Content
from webapp.models.values import Labeled


class PartState(Labeled):
    """How far a part is. It says nothing about whether the part is right: that is what the checks are for."""

    EMPTY = "empty", "empty"
    BEGUN = "begun", "begun"
    WRITTEN = "written", "written"


@dataclass(frozen=True)
class FormPart:
    """One part of the form; ``target``: the id of its heading."""

    target: str
    name: str
    state: PartState


# Target, name, and the fields without which the text cannot be published.
_OF_SUMMARY = (
    (
        "h-paper",
        "The paper",
        ("paper.title", "paper.authors", "paper.journal", "paper.published_on", "categories"),
    ),
    ("h-flags", "Title and flags", ("plain_title", "subject", "about_sci", "study_kind", "result")),
    ("h-explanation", "Simple explanation", ("main_message", "simple_explanation")),
    ("h-findings", "Key findings", ("findings",)),
    ("h-summary", "Harms and research summary", ("harms", "research_summary")),
    ("h-limitations", "Study limitations", ("limitations",)),
    ("h-about", "Money and this summary", ("written_by",)),
)
_OF_ANSWER = (
    ("h-question", "The question", ("question", "categories")),
    ("h-verdict", "The verdict", ("verdict", "certainty", "certainty_reason")),
    ("h-found", "What we found", ("found",)),
    ("h-missing", "What is missing", ("missing",)),
    ("h-would_change", "What would change this", ("would_change",)),
    ("h-about", "Safety, and this answer", ("written_by", "next_check_on")),
)


def form_parts(content: Content) -> list[FormPart]:
    """Say of each part that a text needs how far it is."""
    parts = []
    for target, name, fields in _OF_ANSWER if isinstance(content, AnswerContent) else _OF_SUMMARY:
        filled = [bool(attrgetter(field)(content)) for field in fields]
        state = PartState.BEGUN if any(filled) else PartState.EMPTY
        parts.append(FormPart(target, name, PartState.WRITTEN if all(filled) else state))
    return parts
