"""Issues of the newsletter: their articles and recipients, chosen in one transaction and accounted for."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import func, or_, select

from webapp.catalog.queries import published_by_ids, standing
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.languages.language import ENGLISH
from webapp.letters.compose import SampleIssue
from webapp.mail import outbox
from webapp.models import (
    Article,
    Frequency,
    Issue,
    IssueArticle,
    IssueWords,
    MailKind,
    MailState,
    MessageArticle,
    OutboxMessage,
    Subscriber,
    SubscriberState,
)
from webapp.newsletter import next_issue
from webapp.newsletter.next_issue import OVERLAP, PERIODS, Lineup, mark_of
from webapp.search import followed
from webapp.web.errors import SiteError


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


def recipients(line: Lineup, now: datetime) -> list[Recipient]:
    """Confirmed subscribers of this frequency with articles of the issue on their topics or in the searches that they follow.

    If an editor chose, they are sent what was chosen, in this order. Otherwise they get what came since their last newsletter, and
    a new subscriber the articles of one period. Nobody gets an article twice.
    Raises SearchUnavailable while the index cannot answer for a search.
    """
    people = db.session.scalars(
        select(Subscriber)
        .where(
            Subscriber.state == SubscriberState.CONFIRMED,
            Subscriber.frequency == line.frequency,
            or_(Subscriber.confirmed_at.is_(None), Subscriber.confirmed_at <= now),
        )
        .order_by(Subscriber.id)
    ).all()
    if not people:
        return []
    since = {
        person.id: (person.covered_until or now - PERIODS[line.frequency]) - OVERLAP for person in people
    }
    articles, for_all = list(line.summaries), {article.id for article in line.summaries}
    if not (line.is_chosen or line.has_too_many):
        articles = _articles_since(min(since.values()), now, line)
        last = next_issue.last_issue(line.frequency)
        for_all = {text.id for text in next_issue.waiting_texts(last, now) if isinstance(text, Article)}
    sent = _sent_already([article.id for article in articles])
    matches = followed.found_by({search for person in people for search in person.searches}, articles)
    found = []
    for person in people:
        topics = set(person.topics)
        matching = set[int]().union(*(matches[search] for search in person.searches))
        own = [
            article
            for article in articles
            if (article.id in for_all or article.published_at > since[person.id])
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


def make_issue(frequency: Frequency, now: datetime) -> Issue:
    """Make the next issue now, whether or not it is on hold. Raises NothingNew or SearchUnavailable."""
    return _make(next_issue.lineup(frequency, now), now, now)


def _make(line: Lineup, now: datetime, by: datetime) -> Issue:
    """Store an issue and queue a mail for each recipient, in the caller's transaction; who subscribed after ``by`` gets the next one.

    Raises NothingNew or SearchUnavailable; no article is lost, since the next issue has what this one would have had.
    """
    to = recipients(line, by)
    if not to:
        raise NothingNew(line.frequency)
    articles = {article.id: article for recipient in to for article in recipient.articles}
    in_order = sorted(articles.values(), key=lambda article: (article.published_at, article.id), reverse=True)
    issue = Issue(
        frequency=line.frequency,
        made_at=now,
        recipient_count=len(to),
        words=msgspec.to_builtins(line.content.words) if line.number else None,
        answer_ids=[answer.id for answer in line.answers],
        left_out=list(line.content.left_out),
        waiting=[mark_of(text) for text in line.new],
        article_links=[
            IssueArticle(article=row, position=at)
            for at, row in enumerate(line.summaries if line.is_chosen else in_order)
        ],
    )
    change_log.announce(ChangeKind.NEWSLETTER, now)
    outbox.enqueue_issue(issue, [(recipient.subscriber, recipient.articles) for recipient in to], now)
    for recipient in to:
        recipient.subscriber.covered_until = now
    db.session.flush()
    return issue


def make_due(now: datetime) -> list[Issue]:
    """Make the issues whose time has come, in the caller's transaction: the one an editor set, or the usual one.

    Nothing that was published or saved since the usual time makes an issue go out at any hour: it waits for the next morning. What
    was due while the site was down goes out as soon as it is up. Raises SearchUnavailable.
    """
    made = []
    for line, by in due_lineups(now):
        with suppress(NothingNew):
            made.append(_make(line, now, by))
    return made


def due_lineups(now: datetime) -> list[tuple[Lineup, datetime]]:
    """The issues to make now that have something in them, each with the time at which it was due.

    If there was nothing to send at the time that an editor set, the issue goes out at the usual time of a later day.
    """
    usual = next_issue.usual_time_before(now)
    at_usual = next_issue.due_frequencies(usual)
    due = []
    for kind in Frequency:
        set_at = next_issue.saved_content(kind, now)[0].send_at
        if set_at is None and kind not in at_usual:
            continue
        line = next_issue.lineup(kind, now)
        if line.is_on_hold(now):
            continue
        by = max(set_at, usual) if set_at else usual
        then = next_issue.lineup(kind, by)
        if then.summaries and not then.is_on_hold(by):
            due.append((line, by))
    return due


def frequencies_to_make(now: datetime) -> list[Frequency]:
    """The frequencies whose next issue is due, at whatever hour, or for which an editor set a time."""
    due = next_issue.due_frequencies(now)
    return [kind for kind in Frequency if kind in due or next_issue.saved_content(kind, now)[0].send_at]


def send_test(line: Lineup, address: str, now: datetime) -> None:
    """Queue the next issue as a test, in the caller's transaction."""
    said = line.content.words.get(ENGLISH.code, IssueWords())
    extra = SampleIssue(said, tuple(answer.id for answer in line.answers))
    text = msgspec.json.encode(extra).decode()
    outbox.enqueue(MailKind.TEST, address, now, articles=line.summaries, text=text)


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


def _articles_since(start: datetime, now: datetime, line: Lineup) -> list[Article]:
    """What was published in this time, but for what editors left out, and the others that are in the issue, newest first."""
    query = standing().where(Article.published_at > start, Article.published_at <= now)
    left_out = {*line.content.left_out, *next_issue.left_out_marks()}
    found = {article for article in db.session.scalars(query) if mark_of(article) not in left_out}
    return sorted(
        found.union(line.summaries), key=lambda article: (article.published_at, article.id), reverse=True
    )


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
