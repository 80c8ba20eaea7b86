"""The outbox: mail is saved with the change that causes it, and delivered from here, once, by any number of workers.

``queued → sending → sent | failed | uncertain | excluded``. A worker claims a row in its turn of writing, so two workers
cannot send the same mail. A row left in ``sending`` by a crash is settled by its Message-ID or becomes
``uncertain``; it is never blindly sent again.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from webapp.db.session import db
from webapp.mail import bounces
from webapp.mail.bounces import BounceKind
from webapp.mail.smtp import Letter, Mailer, NotSent, Refused, Uncertain, new_message_id
from webapp.models import Article, Issue, MailKind, MailState, MessageArticle, OutboxMessage, Subscriber

log = logging.getLogger(__name__)

# How long to wait after each try that failed for now; after the last one the mail has failed.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
KEPT_FOR, NAMED_FOR = timedelta(days=30), timedelta(days=365)
STALE_AFTER = timedelta(minutes=5)  # longer than any conversation with a mail server may take

# Writes a mail in full at the moment it goes out, or returns None where it should not be sent any more.
WriteLetter = Callable[[OutboxMessage, datetime], Letter | None]


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    state: MailState
    error: str | None = None
    wait: timedelta = timedelta(0)
    bounce: BounceKind | None = None  # what the address is blamed for


@dataclass(frozen=True)
class Claim:
    """A mail that this process alone tries to deliver now; an outcome where there is nothing to hand over."""

    message_id: int
    attempt: int
    letter: Letter | Outcome


def enqueue(
    kind: MailKind,
    recipient: str,
    now: datetime,
    *,
    subscriber: Subscriber | None = None,
    issue: Issue | None = None,
    articles: Sequence[Article] = (),
    subject: str | None = None,
    text: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutboxMessage:
    """Save a mail to be sent; it goes out after the caller's transaction is committed."""
    message = OutboxMessage(
        kind=kind,
        recipient=recipient,
        subscriber=subscriber,
        issue=issue,
        subject=subject,
        text_body=text,
        headers=dict(headers or {}),
        message_id=new_message_id(current_app.extensions["config"]),
        state=MailState.QUEUED,
        queued_at=now,
        next_try_at=now,
        article_links=[MessageArticle(article=article, position=at) for at, article in enumerate(articles)],
    )
    db.session.add(message)
    return message


def is_anything_due(now: datetime) -> bool:
    """Is there a mail to deliver, or one to settle?"""
    query = select(OutboxMessage.id).where(or_(_is_due(now), _is_stale(now))).limit(1)
    return db.session.scalar(query) is not None


def claim(write_letter: WriteLetter, now: datetime) -> Claim | None:
    """Take the mail that has waited longest, and write it; None when none is due.

    Commit it before the mail server hears of the mail. The letter is written in the same transaction, since what it says
    of an article, or the secret of its link, is noted in the database.
    """
    message = db.session.scalar(
        select(OutboxMessage)
        .where(_is_due(now))
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(1)
    )
    if message is None:
        return None
    message.state, message.claimed_at = MailState.SENDING, now
    message.attempt_count += 1
    try:
        letter: Letter | Outcome = write_letter(message, now) or Outcome(MailState.EXCLUDED)
    except Exception as error:
        log.exception("a mail could not be written", extra={"message_id": message.message_id})
        letter = _later(f"could not be written: {error}", message.attempt_count)
    return Claim(message.id, message.attempt_count, letter)


def send(mailer: Mailer, claimed: Claim) -> Outcome:
    """Hand a mail over, which may take half a minute: outside any transaction."""
    if isinstance(claimed.letter, Outcome):
        return claimed.letter
    try:
        mailer.send(claimed.letter)
    except NotSent as error:
        outcome = _later(str(error), claimed.attempt)
        return replace(outcome, bounce=BounceKind.SOFT) if outcome.state == MailState.FAILED else outcome
    except Refused as error:
        return Outcome(MailState.FAILED, str(error), bounce=BounceKind.HARD if error.is_hard else None)
    except Uncertain as error:
        return Outcome(MailState.UNCERTAIN, str(error))
    return Outcome(MailState.SENT)


