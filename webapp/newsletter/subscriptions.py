"""Signing up, confirming, changing and leaving. What a visitor sees never depends on whether we know the address."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from webapp.db.session import db
from webapp.letters import emails
from webapp.mail import outbox, suppressions
from webapp.models import (
    ContactMessage,
    Frequency,
    MailKind,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    SuppressionReason,
)
from webapp.web import tokens

log = logging.getLogger(__name__)

CONSENT_WORDING = "Send me new summaries by email. I can stop at any time with one press."
ASKED_FOR = (MailKind.CONFIRM, MailKind.ALREADY_SUBSCRIBED, MailKind.PREFERENCES_LINK)
# At most so many mails that anybody can cause by typing an address.
LIMITS = ((1, timedelta(hours=1)), (5, timedelta(days=1)))
DOUBLE_PRESS = timedelta(minutes=10)
PREFERENCES_FOR = timedelta(days=90)
UNCONFIRMED_FOR = timedelta(days=30)


class LinkTooOld(LookupError):
    """A link is used up, too old, altered, or was made for something else."""


def ask(email: str, topics: Sequence[str], page: str, now: datetime) -> None:
    """Somebody typed this address into the sign-up form on ``page``. What follows is said only in a mail."""
    subscriber = _subscriber_at(email)
    suppression = suppressions.find_suppression(email)
    if suppression is not None and suppression.reason != SuppressionReason.ERASED:
        return
    if subscriber is not None and subscriber.state == SubscriberState.CONFIRMED:
        _mail(MailKind.ALREADY_SUBSCRIBED, subscriber, now)
        return
    if subscriber is None:
        subscriber = Subscriber(key=tokens.new_secret(), email=email, frequency=Frequency.WEEKLY)
        db.session.add(subscriber)
    subscriber.state = SubscriberState.PENDING
    subscriber.topics = list(topics)
    subscriber.consent_page = page
    subscriber.consent_wording = CONSENT_WORDING
    subscriber.asked_at = now
    _mail(MailKind.CONFIRM, subscriber, now)


def send_new_link(email: str, now: datetime) -> None:
    """Somebody's link was too old: mail the one that fits where the address stands, if it is known at all."""
    subscriber = _subscriber_at(email)
    if subscriber is not None and subscriber.state == SubscriberState.PENDING:
        _mail(MailKind.CONFIRM, subscriber, now)
    if subscriber is not None and subscriber.state == SubscriberState.CONFIRMED:
        _mail(MailKind.PREFERENCES_LINK, subscriber, now)


def get_pending(secret: str, now: datetime) -> Subscriber:
    """Who waits behind a link to confirm; raises LinkTooOld."""
    subscriber = db.session.scalar(
        select(Subscriber).where(Subscriber.confirm_hash == tokens.secret_hash(secret))
    )
    if subscriber is None or subscriber.confirm_until is None or now > subscriber.confirm_until:
        raise _too_old("confirm")
    if subscriber.state != SubscriberState.PENDING:
        raise _too_old("confirm")
    return subscriber


def confirm(secret: str, now: datetime) -> None:
    """The address is proved. Pressing twice keeps the first date; raises LinkTooOld."""
    hashed = tokens.secret_hash(secret)
    pressed_just_now = select(Subscriber.id).where(
        Subscriber.confirm_hash == hashed,
        Subscriber.state == SubscriberState.CONFIRMED,
        Subscriber.confirmed_at > now - DOUBLE_PRESS,
    )
    if db.session.scalar(pressed_just_now) is not None:
        return
    subscriber = get_pending(secret, now)
    subscriber.state = SubscriberState.CONFIRMED
    subscriber.confirmed_at = now
    subscriber.unsubscribed_at = None
    subscriber.hard_bounce_count = subscriber.soft_bounce_count = 0
    suppressions.lift_suppression(subscriber.email)


def get_subscriber(purpose: str, token: str, max_age: timedelta | None = None) -> Subscriber:
    """Whose link this is; raises LinkTooOld."""
    try:
        key = tokens.read_signed(purpose, token, max_age)
    except tokens.TokenError as error:
        raise _too_old(purpose) from error
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.key == str(key)))
    if subscriber is None:
        raise _too_old(purpose)
    return subscriber


