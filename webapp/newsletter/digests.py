"""Issues of the newsletter: who is told of which new articles, frozen in one transaction, and accounted for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.catalog.queries import published
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import (
    Article,
    Frequency,
    Issue,
    IssueArticle,
    MailKind,
    MailState,
    MessageArticle,
    OutboxMessage,
    Subscriber,
    SubscriberState,
)

PERIODS = {Frequency.WEEKLY: timedelta(days=7), Frequency.MONTHLY: timedelta(days=31)}
SLACK = {Frequency.WEEKLY: timedelta(days=1), Frequency.MONTHLY: timedelta(days=3)}
# An editor may date an article a little back, so the edge of a period is not sharp. What somebody was sent already
# is left out by name.
OVERLAP = timedelta(days=3)


class NothingNew(LookupError):
    """No subscriber would get anything: no issue is made and no mail is sent."""


@dataclass(frozen=True)
class Parcel:
    """What one subscriber is about to be told of."""

    subscriber: Subscriber
    articles: Sequence[Article]


@dataclass(frozen=True)
class Accounting:
    """Where every frozen recipient of an issue stands. The parts always add up to ``frozen``."""

    frozen: int
    sent: int
    excluded: int
    failed: int
    uncertain: int
    queued: int  # waiting, or on its way at this moment

    @property
    def is_right(self) -> bool:
        return self.frozen == self.sent + self.excluded + self.failed + self.uncertain + self.queued

    def __str__(self) -> str:
        parts = ("sent", "excluded", "failed", "uncertain", "queued")
        return f"{self.frozen} recipients = " + " + ".join(f"{getattr(self, part)} {part}" for part in parts)


def parcels(frequency: Frequency, now: datetime) -> list[Parcel]:
    """What every confirmed subscriber of this frequency would be told of; those with nothing new are left out."""
    people = db.session.scalars(
        select(Subscriber)
        .where(Subscriber.state == SubscriberState.CONFIRMED, Subscriber.frequency == frequency)
        .order_by(Subscriber.id)
    ).all()
    since = {person.id: _told_until(person, now) for person in people}
    if not since:
        return []
    articles = _articles_since(min(since.values()) - OVERLAP, now)
    told = _told_already([article.id for article in articles])
    found = [Parcel(person, _for(person, articles, since[person.id], told[person.id])) for person in people]
    return [parcel for parcel in found if parcel.articles]


def upcoming(frequency: Frequency, now: datetime) -> list[Article]:
    """What the next issue would tell somebody who has all topics: for a preview."""
    return _articles_since(_last_made(frequency) or now - PERIODS[frequency], now)


def due_frequencies(now: datetime) -> list[Frequency]:
    """Which kinds of issue have waited their period; a little less, so that a job at a fixed hour is never too early."""
    last = {frequency: _last_made(frequency) for frequency in Frequency}
    return [
        kind for kind, made_at in last.items() if not made_at or now - made_at >= PERIODS[kind] - SLACK[kind]
    ]


def make_issue(frequency: Frequency, now: datetime) -> Issue:
    """Freeze the recipients of a new issue and queue its mails, all in the caller's transaction.

    Raises NothingNew.
    """
    found = parcels(frequency, now)
    if not found:
        raise NothingNew(frequency)
    issue = Issue(frequency=frequency, made_at=now, recipient_count=len(found))
    articles = {article.id: article for parcel in found for article in parcel.articles}
    newest_first = sorted(
        articles.values(), key=lambda article: (article.published_at, article.id), reverse=True
    )
    issue.article_links = [IssueArticle(article=row, position=at) for at, row in enumerate(newest_first)]
    db.session.add(issue)
    change_log.announce(ChangeKind.NEWSLETTER, now)
    for parcel in found:
        person = parcel.subscriber
        outbox.enqueue(
            MailKind.DIGEST, person.email, now, subscriber=person, issue=issue, articles=parcel.articles
        )
        person.covered_until = now
    db.session.flush()
    return issue


def accounting(issue: Issue) -> Accounting:
    """Where the recipients of an issue stand at this moment."""
    query = select(OutboxMessage.state, func.count()).where(OutboxMessage.issue_id == issue.id)
    counts: dict[MailState, int] = dict(db.session.execute(query.group_by(OutboxMessage.state)).all())
    return Accounting(
        frozen=issue.recipient_count,
        sent=counts.get(MailState.SENT, 0),
        excluded=counts.get(MailState.EXCLUDED, 0),
        failed=counts.get(MailState.FAILED, 0),
        uncertain=counts.get(MailState.UNCERTAIN, 0),
        queued=counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0),
    )


def issues() -> Sequence[Issue]:
    """Every issue, newest first."""
    return db.session.scalars(select(Issue).order_by(Issue.made_at.desc(), Issue.id.desc())).all()


def get_issue(number: int) -> Issue:
    """One issue; raises LookupError."""
    issue = db.session.get(Issue, number)
    if issue is None:
        raise LookupError(number)
    return issue


def public_articles(issue: Issue) -> list[Article]:
    """What a past issue told of and readers may still see."""
    ids = [link.article_id for link in issue.article_links]
    rows = {row.id: row for row in db.session.scalars(published().where(Article.id.in_(ids)))}
    return [rows[number] for number in ids if number in rows]


def send_test(recipient: str, articles: Sequence[Article], now: datetime) -> None:
    """Mail an editor what a digest with these articles looks like."""
    outbox.enqueue(MailKind.TEST, recipient, now, articles=articles)


def _last_made(frequency: Frequency) -> datetime | None:
    return db.session.scalar(
        select(Issue.made_at).where(Issue.frequency == frequency).order_by(Issue.made_at.desc()).limit(1)
    )


def _told_until(person: Subscriber, now: datetime) -> datetime:
    """Up to when earlier issues told this person everything; somebody new starts one period back."""
    return person.covered_until or now - PERIODS[person.frequency]


def _articles_since(start: datetime, now: datetime) -> list[Article]:
    return list(
        db.session.scalars(
            published()
            .where(Article.published_at > start, Article.published_at <= now)
            .order_by(Article.published_at.desc(), Article.id.desc())
        )
    )


def _told_already(article_ids: Sequence[int]) -> defaultdict[int, set[int]]:
    """For each subscriber, which of these articles a digest told them of, or is about to."""
    query = (
        select(OutboxMessage.subscriber_id, MessageArticle.article_id)
        .join(MessageArticle, MessageArticle.message_id == OutboxMessage.id)
        .where(
            MessageArticle.article_id.in_(article_ids),
            OutboxMessage.kind == MailKind.DIGEST,
            OutboxMessage.subscriber_id.is_not(None),
        )
    )
    told: defaultdict[int, set[int]] = defaultdict(set)
    for subscriber_id, article_id in db.session.execute(query):
        told[subscriber_id or 0].add(article_id)
    return told


def _for(person: Subscriber, articles: Iterable[Article], since: datetime, told: set[int]) -> list[Article]:
    topics = set(person.topics)
    return [
        article
        for article in articles
        if article.published_at > since - OVERLAP
        and article.id not in told
        and (not topics or topics & {category.slug for category in article.categories})
    ]
