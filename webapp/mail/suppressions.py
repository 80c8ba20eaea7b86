"""Addresses that must get no mail: kept as keyed hashes, so that the list itself names nobody."""

from datetime import datetime

from sqlalchemy import select

from webapp.db.session import db
from webapp.models import Subscriber, SubscriberState, Suppression, SuppressionReason
from webapp.web import tokens

HARD_BOUNCES = 2  # that many times "no such mailbox"; one may be a server's mistake
SOFT_BOUNCES = 5  # that many times a full or unreachable mailbox
_PURPOSE = "suppression"


def find_suppression(email: str) -> Suppression | None:
    """Why this address gets no mail, if so."""
    known = Suppression.address_hash.in_(tokens.keyed_hashes(_PURPOSE, email))
    return db.session.scalar(select(Suppression).where(known))


def suppress(email: str, reason: SuppressionReason, now: datetime) -> None:
    """Send nothing more to this address. The first reason stands."""
    if find_suppression(email) is None:
        row = Suppression(address_hash=tokens.keyed_hash(_PURPOSE, email), reason=reason, suppressed_at=now)
        db.session.add(row)
    subscriber = _subscriber_at(email)
    if subscriber is not None:
        subscriber.state = SubscriberState.SUPPRESSED


def lift_suppression(email: str) -> None:
    """Allow mail again: the person has just asked for it and proved the address."""
    row = find_suppression(email)
    if row is not None:
        db.session.delete(row)


def record_hard_bounce(email: str, now: datetime) -> None:
    """The mailbox does not exist, says its server. Repeated, the address gets no more mail."""
    subscriber = _subscriber_at(email)
    if subscriber is None:
        return
    subscriber.hard_bounce_count += 1
    if subscriber.hard_bounce_count >= HARD_BOUNCES:
        suppress(email, SuppressionReason.BOUNCED, now)


def record_soft_bounce(email: str, now: datetime) -> None:
    """The mailbox could not take this mail. Repeated, the address gets no more mail."""
    subscriber = _subscriber_at(email)
    if subscriber is None:
        return
    subscriber.soft_bounce_count += 1
    if subscriber.soft_bounce_count >= SOFT_BOUNCES:
        suppress(email, SuppressionReason.BOUNCED, now)


def _subscriber_at(email: str) -> Subscriber | None:
    return db.session.scalar(select(Subscriber).where(Subscriber.email == email))