def is_unsubscribe_token(token: str) -> bool:
    """Did we make this link, for anybody, ever? Also true for somebody who has been erased since."""
    try:
        tokens.read_signed(emails.UNSUBSCRIBE, token)
    except tokens.TokenError:
        return False
    return True


def unsubscribe(token: str, now: datetime) -> None:
    """Stop the newsletter for the link's owner. Twice is fine, and so is somebody who is gone; raises LinkTooOld."""
    if not is_unsubscribe_token(token):
        raise _too_old(emails.UNSUBSCRIBE)
    key = str(tokens.read_signed(emails.UNSUBSCRIBE, token))
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.key == key))
    if subscriber is not None and subscriber.state in (SubscriberState.CONFIRMED, SubscriberState.PENDING):
        subscriber.state = SubscriberState.UNSUBSCRIBED
        subscriber.unsubscribed_at = now


def change(subscriber: Subscriber, topics: Sequence[str], frequency: Frequency) -> None:
    """Other topics, or more or less often. No topics means all of them."""
    subscriber.topics = list(topics)
    subscriber.frequency = frequency


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """All that is stored about one person, and what was sent from their address: JSON-ready values."""
    mails = db.session.scalars(
        select(OutboxMessage)
        .where(or_(OutboxMessage.recipient == subscriber.email, OutboxMessage.subscriber_id == subscriber.id))
        .order_by(OutboxMessage.queued_at)
    )
    messages = db.session.scalars(select(ContactMessage).where(ContactMessage.email == subscriber.email))
    own = {column.key: getattr(subscriber, column.key) for column in Subscriber.__table__.columns}
    return own | {
        "messages": [
            {"topic": row.topic, "name": row.name, "message": row.message, "sent_at": row.sent_at}
            for row in messages
        ],
        "mails": [
            {
                "kind": row.kind,
                "state": row.state,
                "queued_at": row.queued_at,
                "sent_at": row.sent_at,
                "articles": [link.article.slug for link in row.article_links],
            }
            for row in mails
        ],
    }


def erase(subscriber: Subscriber, now: datetime) -> None:
    """Forget a person and their messages. Their mails keep no name; a keyed hash of the address stays, so that
    no import brings them back.
    """
    suppressions.suppress(subscriber.email, SuppressionReason.ERASED, now)
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.recipient == subscriber.email)
        .values(recipient="", subscriber_id=None, subject=None, text_body=None, last_error=None)
    )
    _erase_messages_from(subscriber.email)
    db.session.delete(subscriber)


def forget_unconfirmed(now: datetime) -> None:
    """Drop sign-ups that nobody confirmed."""
    is_old = Subscriber.asked_at < now - UNCONFIRMED_FOR
    db.session.execute(delete(Subscriber).where(Subscriber.state == SubscriberState.PENDING, is_old))


def _erase_messages_from(email: str) -> None:
    """Delete what somebody wrote to the editors, and our copies of the mails that told them."""
    db.session.execute(delete(ContactMessage).where(ContactMessage.email == email))
    for row in db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == MailKind.CONTACT)):
        if row.headers.get("Reply-To") == email:
            db.session.delete(row)


def _mail(kind: MailKind, subscriber: Subscriber, now: datetime) -> None:
    """Queue a mail, unless this address had its share already."""
    for limit, period in LIMITS:
        recent = select(func.count()).where(
            OutboxMessage.recipient == subscriber.email,
            OutboxMessage.kind.in_(ASKED_FOR),
            OutboxMessage.queued_at > now - period,
        )
        if (db.session.scalar(recent) or 0) >= limit:
            return
    outbox.enqueue(kind, subscriber.email, now, subscriber=subscriber)


def _subscriber_at(email: str) -> Subscriber | None:
    return db.session.scalar(select(Subscriber).where(Subscriber.email == email))


def _too_old(purpose: str) -> LinkTooOld:
    log.info("a link did not work", extra={"purpose": purpose})
    return LinkTooOld(purpose)
