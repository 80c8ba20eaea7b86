"""The outbox: mail is saved with the change that causes it, and delivered from here, once, by any number of workers.

``queued → sending → sent | failed | uncertain | excluded``. A worker claims a row by a conditional UPDATE, so two
workers cannot send the same mail. A row left in ``sending`` by a crash is settled by its Message-ID or becomes
``uncertain``; it is never blindly sent again.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select, update

from webapp.db.engine import is_any
from webapp.db.session import db
from webapp.mail import suppressions
from webapp.mail.smtp import Letter, Mailer, NotSent, Refused, Uncertain, new_message_id
from webapp.models import Article, Issue, MailKind, MailState, MessageArticle, OutboxMessage, Subscriber

log = logging.getLogger(__name__)

# How long to wait after each try that failed for now; after the last one the mail has failed.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
STALE_AFTER = timedelta(minutes=5)  # longer than any conversation with a mail server may take

# Writes a mail in full at the moment it goes out, or returns None where it should not be sent any more.
WriteLetter = Callable[[OutboxMessage, datetime], Letter | None]


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    state: MailState
    error: str | None = None
    wait: timedelta = timedelta(0)


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
    """Is there a mail to deliver, or one to settle? Asked without the write lock."""
    return is_any(select(OutboxMessage.id).where(or_(_is_due(now), _is_stale(now))))


def deliver_one(mailer: Mailer, write_letter: WriteLetter, now: datetime) -> bool:
    """Deliver the mail that has waited longest; False when none is due.

    Commits, unlike other domain functions: a sent mail cannot be rolled back.
    """
    message = _claim(now)
    if message is None:
        db.session.rollback()
        return False
    number, attempt = message.id, message.attempt_count
    letter = _write(message, write_letter, now)
    db.session.commit()  # the claim is on disk before the mail server hears of the mail
    outcome = letter if isinstance(letter, Outcome) else _send(mailer, letter, attempt)
    _finish(number, attempt, outcome, now)
    db.session.commit()
    return True


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


def _claim(now: datetime) -> OutboxMessage | None:
    """Take the oldest mail that is due; another worker that wanted the same one gets nothing."""
    due = (
        select(OutboxMessage.id)
        .where(_is_due(now))
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(1)
    )
    claim = (
        update(OutboxMessage)
        .where(OutboxMessage.id == due.scalar_subquery(), OutboxMessage.state == MailState.QUEUED)
        .values(state=MailState.SENDING, claimed_at=now, attempt_count=OutboxMessage.attempt_count + 1)
        .returning(OutboxMessage)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return db.session.scalars(claim).one_or_none()


def _write(message: OutboxMessage, write_letter: WriteLetter, now: datetime) -> Letter | Outcome:
    try:
        letter = write_letter(message, now)
    except Exception as error:
        log.exception("a mail could not be written", extra={"message_id": message.message_id})
        return _later(f"could not be written: {error}", message.attempt_count)
    return letter or Outcome(MailState.EXCLUDED)


def _send(mailer: Mailer, letter: Letter, attempt: int) -> Outcome:
    try:
        mailer.send(letter)
    except NotSent as error:
        outcome = _later(str(error), attempt)
        if outcome.state == MailState.FAILED:
            suppressions.record_soft_bounce(letter.recipient, letter.written_at)
        return outcome
    except Refused as error:
        if error.is_hard:
            suppressions.record_hard_bounce(letter.recipient, letter.written_at)
        return Outcome(MailState.FAILED, str(error))
    except Uncertain as error:
        return Outcome(MailState.UNCERTAIN, str(error))
    return Outcome(MailState.SENT)


def _later(error: str, attempt: int) -> Outcome:
    """Another try after a while, or failure after the last one."""
    if attempt > len(WAITS):
        return Outcome(MailState.FAILED, error)
    return Outcome(MailState.QUEUED, error, WAITS[attempt - 1])


def _finish(number: int, attempt: int, outcome: Outcome, now: datetime) -> None:
    """Note the outcome, unless somebody settled the mail in the meantime."""
    values: dict[str, object] = {"state": outcome.state, "last_error": outcome.error}
    if outcome.state == MailState.SENT:
        values |= {"sent_at": now, "subject": None, "text_body": None}
    if outcome.state == MailState.QUEUED:
        values["next_try_at"] = now + outcome.wait
    db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == number,
            OutboxMessage.attempt_count == attempt,
            OutboxMessage.state.in_((MailState.SENDING, MailState.UNCERTAIN)),
        )
        .values(values)
    )
