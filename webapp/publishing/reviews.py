"""Reviews: asking for one, answering it, signing off, and taking a sign-off back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, or_, select, update

from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import (
    AuditKind,
    Draft,
    Editor,
    MailKind,
    PartReview,
    Review,
    SafetyReview,
    SafetyRevision,
)
from webapp.publishing import audit, safety_cards, sign_offs
from webapp.web import tokens
from webapp.web.errors import SiteError

LINK_FOR = timedelta(days=14)
CHECK_AGAIN_AFTER = timedelta(days=365)
ADDRESS_RETENTION = timedelta(days=60)  # of somebody without an account
LINK = "review"
OF_CARD = "safety-"  # keys of reviews of cards; a release before them tries their mail again later
AnyReview = Review | SafetyReview


class ReviewClosed(Exception):
    """A review cannot be answered (any more); ``why`` is a sentence for the reviewer."""

    def __init__(self, review: AnyReview | None, why: str) -> None:
        super().__init__(why)
        self.review, self.why = review, why


@dataclass(frozen=True)
class Comment:
    """What a reviewer said in words about one part."""

    review: Review
    part: PartReview

    @property
    def key(self) -> str:
        return f"{self.review.id}-{self.part.part}"


def ask(review: AnyReview, now: datetime) -> None:
    """Mail a new request for a review. An earlier request to the same address ends."""
    kind: type[AnyReview] = type(review)
    if isinstance(review, Review):
        of_same_text = Review.draft_id == review.draft.id
    else:
        texts = select(SafetyRevision.id).where(SafetyRevision.card_id == review.revision.card_id)
        of_same_text = SafetyReview.revision_id.in_(texts)
    earlier = update(kind).where(
        of_same_text,
        kind.email == review.email,
        kind.answered_at.is_(None),
        kind.replaced_at.is_(None),
    )
    db.session.execute(earlier.values(replaced_at=now))
    db.session.add(review)
    db.session.flush()
    outbox.enqueue(MailKind.REVIEW_REQUEST, review.email, now, text=key_of(review))
    audit.record(AuditKind.REVIEW_ASKED, now, review.asked_by_id, review.reviewer_id, review.title)


def key_of(review: AnyReview) -> str:
    """By which mail and links name a review."""
    return f"{OF_CARD if isinstance(review, SafetyReview) else ''}{review.id}"


def by_key(key: str) -> AnyReview | None:
    """The review with this key, if it still exists. Raises ValueError for what is no key."""
    if key.startswith(OF_CARD):
        return db.session.get(SafetyReview, int(key.removeprefix(OF_CARD)))
    return db.session.get(Review, int(key))


def link_token(review: AnyReview) -> str:
    """The token in the link to one review of one revision."""
    return tokens.sign(LINK, f"{key_of(review)}-{review.revision_number}")


def by_token(token: str) -> tuple[AnyReview | None, int]:
    """The review that a link is for, if it still exists, and the revision in it. Raises SiteError 404."""
    try:
        key, _, revision_number = str(tokens.read_signed(LINK, token)).rpartition("-")
        return by_key(key), int(revision_number)
    except (tokens.TokenError, ValueError) as error:
        raise SiteError(404, "Part of this link is missing. Please copy all of it from our email.") from error


def refuse_closed(review: AnyReview | None, revision_number: int, now: datetime) -> AnyReview:
    """Return a review that can be answered by its link. Raises ReviewClosed."""
    if review is None or review.is_of_deleted:
        raise ReviewClosed(None, "This text was deleted, so there is nothing left to review.")
    refuse_answered(review)
    if revision_number != review.revision_number:
        raise ReviewClosed(review, "This link is for another version of the text.")
    if now > closes_at(review):
        raise ReviewClosed(review, "This link has expired. It worked for two weeks.")
    return review


def refuse_answered(review: AnyReview) -> None:
    """Raise ReviewClosed for a review that was sent, or asked for again."""
    if review.answered_at is not None:
        why = "You signed this version." if review.is_signed else "You sent us your review."
        raise ReviewClosed(review, f"Thank you. {'You took your name back.' if review.undone_at else why}")
    if review.replaced_at is not None:
        raise ReviewClosed(review, "We asked you again since then. Please use our newer email.")


def closes_at(review: AnyReview) -> datetime:
    """When the link of a review stops working."""
    return review.asked_at + LINK_FOR


def answer(review: AnyReview, parts: Iterable[PartReview], now: datetime, *, signs: bool) -> None:
    """Store an answer, and mail the editor who asked. One that ``signs`` has its name and role as printed already."""
    review.parts, review.answered_at = list(parts), now
    if signs:
        review.signed_at = now
        sign_offs.print_again(review, now)
    if review.asked_by is not None:
        outbox.enqueue(MailKind.REVIEW_ANSWERED, review.asked_by.email, now, text=key_of(review))
    kind = AuditKind.SIGNED_OFF if signs else AuditKind.REVIEWED
    audit.record(kind, now, review.reviewer_id, detail=review.title)


def undo(review: AnyReview, actor_id: int | None, now: datetime) -> None:
    """Take a sign-off back, once."""
    if review.is_signed:
        review.undone_at = now
        sign_offs.print_again(review, now)
        audit.record(AuditKind.SIGN_OFF_UNDONE, now, actor_id, review.reviewer_id, review.title)


def print_names_again(reviewer: Editor, now: datetime) -> None:
    """After an account was closed or opened: show or hide its name in what it signed."""
    query = select(Review).where(Review.reviewer_id == reviewer.id, Review.is_signed)
    for review in db.session.scalars(query).all():
        sign_offs.print_again(review, now)
    safety_cards.print_names_again(reviewer, now)


def of_draft(draft: Draft) -> Sequence[Review]:
    """All reviews of a draft, newest first."""
    query = select(Review).where(Review.draft_id == draft.id)
    return db.session.scalars(query.order_by(Review.id.desc())).all()


def of_card(card_id: str) -> Sequence[SafetyReview]:
    """All reviews of a safety card that were asked for by mail, newest first."""
    query = select(SafetyReview).join(SafetyReview.revision).where(SafetyRevision.card_id == card_id)
    return db.session.scalars(query.order_by(SafetyReview.id.desc())).all()


def asked_of(reviewer: Editor) -> Sequence[Review]:
    """What somebody with an account was asked to review, newest first."""
    query = select(Review).where(Review.reviewer_id == reviewer.id, Review.replaced_at.is_(None))
    return db.session.scalars(query.order_by(Review.id.desc())).all()


def comments(draft: Draft) -> dict[str, list[Comment]]:
    """What reviewers said in words and nobody marked as done, by part, oldest first."""
    found: dict[str, list[Comment]] = {}
    for review in reversed(of_draft(draft)):
        for part in review.parts:
            if review.answered_at and part.text and not part.is_done:
                found.setdefault(part.part, []).append(Comment(review, part))
    return found


def mark_done(draft: Draft, key: str, editor_id: int, now: datetime) -> None:
    """Mark the comment with this key as done; one that is unknown or done already is ignored."""
    for comment in [one for some in comments(draft).values() for one in some if one.key == key]:
        done = msgspec.structs.replace(comment.part, is_done=True)
        review = comment.review
        review.parts = [done if part is comment.part else part for part in review.parts]
        audit.record(AuditKind.COMMENT_DONE, now, editor_id, detail=draft.title)


def due_again(now: datetime) -> Sequence[Review]:
    """Sign-offs of published texts from more than a year ago with no newer one, the oldest first."""
    newest = select(func.max(Review.id)).where(Review.is_signed).group_by(Review.draft_id)
    query = (
        select(Review)
        .join(Review.draft)
        .where(
            Review.id.in_(newest),
            Review.signed_at < now - CHECK_AGAIN_AFTER,
            or_(Draft.article_id.is_not(None), Draft.answer_id.is_not(None)),
        )
    )
    return db.session.scalars(query.order_by(Review.signed_at)).all()


def remind(now: datetime) -> None:
    """Mail those who asked for a sign-off that it is due again, once for each."""
    for review in due_again(now):
        if review.reminded_at is None and review.asked_by is not None:
            review.reminded_at = now
            outbox.enqueue(MailKind.CHECK_AGAIN, review.asked_by.email, now, text=str(review.id))


def forget_addresses(now: datetime) -> None:
    """Delete the mail addresses of people without an account whose links ended long ago."""
    limit = now - ADDRESS_RETENTION
    for old in (
        update(Review).where(Review.reviewer_id.is_(None), Review.asked_at < limit),
        update(SafetyReview).where(SafetyReview.asked_at < limit),
    ):
        db.session.execute(old.values(email=""))
