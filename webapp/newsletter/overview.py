"""What editors see of the newsletter: how many people, what is next, where each issue stands, what needs a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.db.session import db
from webapp.models import Article, Frequency, Issue, MailState, OutboxMessage, Subscriber, SubscriberState
from webapp.newsletter import digests
from webapp.newsletter.digests import Accounting

SHOWN_ISSUES = 12


class NotUncertain(LookupError):
    """This mail was settled in the meantime, or there is none with this number."""


@dataclass(frozen=True)
class Upcoming:
    """An issue that has not been made: how many people would get it, and what somebody with all topics would read."""

    frequency: Frequency
    recipient_count: int
    articles: Sequence[Article]


def subscriber_counts() -> dict[SubscriberState, int]:
    """How many people stand where; every state is there."""
    counted = select(Subscriber.state, func.count()).group_by(Subscriber.state)
    counts: dict[SubscriberState, int] = dict(db.session.execute(counted).all())
    return {state: counts.get(state, 0) for state in SubscriberState}


def upcoming(now: datetime) -> list[Upcoming]:
    """The next issue of each kind, if it were made now."""
    return [
        Upcoming(kind, len(digests.parcels(kind, now)), digests.upcoming(kind, now)) for kind in Frequency
    ]


def latest_issues() -> list[tuple[Issue, Accounting]]:
    """The last issues with where their recipients stand, newest first."""
    return [(issue, digests.accounting(issue)) for issue in digests.issues()[:SHOWN_ISSUES]]


def uncertain_mails() -> Sequence[OutboxMessage]:
    """Mails of which nobody knows whether they went out, oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.state == MailState.UNCERTAIN).order_by(OutboxMessage.id)
    return db.session.scalars(query).all()


def get_uncertain(number: int) -> OutboxMessage:
    """One mail that waits for a decision; raises NotUncertain."""
    message = db.session.get(OutboxMessage, number)
    if message is None or message.state != MailState.UNCERTAIN:
        raise NotUncertain(number)
    return message
