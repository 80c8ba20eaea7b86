"""Reports for editors: subscribers by state, bounces, the next issue, the delivery of past issues, uncertain mails."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select

from webapp.db.session import db
from webapp.languages.language import ENGLISH
from webapp.mail import outbox
from webapp.models import (
    BounceKind,
    Frequency,
    Issue,
    MailState,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from webapp.newsletter import digests, next_issue
from webapp.newsletter.digests import Accounting
from webapp.newsletter.next_issue import Lineup
from webapp.search.index import SearchUnavailable
from webapp.web.pagination import Page, page_of

SHOWN_ISSUES = 12
SHOWN_READERS = 50
BECAUSE_OF_US = "The server refused it because of us"


@dataclass(frozen=True)
class Upcoming:
    """The next issue if it were made now, how many people would get it and how many nothing, and its usual time.

    The counts are None while the search index cannot answer for the searches that people follow.
    """

    line: Lineup
    recipient_count: int | None
    nothing_count: int | None
    next_at: datetime


@dataclass(frozen=True)
class BouncedReader:
    """A subscriber whose mail came back: how often and why, the last time, and what the mail server said then."""

    subscriber: Subscriber
    reasons: dict[str, int]
    last_at: datetime | None
    last_error: str


def subscriber_counts() -> dict[SubscriberState, int]:
    """The number of subscribers in each state, including empty ones."""
    counted = select(Subscriber.state, func.count()).group_by(Subscriber.state)
    counts: dict[SubscriberState, int] = dict(db.session.execute(counted).all())
    return {state: counts.get(state, 0) for state in SubscriberState}


def upcoming(line: Lineup, now: datetime) -> Upcoming:
    """Count who would get an issue."""
    confirmed = select(func.count(Subscriber.id)).where(
        Subscriber.state == SubscriberState.CONFIRMED, Subscriber.frequency == line.frequency
    )
    count = nothing = None
    with suppress(SearchUnavailable):
        count = len(digests.recipients(line, now))
        nothing = (db.session.scalar(confirmed) or 0) - count
    return Upcoming(line, count, nothing, next_issue.next_time(line.frequency, now))


def other_language_count(frequency: Frequency) -> int:
    """How many subscribers of this frequency read in another language than English."""
    others = select(func.count(Subscriber.id)).where(
        Subscriber.state == SubscriberState.CONFIRMED,
        Subscriber.frequency == frequency,
        Subscriber.language != ENGLISH.code,
    )
    return db.session.scalar(others) or 0


def latest_issues() -> list[tuple[Issue, Accounting]]:
    """The last SHOWN_ISSUES issues and the delivery of their mails, newest first."""
    return [(issue, digests.accounting(issue)) for issue in digests.issues()[:SHOWN_ISSUES]]


def stopped_issues() -> list[tuple[Issue, Accounting, str | None]]:
    """Issues that wait for an editor to continue them, the delivery of their mails, and the last reason of a refusal."""
    return [(issue, digests.accounting(issue), reason) for issue, reason in outbox.stopped_issues()]


def bounces() -> Sequence[Row[BounceKind | None, SubscriberState, int, datetime | None]]:
    """Mail that came back: its kind of bounce, the subscribers' state, how many addresses, and when the last one did.

    Without a kind, a server refused the mail because of us. What became of erased subscribers is not known.
    """
    came_back = select(
        OutboxMessage.bounce.label("kind"),
        Subscriber.state.label("state"),
        func.count(Subscriber.id.distinct()).label("address_count"),
        func.max(OutboxMessage.bounced_at).label("last_at"),
    )
    by_kind = came_back.join(OutboxMessage.subscriber).where(OutboxMessage.bounced_at.is_not(None))
    return db.session.execute(
        by_kind.group_by(OutboxMessage.bounce, Subscriber.state).order_by(
            Subscriber.state, OutboxMessage.bounce
        )
    ).all()


def bounced_readers(number: int) -> Page[BouncedReader]:
    """A page of the subscribers whose mail came back, the latest first."""
    last_at = func.max(OutboxMessage.bounced_at)
    people = (
        select(Subscriber)
        .join(OutboxMessage, OutboxMessage.subscriber_id == Subscriber.id)
        .where(OutboxMessage.bounced_at.is_not(None))
        .group_by(Subscriber.id)
        .order_by(last_at.desc(), Subscriber.id)
    )
    page = page_of(people, number, SHOWN_READERS)
    of_them = OutboxMessage.subscriber_id.in_([person.id for person in page.rows])
    came_back = select(OutboxMessage).where(of_them, OutboxMessage.bounced_at.is_not(None))
    mails: dict[int | None, list[OutboxMessage]] = {}
    for mail in db.session.scalars(came_back.order_by(OutboxMessage.bounced_at.desc(), OutboxMessage.id)):
        mails.setdefault(mail.subscriber_id, []).append(mail)
    rows = [
        BouncedReader(
            person,
            dict(Counter(mail.bounce.label if mail.bounce else BECAUSE_OF_US for mail in mails[person.id])),
            mails[person.id][0].bounced_at,
            mails[person.id][0].last_error or "",
        )
        for person in page.rows
    ]
    return Page(rows, page.number, page.total, page.size)


def suppressions() -> Sequence[Row[SuppressionReason, int, datetime]]:
    """Addresses that get no mail: the reason, how many there are, and when the last one was added."""
    counts = select(
        Suppression.reason,
        func.count().label("address_count"),
        func.max(Suppression.suppressed_at).label("last_at"),
    )
    return db.session.execute(counts.group_by(Suppression.reason).order_by(Suppression.reason)).all()


def uncertain_mails() -> Sequence[OutboxMessage]:
    query = select(OutboxMessage).where(OutboxMessage.state == MailState.UNCERTAIN).order_by(OutboxMessage.id)
    return db.session.scalars(query).all()
