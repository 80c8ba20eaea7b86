"""Subscriptions: double opt-in, preferences, unsubscribing and erasure.

No answer depends on whether an address is subscribed: otherwise anybody could find out who is.
"""

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
from webapp.web.tokens import TokenError

CONSENT_WORDING = "Send me new summaries by email. I can unsubscribe anytime with one click."
ON_REQUEST = (MailKind.CONFIRM, MailKind.ALREADY_SUBSCRIBED, MailKind.PREFERENCES_LINK)
# Of mails on request to an address, which anybody can type in.
LIMITS = ((1, timedelta(hours=1)), (5, timedelta(days=1)))
DOUBLE_CLICK = timedelta(minutes=10)
PREFERENCES_FOR = timedelta(days=90)
UNCONFIRMED_FOR = timedelta(days=30)


def ask(email: str, topics: Sequence[str], page: str, now: datetime) -> None:
    """Start a subscription from the sign-up form on ``page``; the answer goes by mail alone.

    A suppressed address gets the mail, too: who clicks the link in it gets mail there, and wants it.
    """
    subscriber = suppressions.find_subscriber(email)
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
    """Mail a link to confirm (again, after bounces or a complaint) or to the preferences, depending on the state."""
    subscriber = suppressions.find_subscriber(email)
    if subscriber is None:
        return
    if subscriber.state == SubscriberState.SUPPRESSED:
        subscriber.state, subscriber.asked_at = SubscriberState.PENDING, now
    if subscriber.state == SubscriberState.PENDING:
        _mail(MailKind.CONFIRM, subscriber, now)
    if subscriber.state == SubscriberState.CONFIRMED:
        _mail(MailKind.PREFERENCES_LINK, subscriber, now)


def get_pending(secret: str, now: datetime) -> Subscriber:
    """The subscriber whom a link to confirm was made for; raises TokenError."""
    subscriber = db.session.scalar(
        select(Subscriber).where(
            Subscriber.confirm_hash == tokens.secret_hash(secret),
            Subscriber.confirm_until >= now,
            Subscriber.state == SubscriberState.PENDING,
        )
    )
    if subscriber is None:
        raise TokenError("confirm")
    return subscriber


def confirm(secret: str, now: datetime) -> None:
    """Confirm a subscription; a second click keeps the date of the first. Raises TokenError."""
    just_confirmed = select(Subscriber.id).where(
        Subscriber.confirm_hash == tokens.secret_hash(secret),
        Subscriber.state == SubscriberState.CONFIRMED,
        Subscriber.confirmed_at > now - DOUBLE_CLICK,
    )
    if db.session.scalar(just_confirmed) is not None:
        return
    subscriber = get_pending(secret, now)
    subscriber.state = SubscriberState.CONFIRMED
    subscriber.confirmed_at = now
    subscriber.unsubscribed_at = None
    suppressions.lift_suppression(subscriber.email)


def get_subscriber(purpose: str, token: str, max_age: timedelta | None = None) -> Subscriber:
    """The subscriber that a link was made for; raises TokenError."""
    key = tokens.read_signed(purpose, token, max_age)
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.key == str(key)))
    if subscriber is None:
        raise TokenError(purpose)
    return subscriber


def unsubscribe_key(token: str) -> str:
    """The key in a link to unsubscribe, perhaps of somebody who has been erased since; raises TokenError."""
    return str(tokens.read_signed(emails.UNSUBSCRIBE, token))


def unsubscribe(token: str, now: datetime) -> None:
    """Unsubscribe the link's owner, unless they already are or have been erased; raises TokenError."""
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.key == unsubscribe_key(token)))
    if subscriber is not None and subscriber.state in (SubscriberState.CONFIRMED, SubscriberState.PENDING):
        subscriber.state = SubscriberState.UNSUBSCRIBED
        subscriber.unsubscribed_at = now


def change(subscriber: Subscriber, topics: Sequence[str], frequency: Frequency) -> None:
    """Save the preferences of a subscriber. An empty list of topics stands for all of them."""
    subscriber.topics = list(topics)
    subscriber.frequency = frequency


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """All stored data about a subscriber, with their messages and mails, as values for JSON."""
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
    """Delete a subscriber and their messages, and their address from the outbox.

    A keyed hash of the address stays on the suppression list, so that no import brings it back.
    """
    suppressions.suppress(subscriber.email, SuppressionReason.ERASED, now)
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.recipient == subscriber.email)
        .values(recipient="", subscriber_id=None, subject=None, text_body=None, last_error=None)
    )
    db.session.execute(delete(ContactMessage).where(ContactMessage.email == subscriber.email))
    for mail in db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == MailKind.CONTACT)):
        if mail.headers.get("Reply-To") == subscriber.email:
            db.session.delete(mail)
    db.session.delete(subscriber)


def forget_unconfirmed(now: datetime) -> None:
    """Delete sign-ups that were not confirmed in time."""
    is_old = Subscriber.asked_at < now - UNCONFIRMED_FOR
    db.session.execute(delete(Subscriber).where(Subscriber.state == SubscriberState.PENDING, is_old))


def _mail(kind: MailKind, subscriber: Subscriber, now: datetime) -> None:
    """Queue a mail on request, unless LIMITS are reached for its address."""
    for limit, period in LIMITS:
        recent = select(func.count()).where(
            OutboxMessage.recipient == subscriber.email,
            OutboxMessage.kind.in_(ON_REQUEST),
            OutboxMessage.queued_at > now - period,
        )
        if (db.session.scalar(recent) or 0) >= limit:
            return
    outbox.enqueue(kind, subscriber.email, now, subscriber=subscriber)
