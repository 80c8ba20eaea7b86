"""Messages from readers on their way to the editors, and what editors count and mark as done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from webapp.content.sign_off_words import names_ai
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import (
    Answer,
    AnswerFeedback,
    Article,
    ContactMessage,
    Feedback,
    Live,
    MailKind,
    Topic,
    Understanding,
)

KEPT_FOR = timedelta(days=365)
SHOWN_DONE = 10


@dataclass(frozen=True)
class ArticleFeedback:
    """What readers answered below one article. Counts are people-days: one for each address and day."""

    article: Article
    helpful_count: int
    not_helpful_count: int
    understood_count: int  # named the result that the article names
    misunderstood_count: int


@dataclass(frozen=True)
class Clarity:
    """How many readers understood the summaries that AI had a hand in, or the others."""

    is_by_ai: bool
    summary_count: int
    understood_count: int
    misunderstood_count: int


@dataclass(frozen=True)
class AnswerVotes:
    """What readers said below one answer to a question."""

    answer: Answer
    helpful_count: int
    not_helpful_count: int


def send(
    topic: Topic,
    message: str,
    editors_mail: str,
    now: datetime,
    *,
    name: str | None = None,
    email: str | None = None,
    about: Live | None = None,
) -> ContactMessage:
    """Store a message, and mail it to the editors."""
    row = ContactMessage(
        topic=topic,
        name=name or None,
        email=email or None,
        message=message,
        sent_at=now,
        **(about.key if about else {}),
    )
    db.session.add(row)
    lines = [f"About: {topic.label}"]
    if about is not None:
        lines.append(f"{about.kind.label}: {about.title} ({about.path})")
    lines.append(f"From: {row.name or 'no name given'}, {row.email or 'no address given'}")
    outbox.enqueue(
        MailKind.CONTACT,
        editors_mail,
        now,
        subject=f"Message from the site: {topic.label}",
        text="\n".join([*lines, "", message, ""]),
        headers={"Reply-To": email} if email else None,
    )
    return row


def unread_messages() -> Sequence[ContactMessage]:
    """Messages that nobody has marked as done, oldest first."""
    query = select(ContactMessage).where(ContactMessage.done_at.is_(None)).order_by(ContactMessage.sent_at)
    return db.session.scalars(
        query.options(joinedload(ContactMessage.article), joinedload(ContactMessage.answer))
    ).all()


def unread_notes() -> list[Feedback | AnswerFeedback]:
    """Votes with a note or reasons that nobody has marked as done, oldest first."""
    rows: list[Feedback | AnswerFeedback] = [
        *db.session.scalars(
            select(Feedback).where(_is_unread(Feedback)).options(joinedload(Feedback.article))
        ),
        *db.session.scalars(
            select(AnswerFeedback)
            .where(_is_unread(AnswerFeedback))
            .options(joinedload(AnswerFeedback.answer))
        ),
    ]
    return sorted(rows, key=attrgetter("given_at"))


def unread_count() -> int:
    """How many messages and notes nobody has marked as done."""
    notes = select(func.count(Feedback.id)).where(_is_unread(Feedback))
    answer_notes = select(func.count(AnswerFeedback.id)).where(_is_unread(AnswerFeedback))
    messages = select(func.count(ContactMessage.id)).where(ContactMessage.done_at.is_(None))
    counts = notes.scalar_subquery() + answer_notes.scalar_subquery() + messages.scalar_subquery()
    return db.session.scalar(select(counts)) or 0


def mark_done(row: ContactMessage | Feedback | AnswerFeedback, now: datetime) -> None:
    row.done_at = row.done_at or now


def marked_done() -> list[ContactMessage | Feedback | AnswerFeedback]:
    """The messages and notes that editors marked as done last, newest first."""
    rows: list[ContactMessage | Feedback | AnswerFeedback] = []
    for table in (ContactMessage, Feedback, AnswerFeedback):
        query = select(table).where(table.done_at.is_not(None)).order_by(table.done_at.desc())
        rows += db.session.scalars(query.limit(SHOWN_DONE))
    return sorted(rows, key=attrgetter("done_at"), reverse=True)[:SHOWN_DONE]


def forget_old(now: datetime) -> None:
    """What readers wrote: notes a year after they came, messages a year after an editor dealt with them."""
    for table in (Feedback, AnswerFeedback):
        old_notes = table.note.is_not(None), table.given_at < now - KEPT_FOR
        db.session.execute(update(table).where(*old_notes).values(note=None))
    db.session.execute(delete(ContactMessage).where(ContactMessage.done_at < now - KEPT_FOR))


def by_article() -> list[ArticleFeedback]:
    """Every article that somebody answered below, those with most "No" first."""
    votes = _counts(Feedback, Feedback.is_helpful.is_(True))
    answers = _counts(Understanding, Understanding.answer == Article.result)
    articles = db.session.scalars(select(Article).where(Article.id.in_(votes.keys() | answers.keys())))
    rows = [
        ArticleFeedback(row, *votes.get(row.id, (0, 0)), *answers.get(row.id, (0, 0))) for row in articles
    ]
    return sorted(rows, key=lambda row: (-row.not_helpful_count, -row.helpful_count, row.article.id))


def by_answer() -> list[AnswerVotes]:
    """Every answer that somebody voted below, those with most "No" first."""
    is_helpful = AnswerFeedback.is_helpful.is_(True)
    helpful, all_votes = func.count(case((is_helpful, 1))), func.count()
    query = select(Answer, helpful, all_votes - helpful).join(AnswerFeedback.answer).group_by(Answer.id)
    rows = [AnswerVotes(answer, yes, no) for answer, yes, no in db.session.execute(query)]
    return sorted(rows, key=lambda row: (-row.not_helpful_count, -row.helpful_count, row.answer.id))


def clarity(rows: Sequence[ArticleFeedback]) -> list[Clarity]:
    """Add up the answers to "Was this clear?", for texts with and without AI apart."""
    asked = [row for row in rows if row.understood_count + row.misunderstood_count]
    groups = {
        is_by_ai: [row for row in asked if names_ai(row.article.written_by) is is_by_ai]
        for is_by_ai in (True, False)
    }
    return [
        Clarity(
            is_by_ai,
            len(group),
            sum(row.understood_count for row in group),
            sum(row.misunderstood_count for row in group),
        )
        for is_by_ai, group in groups.items()
        if group
    ]


def _is_unread(table: type[Feedback | AnswerFeedback]) -> ColumnElement[bool]:
    """Whether a vote has words that nobody has marked as done."""
    return and_(
        table.done_at.is_(None), or_(table.note.is_not(None), func.json_array_length(table.reasons) > 0)
    )


def _counts(
    table: type[Feedback | Understanding], condition: ColumnElement[bool]
) -> dict[int, tuple[int, int]]:
    """For each article: how many of the rows below it meet the condition, and how many do not."""
    query = select(table.article_id, func.count(case((condition, 1))), func.count())
    joined = query.join(Article, Article.id == table.article_id).group_by(table.article_id)
    return {article_id: (met, count - met) for article_id, met, count in db.session.execute(joined)}
