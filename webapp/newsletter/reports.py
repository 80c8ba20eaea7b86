"""Reports for editors: subscribers by state, bounces, the next issue, the delivery of past issues, uncertain mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select

from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import (
    Article,
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
from webapp.newsletter import digests
from webapp.newsletter.digests import Accounting
from webapp.search.index import SearchUnavailable

SHOWN_ISSUES = 12


@dataclass(frozen=True)
class Upcoming:
    """The next issue if it were made now; ``articles`` are those for a subscriber to all topics.

    ``recipient_count`` is None while the search index cannot answer for the searches that people follow.
    """

    frequency: Frequency
    recipient_count: int | None
    articles: Sequence[Article]


def subscriber_counts() -> dict[SubscriberState, int]:
    """The number of subscribers in each state, including empty ones."""
    counted = select(Subscriber.state, func.count()).group_by(Subscriber.state)
    counts: dict[SubscriberState, int] = dict(db.session.execute(counted).all())
    return {state: counts.get(state, 0) for state in SubscriberState}


def upcoming(now: datetime) -> list[Upcoming]:
    return [Upcoming(kind, _recipient_count(kind, now), digests.upcoming(kind, now)) for kind in Frequency]


def _recipient_count(kind: Frequency, now: datetime) -> int | None:
    try:
        return len(digests.recipients(kind, now))
    except SearchUnavailable:
        return None


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
