"""Issues of the newsletter: their articles and recipients, chosen in one transaction and accounted for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.catalog.queries import published_by_ids, standing
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
from webapp.search import followed
from webapp.web.errors import SiteError

PERIODS = {Frequency.WEEKLY: timedelta(days=7), Frequency.MONTHLY: timedelta(days=31)}
SLACK = {Frequency.WEEKLY: timedelta(days=1), Frequency.MONTHLY: timedelta(days=3)}
# Editors may date an article a few days back, so each issue looks a little further back than the last one was made.
# Articles that a subscriber has been sent are left out one by one.
OVERLAP = timedelta(days=3)


class NothingNew(LookupError):
    """No subscriber would get an article, so there is no issue to make."""


@dataclass(frozen=True)
class Recipient:
    """A subscriber and the new articles for them."""

    subscriber: Subscriber
    articles: Sequence[Article]


@dataclass(frozen=True)
class Accounting:
    """The recipients of an issue by the state of their mail. The parts always add up to ``recipients``."""

    recipients: int
    sent: int
    excluded: int
    failed: int
    uncertain: int
    queued: int  # or being sent

    @property
    def is_right(self) -> bool:
        return self.recipients == self.sent + self.excluded + self.failed + self.uncertain + self.queued

    def __str__(self) -> str:
        return (
            f"{self.recipients} recipients = {self.sent} sent + {self.excluded} excluded + {self.failed} failed"
            f" + {self.uncertain} uncertain + {self.queued} queued"
        )


def recipients(frequency: Frequency, now: datetime) -> list[Recipient]:
    """Confirmed subscribers of this frequency with new articles on their topics or in the searches that they follow.

    A new subscriber gets the articles of one period. Raises SearchUnavailable while the index cannot answer for a search.
    """
    people = db.session.scalars(
        select(Subscriber)
        .where(Subscriber.state == SubscriberState.CONFIRMED, Subscriber.frequency == frequency)
        .order_by(Subscriber.id)
    ).all()
    since = {person.id: (person.covered_until or now - PERIODS[frequency]) - OVERLAP for person in people}
    if not since:
        return []
    articles = _articles_since(min(since.values()), now)
    sent = _sent_already([article.id for article in articles])
    matches = followed.found_by({search for person in people for search in person.searches}, articles)
    found = []
    for person in people:
        topics = set(person.topics)
        matching = set[int]().union(*(matches[search] for search in person.searches))
        own = [
            article
            for article in articles
            if article.published_at > since[person.id]
            and article.id not in sent[person.id]
            and (
                article.id in matching
                or bool(topics & {category.slug for category in article.categories})
                or not (topics or person.follows_searches_only)
            )
        ]
        if own:
            found.append(Recipient(person, own))
    return found


def upcoming(frequency: Frequency, now: datetime) -> list[Article]:
    """The articles of the next issue for a subscriber to all topics."""
    return _articles_since(_last_made(frequency) or now - PERIODS[frequency], now)


def due_frequencies(now: datetime) -> list[Frequency]:
    """The frequencies whose next issue is due.

    An issue is due a little before its full period is over: otherwise a job at a fixed hour would often come too early.
    """
    last = {frequency: _last_made(frequency) for frequency in Frequency}
    return [
        kind for kind, made_at in last.items() if not made_at or now - made_at >= PERIODS[kind] - SLACK[kind]
    ]


def make_issue(frequency: Frequency, now: datetime) -> Issue:
    """Store a new issue and queue a mail for each recipient, in the caller's transaction.

    Raises NothingNew or SearchUnavailable; no article is lost, since the next issue has what this one would have had.
    """
    to = recipients(frequency, now)
    if not to:
        raise NothingNew(frequency)
    issue = Issue(frequency=frequency, made_at=now, recipient_count=len(to))
    articles = {article.id: article for recipient in to for article in recipient.articles}
    newest_first = sorted(
        articles.values(), key=lambda article: (article.published_at, article.id), reverse=True
    )
    issue.article_links = [IssueArticle(article=row, position=at) for at, row in enumerate(newest_first)]
    db.session.add(issue)
    change_log.announce(ChangeKind.NEWSLETTER, now)
    for recipient in to:
        person, own = recipient.subscriber, recipient.articles
        outbox.enqueue(MailKind.DIGEST, person.email, now, subscriber=person, issue=issue, articles=own)
        person.covered_until = now
    db.session.flush()
    return issue


def accounting(issue: Issue) -> Accounting:
    """Count the recipients of an issue by the state of their mail."""
    query = select(OutboxMessage.state, func.count()).where(OutboxMessage.issue_id == issue.id)
    counts: dict[MailState, int] = dict(db.session.execute(query.group_by(OutboxMessage.state)).all())
    return Accounting(
        recipients=issue.recipient_count,
        sent=counts.get(MailState.SENT, 0),
        excluded=counts.get(MailState.EXCLUDED, 0),
        failed=counts.get(MailState.FAILED, 0),
        uncertain=counts.get(MailState.UNCERTAIN, 0),
        queued=counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0),
    )


def issues() -> Sequence[Issue]:
    """All issues, newest first."""
    return db.session.scalars(select(Issue).order_by(Issue.made_at.desc(), Issue.id.desc())).all()


def get_issue(number: int) -> Issue:
    """One issue; raises SiteError 404."""
    issue = db.session.get(Issue, number)
    if issue is None:
        raise SiteError(
            404, "We have no newsletter with this number. You’ll find all of them under Past newsletters."
        )
    return issue


def public_articles(issue: Issue) -> list[Article]:
    """The articles of an issue that are still public, in its order."""
    return published_by_ids([link.article_id for link in issue.article_links])


def _last_made(frequency: Frequency) -> datetime | None:
    return db.session.scalar(select(func.max(Issue.made_at)).where(Issue.frequency == frequency))


def _articles_since(start: datetime, now: datetime) -> list[Article]:
    query = standing().where(Article.published_at > start, Article.published_at <= now)
    return list(db.session.scalars(query.order_by(Article.published_at.desc(), Article.id.desc())))


def _sent_already(article_ids: Sequence[int]) -> defaultdict[int, set[int]]:
    """The ids of those articles that are in a digest sent or queued, by subscriber id."""
    query = (
        select(OutboxMessage.subscriber_id, MessageArticle.article_id)
        .join(MessageArticle, MessageArticle.message_id == OutboxMessage.id)
        .where(
            MessageArticle.article_id.in_(article_ids),
            OutboxMessage.kind == MailKind.DIGEST,
            OutboxMessage.subscriber_id.is_not(None),
        )
    )
    sent: defaultdict[int, set[int]] = defaultdict(set)
    for subscriber_id, article_id in db.session.execute(query):
        sent[subscriber_id or 0].add(article_id)
    return sent
