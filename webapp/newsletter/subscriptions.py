"""Subscriptions: double opt-in, followed searches, preferences, unsubscribing and erasure.

No answer depends on whether an address is subscribed: otherwise anybody could find out who is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from webapp.db.session import db
from webapp.languages.language import current_language, gettext, gettext_noop
from webapp.letters import emails
from webapp.letters.compose import CONFIRM_FOR
from webapp.mail import outbox, suppressions
from webapp.models import (
    MOST_SEARCHES,
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

SEARCH_CONSENT_WORDING = gettext_noop(
    "Email me new summaries that match. I can unsubscribe anytime with one click."
)
CONSENT_WORDING = gettext_noop("Send me new summaries by email. I can unsubscribe anytime with one click.")
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
    subscriber = _pending(subscriber, email, page, CONSENT_WORDING, now)
    subscriber.topics, subscriber.follows_searches_only = list(topics), False
    _mail(MailKind.CONFIRM, subscriber, now)


def ask_search(email: str, search: str, page: str, now: datetime) -> None:
    """Ask the owner of an address by mail whether they want to follow a search.

    The search is stored with the subscriber until the link is clicked. The mail does not quote it: otherwise anybody could send
    words of their own to any address.
    """
    if _had_enough_mail(email, now):
        return
    subscriber = suppressions.find_subscriber(email)
    if subscriber is None or subscriber.state != SubscriberState.CONFIRMED:
        # Whoever signed up for the newsletter a moment ago wants both.
        wants_both = subscriber is not None and subscriber.state == SubscriberState.PENDING
        subscriber = _pending(subscriber, email, page, SEARCH_CONSENT_WORDING, now)
        if not wants_both:
            subscriber.topics, subscriber.follows_searches_only = [], True
    elif search in subscriber.searches or len(subscriber.searches) >= MOST_SEARCHES:
        outbox.enqueue(MailKind.ALREADY_SUBSCRIBED, email, now, subscriber=subscriber)
        return
    subscriber.asked_search = search
    # The link of an earlier mail confirms nothing that was asked for after it.
    subscriber.confirm_hash, subscriber.confirm_until = None, now + CONFIRM_FOR
    outbox.enqueue(MailKind.CONFIRM, email, now, subscriber=subscriber)


def _pending(subscriber: Subscriber | None, email: str, page: str, wording: str, now: datetime) -> Subscriber:
    """A subscriber, perhaps a new one, who has now asked on ``page`` under this wording and has yet to confirm."""
    if subscriber is None:
        subscriber = Subscriber(key=tokens.new_secret(), email=email, frequency=Frequency.WEEKLY)
        db.session.add(subscriber)
    subscriber.state = SubscriberState.PENDING
    subscriber.language = current_language().code
    subscriber.consent_page, subscriber.consent_wording = page, gettext(wording)
    subscriber.asked_at = now
    return subscriber


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
        )
    )
    if subscriber is None or not subscriber.is_asked_to_confirm:
        raise TokenError("confirm")
    return subscriber


def confirm(secret: str, now: datetime) -> None:
    """Confirm a subscription, a search to follow, or both; a second click keeps the date of the first. Raises TokenError."""
    just_confirmed = select(Subscriber.id).where(
        Subscriber.confirm_hash == tokens.secret_hash(secret),
        Subscriber.state == SubscriberState.CONFIRMED,
        Subscriber.asked_search.is_(None),
        Subscriber.confirmed_at > now - DOUBLE_CLICK,
    )
    if db.session.scalar(just_confirmed) is not None:
        return
    subscriber = get_pending(secret, now)
    subscriber.state = SubscriberState.CONFIRMED
    subscriber.confirmed_at = now
    subscriber.unsubscribed_at = None
    if subscriber.asked_search is not None:
        kept = [search for search in subscriber.searches if search != subscriber.asked_search]
        subscriber.searches, subscriber.asked_search = [*kept, subscriber.asked_search][:MOST_SEARCHES], None
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
        _end(subscriber, now)


def change(
    subscriber: Subscriber, topics: Sequence[str], frequency: Frequency, *, searches_only: bool = False
) -> None:
    """Save the preferences of a subscriber. An empty list of topics stands for all of them, or with searches only for none."""
    subscriber.topics = list(topics)
    subscriber.frequency = frequency
    subscriber.follows_searches_only = searches_only and bool(subscriber.searches)


def stop_search(subscriber: Subscriber, search: str, now: datetime) -> None:
    """Stop following a search. Whoever followed nothing else is unsubscribed."""
    subscriber.searches = [other for other in subscriber.searches if other != search]
    if subscriber.follows_searches_only and not subscriber.searches:
        _end(subscriber, now)


def _end(subscriber: Subscriber, now: datetime) -> None:
    """Unsubscribe; the words of searches are deleted with the subscription."""
    subscriber.state = SubscriberState.UNSUBSCRIBED
    subscriber.unsubscribed_at = now
    subscriber.searches, subscriber.asked_search, subscriber.follows_searches_only = [], None, False


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
                "answers": [link.answer.slug for link in row.answer_links],
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
    """Delete sign-ups that were not confirmed in time, and searches whose link no longer works."""
    is_old = Subscriber.asked_at < now - UNCONFIRMED_FOR
    db.session.execute(delete(Subscriber).where(Subscriber.state == SubscriberState.PENDING, is_old))
    is_late = and_(Subscriber.state != SubscriberState.PENDING, Subscriber.confirm_until < now)
    db.session.execute(update(Subscriber).where(is_late).values(asked_search=None))


def _mail(kind: MailKind, subscriber: Subscriber, now: datetime) -> None:
    """Queue a mail on request, unless LIMITS are reached for its address."""
    if not _had_enough_mail(subscriber.email, now):
        outbox.enqueue(kind, subscriber.email, now, subscriber=subscriber)


def _had_enough_mail(email: str, now: datetime) -> bool:
    """Whether LIMITS are reached. A mail whose link was clicked was wanted, and does not delay the next one for an hour."""
    confirmed_at = db.session.scalar(select(Subscriber.confirmed_at).where(Subscriber.email == email))
    for limit, period in LIMITS:
        recent = select(func.count()).where(
            OutboxMessage.recipient == email,
            OutboxMessage.kind.in_(ON_REQUEST),
            OutboxMessage.queued_at > now - period,
        )
        if limit == 1 and confirmed_at is not None:
            recent = recent.where(OutboxMessage.queued_at > confirmed_at)
        if (db.session.scalar(recent) or 0) >= limit:
            return True
    return False
