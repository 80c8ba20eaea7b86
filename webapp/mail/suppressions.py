"""The suppression list: addresses that must get no mail, as keyed hashes, so that the list names nobody."""

from datetime import datetime

from sqlalchemy import select

from webapp.db.session import db
from webapp.models import Subscriber, SubscriberState, Suppression, SuppressionReason
from webapp.web import tokens

HARD_BOUNCES = 2  # "no such mailbox"; a single one may be a mistake of the server
SOFT_BOUNCES = 5  # a full or unreachable mailbox
_PURPOSE = "suppression"


def find_suppression(email: str) -> Suppression | None:
    """Look up the suppression of an address, also under an older secret key."""
    known = Suppression.address_hash.in_(tokens.keyed_hashes(_PURPOSE, email))
    return db.session.scalar(select(Suppression).where(known))


def suppress(email: str, reason: SuppressionReason, now: datetime) -> None:
    """Send no more mail to this address. The reason of an earlier suppression stays."""
    if find_suppression(email) is None:
        row = Suppression(address_hash=tokens.keyed_hash(_PURPOSE, email), reason=reason, suppressed_at=now)
        db.session.add(row)
    subscriber = _subscriber_at(email)
    if subscriber is not None:
        subscriber.state = SubscriberState.SUPPRESSED


def lift_suppression(email: str) -> None:
    """Allow mail to an address again, once its owner has subscribed and confirmed."""
    row = find_suppression(email)
    if row is not None:
        db.session.delete(row)


def record_hard_bounce(email: str, now: datetime) -> None:
    """Count a bounce for "no such mailbox"; suppresses the address at HARD_BOUNCES."""
    subscriber = _subscriber_at(email)
    if subscriber is None:
        return
    subscriber.hard_bounce_count += 1
    if subscriber.hard_bounce_count >= HARD_BOUNCES:
        suppress(email, SuppressionReason.BOUNCED, now)


def record_soft_bounce(email: str, now: datetime) -> None:
    """Count a bounce for another reason; suppresses the address at SOFT_BOUNCES."""
    subscriber = _subscriber_at(email)
    if subscriber is None:
        return
    subscriber.soft_bounce_count += 1
    if subscriber.soft_bounce_count >= SOFT_BOUNCES:
        suppress(email, SuppressionReason.BOUNCED, now)


def _subscriber_at(email: str) -> Subscriber | None:
    return db.session.scalar(select(Subscriber).where(Subscriber.email == email))
