"""Sign-offs: which reviews readers see at a text, and whether it still says what was signed."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from webapp.content.answer_content import content_from_json
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Opinion, Review, Revision, SafetyReview
from webapp.models.values import SignOff


class ReviewedPart(NamedTuple):
    """A part of a text that reviewers judge separately: the name they see, and its fields."""

    label: str
    fields: str


def _by_first_field(*parts: ReviewedPart) -> dict[str, ReviewedPart]:
    """The authoring form shows under a part's first field what should change in it."""
    return {part.fields.partition(" ")[0]: part for part in parts}


PARTS = _by_first_field(
    ReviewedPart("Title and main message", "main_message plain_title result"),
    ReviewedPart("Simple explanation", "simple_explanation"),
    ReviewedPart(
        "Who and what was studied",
        "participants subject species about_sci study_kind study_duration evidence_level sample_size age country "
        "injury_level injury_completeness time_since_injury people",
    ),
    ReviewedPart("Key findings", "findings"),
    ReviewedPart("Harms and side effects", "harms harms_read"),
    ReviewedPart("Research summary", "research_summary"),
    ReviewedPart("Practical implications and questions", "implications questions shows_dysreflexia_help"),
    ReviewedPart("Study limitations", "limitations"),
    ReviewedPart("Since then", "since_then"),
    ReviewedPart("Who paid, and who stood to gain", "funding conflicts_of_interest registrations"),
)
ANSWER_PARTS = _by_first_field(
    ReviewedPart(
        "Question, verdict and how sure we are",
        "verdict question verdict_rests_on certainty certainty_reason",
    ),
    ReviewedPart("What we found", "found"),
    ReviewedPart("What is missing, and what would change this", "missing would_change"),
    ReviewedPart("Questions for the care team", "questions"),
    ReviewedPart("Safety cards and other places", "elsewhere safety_cards"),
)
CARD_PARTS = _by_first_field(
    ReviewedPart("What to do now, and what not", "do_now do_not"),
    ReviewedPart("When to call, and what to say", "call_now call_soon tell actions note"),
    ReviewedPart("What it is, its signs, and who is at risk", "signs label title what who"),
    ReviewedPart("Where this comes from", "sources checked_on"),
)
ALL_PARTS = PARTS | ANSWER_PARTS | CARD_PARTS


def of_text(draft_id: int, text: dict[str, Any], revision_number: int) -> list[SignOff]:
    """The sign-offs to print with a text of a draft (as JSON), oldest first; of one person only the newest.

    A review of a later text that says something else is left out: readers do not see that text yet.
    """
    query = (
        select(Review, Revision)
        .join(Revision, (Revision.draft_id == Review.draft_id) & (Revision.number == Review.revision_number))
        .where(Review.draft_id == draft_id, Review.is_signed)
        .order_by(Review.signed_at)
    )
    found = db.session.execute(query).all()
    if not found:
        return []
    content, printed = content_from_json(text), dict[tuple[str, str], SignOff]()
    for review, revision in found:
        assert review.signed_at is not None
        signed = content_from_json(revision.content)
        agreed = [ALL_PARTS[part.part].fields for part in review.parts if part.opinion is Opinion.AGREE]
        is_changed = any(getattr(signed, name) != getattr(content, name) for name in " ".join(agreed).split())
        if is_changed and review.revision_number > revision_number:
            continue
        has_account = review.reviewer is not None and review.reviewer.disabled_at is None
        printed.pop((review.kind, review.name), None)
        printed[review.kind, review.name] = SignOff(
            name=review.name if review.keeps_name or has_account else "",
            role=review.role,
            kind=review.kind,
            on=review.signed_at.date(),
            is_earlier=is_changed,
        )
    return list(printed.values())


def print_again(review: Review | SafetyReview, now: datetime) -> None:
    """Bring what readers see up to date after a review was signed, undone, or lost its reviewer's name."""
    if isinstance(review, SafetyReview):  # every process reads who signed after the change
        change_log.announce(ChangeKind.SAFETY, now)
        return
    draft, live = review.draft, review.draft.live
    if live is None:
        return
    number = live.revision_number
    shown = db.session.scalars(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    ).one()
    db.session.flush()
    sign_offs = of_text(draft.id, shown.content, number)
    if sign_offs != live.sign_offs:
        live.sign_offs, live.updated_at = sign_offs, now
        change_log.announce(ChangeKind.SIGNED_OFF, now, of=live.key)