def finish(claimed: Claim, outcome: Outcome, now: datetime) -> None:
    """Note the outcome, unless somebody settled the mail in the meantime."""
    if outcome.bounce and isinstance(claimed.letter, Letter):
        bounces.count(claimed.letter.recipient, outcome.bounce, now)
    values: dict[str, object] = {"state": outcome.state, "last_error": outcome.error}
    if outcome.state == MailState.SENT:
        values |= {"sent_at": now, "subject": None, "text_body": None}
    if outcome.state == MailState.QUEUED:
        values["next_try_at"] = now + outcome.wait
    db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == claimed.message_id,
            OutboxMessage.attempt_count == claimed.attempt,
            OutboxMessage.state.in_((MailState.SENDING, MailState.UNCERTAIN)),
        )
        .values(values)
    )


def forget_old(now: datetime) -> None:
    """Drop mails about signing up and to editors after a month; after a year no mail names its recipient.

    Digests and corrections stay: a correction must reach those who were sent an article, and issues are counted.
    """
    db.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.state.in_((MailState.SENT, MailState.FAILED, MailState.EXCLUDED)),
            OutboxMessage.kind.not_in((MailKind.DIGEST, MailKind.CORRECTION)),
            OutboxMessage.queued_at < now - KEPT_FOR,
        )
    )
    old = update(OutboxMessage).where(OutboxMessage.queued_at < now - NAMED_FOR)
    db.session.execute(old.values(recipient="", last_error=None))


def waiting_count(now: datetime) -> int:
    """How many mails are due."""
    return db.session.scalar(select(func.count()).select_from(OutboxMessage).where(_is_due(now))) or 0


def state_line() -> str:
    """How many mails stand where, in words: "3 queued, 120 sent"."""
    counted = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    counts: dict[MailState, int] = dict(db.session.execute(counted).all())
    return (
        ", ".join(f"{counts[state]} {state}" for state in MailState if state in counts)
        or "The outbox is empty"
    )


def settle_stale(mailer: Mailer, now: datetime) -> int:
    """Look at mails that a crashed worker left in ``sending``, and return how many there were.

    Where the way out can tell, they are sent or queued again; where it cannot, they are uncertain.
    """
    rows = list(db.session.scalars(select(OutboxMessage).where(_is_stale(now))))
    for row in rows:
        was_delivered = mailer.was_delivered(row.message_id)
        if was_delivered is None:
            row.state = MailState.UNCERTAIN
        else:
            _settle(row, was_delivered, now)
    return len(rows)


def settle_uncertain(
    delivered_ids: Iterable[str], now: datetime, *, rest_was_not_sent: bool
) -> tuple[int, int]:
    """Settle uncertain mails by the Message-IDs of the mail server's log; returns how many were sent, and queued again.

    Where the log is not known to be complete, mails that it does not name stay uncertain.
    """
    known = set(delivered_ids)
    rows = list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.state == MailState.UNCERTAIN)))
    sent = [row for row in rows if row.message_id in known]
    unsent = [row for row in rows if row.message_id not in known] if rest_was_not_sent else []
    for row in rows:
        if row in sent or row in unsent:
            _settle(row, row in sent, now)
    return len(sent), len(unsent)


def settle_one(message: OutboxMessage, *, was_delivered: bool, now: datetime) -> None:
    """An editor decides what became of an uncertain mail; any other mail is left alone."""
    if message.state == MailState.UNCERTAIN:
        _settle(message, was_delivered, now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMessage.state == MailState.QUEUED, OutboxMessage.next_try_at <= now)


def _is_stale(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMessage.state == MailState.SENDING, OutboxMessage.claimed_at <= now - STALE_AFTER)


def _settle(row: OutboxMessage, was_delivered: bool, now: datetime) -> None:
    row.state = MailState.SENT if was_delivered else MailState.QUEUED
    if was_delivered:
        row.sent_at = row.claimed_at or now
    else:
        row.next_try_at = now


def _later(error: str, attempt: int) -> Outcome:
    """Another try after a while, or failure after the last one."""
    if attempt > len(WAITS):
        return Outcome(MailState.FAILED, error)
    return Outcome(MailState.QUEUED, error, WAITS[attempt - 1])
