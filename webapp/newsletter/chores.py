"""What is thrown away in time: secrets of past days, sign-ups nobody confirmed, old searches and words of old mails."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from webapp.db.session import db
from webapp.feedback.votes import forget_salts
from webapp.letters import corrections
from webapp.models import (
    ContactMessage,
    Feedback,
    MailKind,
    MailState,
    OutboxMessage,
    Subscriber,
    SubscriberState,
)
from webapp.publishing import audit
from webapp.search import misses

UNCONFIRMED_FOR = timedelta(days=30)
MAILS_FOR = timedelta(days=365)
WORDS_FOR = timedelta(days=365)
DONE = (MailState.SENT, MailState.FAILED, MailState.EXCLUDED)


def each_hour(now: datetime) -> None:
    """Tell of corrections, and forget what is no longer needed."""
    corrections.enqueue(now)
    run(now)


def run(now: datetime) -> None:
    """Forget what is no longer needed."""
    forget_salts(now)
    misses.forget_old(now.date())
    audit.forget_old(now)
    db.session.execute(
        delete(Subscriber).where(
            Subscriber.state == SubscriberState.PENDING, Subscriber.asked_at < now - UNCONFIRMED_FOR
        )
    )
    # Digests and corrections stay: a correction must reach those who were sent an article, and issues are counted.
    db.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.state.in_(DONE),
            OutboxMessage.kind.not_in((MailKind.DIGEST, MailKind.CORRECTION)),
            OutboxMessage.queued_at < now - UNCONFIRMED_FOR,
        )
    )
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.queued_at < now - MAILS_FOR)
        .values(recipient="", last_error=None)
    )
    _forget_words(now)


def _forget_words(now: datetime) -> None:
    """What readers wrote: notes a year after they came, messages a year after an editor dealt with them."""
    old_notes = Feedback.note.is_not(None), Feedback.given_at < now - WORDS_FOR
    db.session.execute(update(Feedback).where(*old_notes).values(note=None))
    db.session.execute(delete(ContactMessage).where(ContactMessage.done_at < now - WORDS_FOR))
