"""The suppression list: addresses that must get no mail, as keyed hashes, so that the list names nobody."""

from datetime import datetime
from itertools import takewhile

from sqlalchemy import select, update

from webapp.db.session import db
from webapp.models import (
    BounceKind,
    MailState,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from webapp.web import tokens

# In a row, with no delivery in between.
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
    subscriber = find_subscriber(email)
    if subscriber is not None:
        subscriber.state = SubscriberState.SUPPRESSED


def lift_suppression(email: str) -> None:
    """Allow mail to an address again, and forget its bounces, once its owner has subscribed and confirmed."""
    row = find_suppression(email)
    if row is not None:
        db.session.delete(row)
    db.session.execute(update(OutboxMessage).where(OutboxMessage.recipient == email).values(bounce=None))


def suppress_if_bouncing(message: OutboxMessage, now: datetime) -> None:
    """Suppress the address of a mail that came back if it complained, or bounced too often since its last delivery.

    What came back more than a year ago does not count: a row loses its address after a year.
    """
    if message.bounce == BounceKind.COMPLAINT:
        suppress(message.recipient, SuppressionReason.COMPLAINED, now)
    if find_subscriber(message.recipient) is None:
        return
    sent = (
        select(OutboxMessage)
        .where(OutboxMessage.recipient == message.recipient)
        .order_by(OutboxMessage.id.desc())
    )
    since_delivery = takewhile(
        lambda mail: mail.state != MailState.SENT or mail.bounced_at is not None, db.session.scalars(sent)
    )
    bounces = [mail.bounce for mail in since_delivery if mail.bounce is not None]
    if bounces.count(BounceKind.HARD) >= HARD_BOUNCES or len(bounces) >= SOFT_BOUNCES:
        suppress(message.recipient, SuppressionReason.BOUNCED, now)


def find_subscriber(email: str) -> Subscriber | None:
    """Look up a subscriber by address, in its normal form."""
    return db.session.scalar(select(Subscriber).where(Subscriber.email == email))
