"""The outbox: mail is saved in the transaction that causes it, and sent later, once, by any number of workers.

``queued → sending → sent | failed | uncertain | excluded``. A worker claims a row in a write transaction, so two workers
cannot send the same mail. A row left in ``sending`` by a crash is settled by its Message-ID or becomes
``uncertain``; it is never sent again by itself.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from webapp.db.session import db
from webapp.mail import suppressions
from webapp.mail.refusals import judge
from webapp.mail.smtp import Letter, Mailer, MailRefused, NotSent, Uncertain, new_message_id
from webapp.models import (
    Answer,
    Article,
    BounceKind,
    Editor,
    Issue,
    MailKind,
    MailState,
    MessageAnswer,
    MessageArticle,
    OutboxMessage,
    Role,
    Subscriber,
)

log = logging.getLogger(__name__)

# What one person waits for goes out before what goes to many. Each group is claimed by its own query, because with the index
# it then costs the same behind ten thousand digests.
BULK = (MailKind.CORRECTION, MailKind.DIGEST)
URGENT = tuple(kind for kind in MailKind if kind not in BULK)
PRIORITIES = (URGENT, *((kind,) for kind in BULK))
Priorities = Sequence[Sequence[MailKind]]
# Between tries; after the last one the mail has failed. At most a quarter of an hour in the first two hours: otherwise mail
# would wait much longer than the mail server was away.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, *[15] * 8, 60, 180, 360, 720, 1440))
TRIED = (MailState.SENT, MailState.FAILED, MailState.UNCERTAIN)
MAIL_RETENTION, RECIPIENT_RETENTION = timedelta(days=30), timedelta(days=365)
STALE_AFTER = timedelta(minutes=5)  # longer than any SMTP session may take
# An issue is stopped if at least WAVE of its mails were refused: most of all, or because of us most of the LATEST.
WAVE, LATEST = 3, 10

# Renders a mail when it is sent, or returns None if it should no longer be sent.
WriteLetter = Callable[[OutboxMessage, datetime], Letter | None]


@dataclass(frozen=True)
class DeliveryOutcome:
    """The result of one try; ``wait``: until the next one."""

    state: MailState
    error: str | None = None
    wait: timedelta = timedelta(0)
    bounce: BounceKind | None = None  # to be counted against the address


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that only this process is delivering; ``letter`` is an outcome if there is nothing to send."""

    message_id: int
    attempt: int
    letter: Letter | DeliveryOutcome


def enqueue(
    kind: MailKind,
    recipient: str,
    now: datetime,
    *,
    subscriber: Subscriber | None = None,
    issue: Issue | None = None,
    articles: Sequence[Article] = (),
    answers: Sequence[Answer] = (),
    subject: str | None = None,
    text: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutboxMessage:
    """Add a mail to the outbox, in the caller's transaction."""
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
        answer_links=[MessageAnswer(answer=answer) for answer in answers],
    )
    db.session.add(message)
    return message


def enqueue_issue(issue: Issue, to: Sequence[tuple[Subscriber, Sequence[Article]]], now: datetime) -> None:
    """Add an issue's mail to each subscriber with these articles, in the caller's transaction.

    As ``enqueue()`` does, but with two statements for all: thousands of objects would keep other writers waiting.
    """
    db.session.add(issue)
    db.session.flush()
    config = current_app.extensions["config"]
    mails = [
        {
            "kind": MailKind.DIGEST,
            "recipient": subscriber.email,
            "subscriber_id": subscriber.id,
            "issue_id": issue.id,
            "message_id": new_message_id(config),
            "queued_at": now,
            "next_try_at": now,
        }
        for subscriber, _ in to
    ]
    added = insert(OutboxMessage).returning(OutboxMessage.id, sort_by_parameter_order=True)
    links = [
        {"message_id": message_id, "article_id": article.id, "position": at}
        for message_id, (_, articles) in zip(db.session.scalars(added, mails), to, strict=True)
        for at, article in enumerate(articles)
    ]
    db.session.execute(insert(MessageArticle), links)


def next_due(now: datetime, priorities: Priorities = PRIORITIES) -> OutboxMessage | None:
    """The mail to deliver next: of the first priority of which any is due, the one that has waited longest."""
    for kinds in priorities:
        due = select(OutboxMessage).where(OutboxMessage.kind.in_(kinds), _is_due(now))
        message = db.session.scalar(due.order_by(OutboxMessage.next_try_at, OutboxMessage.id).limit(1))
        if message is not None:
            return message
    return None


def claim(
    write_letter: WriteLetter, now: datetime, priorities: Priorities = PRIORITIES
) -> ClaimedMail | None:
    """Claim and render the mail to deliver next; None if none is due.

    Commit the claim before sending: otherwise a crash would leave the mail queued, to be sent twice. Rendering belongs
    to the same transaction, as it stores the state of each article in the mail, or the hash of its link.
    """
    message = next_due(now, priorities)
    if message is None:
        return None
    message.state, message.claimed_at = MailState.SENDING, now
    message.attempt_count += 1
    try:
        with db.session.begin_nested():  # otherwise an error of the database would undo the claim, too
            letter: Letter | DeliveryOutcome = write_letter(message, now) or DeliveryOutcome(
                MailState.EXCLUDED
            )
    except Exception as error:
        log.exception("a mail could not be written", extra={"message_id": message.message_id})
        letter = _later(f"could not be written: {error}", message.attempt_count)
    return ClaimedMail(message.id, message.attempt_count, letter)


def send(mailer: Mailer, claimed: ClaimedMail) -> DeliveryOutcome:
    """Send a claimed mail. It can take half a minute, so call it outside any transaction."""
    if isinstance(claimed.letter, DeliveryOutcome):
        return claimed.letter
    try:
        mailer.send(claimed.letter)
    except MailRefused as error:
        return DeliveryOutcome(MailState.FAILED, str(error), bounce=error.bounce)
    except NotSent as error:
        return _later(str(error), claimed.attempt, error.bounce)
    except Uncertain as error:
        return DeliveryOutcome(MailState.UNCERTAIN, str(error))
    return DeliveryOutcome(MailState.SENT)


def finish(claimed: ClaimedMail, outcome: DeliveryOutcome, now: datetime) -> None:
    """Record the outcome, unless the mail was settled or claimed again in the meantime."""
    message = db.session.scalar(
        select(OutboxMessage).where(
            OutboxMessage.id == claimed.message_id,
            OutboxMessage.attempt_count == claimed.attempt,
            OutboxMessage.state.in_((MailState.SENDING, MailState.UNCERTAIN)),
        )
    )
    if message is None:
        return
    if outcome.state == MailState.FAILED and outcome.bounce is None and message.issue is None:
        # A refusal because of us: with an hour on a block list, a link to a new password must not be lost for good.
        outcome = _later(outcome.error or "", claimed.attempt)
    message.state, message.last_error = outcome.state, outcome.error
    match outcome.state:
        case MailState.SENT:
            message.sent_at, message.subject, message.text_body = now, None, None
        case MailState.QUEUED:
            message.next_try_at = now + outcome.wait
        case MailState.FAILED:
            record_bounce(message, outcome.bounce, now)
        case MailState.UNCERTAIN:
            _stop_wave(message.issue, now)


def record_bounce(message: OutboxMessage, bounce: BounceKind | None, now: datetime) -> None:
    """Note that a mail was refused or came back, and what follows for its address and its issue."""
    message.bounced_at, message.bounce = now, bounce
    if bounce is not None:
        suppressions.suppress_if_bouncing(message, now)
    _stop_wave(message.issue, now)


def _stop_wave(issue: Issue | None, now: datetime) -> None:
    """Stop an issue that is being refused, and tell the editors and each admin: the reason is most likely ours, not the recipients'.

    So these refusals no longer count against anybody. A mail whose fate nobody knows is not a good sign, either.
    """
    if issue is None or issue.stopped_at is not None:
        return
    is_refused = or_(OutboxMessage.bounced_at.is_not(None), OutboxMessage.state == MailState.UNCERTAIN)
    tried = (
        select(is_refused.label("is_refused"), OutboxMessage.bounce)
        .where(OutboxMessage.issue_id == issue.id, OutboxMessage.state.in_(TRIED))
        .order_by(OutboxMessage.claimed_at.desc(), OutboxMessage.id.desc())
    )
    all_tried, latest = tried.subquery(), tried.limit(LATEST).subquery()
    counts = [
        db.session.execute(select(func.count(), func.count().filter(refused))).one()
        for refused in (all_tried.c.is_refused, and_(latest.c.is_refused, latest.c.bounce.is_(None)))
    ]
    if not any(refused >= WAVE and 2 * refused > total for total, refused in counts):
        return
    issue.stopped_at = now
    db.session.execute(update(OutboxMessage).where(_is_refused(issue)).values(bounce=None))
    admins = select(Editor.email).where(Editor.role == Role.ADMIN, Editor.disabled_at.is_(None))
    told = {current_app.extensions["config"].editors_mail, *db.session.scalars(admins)}
    for address in sorted(told):
        enqueue(MailKind.ISSUE_STOPPED, address, now)


def stopped_issues() -> list[tuple[Issue, str | None]]:
    """Issues that wait for an editor to continue them, with the last reason for which a mail of each was refused."""
    found = []
    for issue in db.session.scalars(select(Issue).where(Issue.stopped_at.is_not(None)).order_by(Issue.id)):
        reasons = select(OutboxMessage.last_error).where(
            OutboxMessage.issue_id == issue.id, OutboxMessage.last_error.is_not(None)
        )
        latest_first = reasons.order_by(OutboxMessage.bounced_at.desc().nulls_last())
        found.append((issue, db.session.scalar(latest_first.limit(1))))
    return found


def resume(issue: Issue, now: datetime) -> None:
    """Continue a stopped issue: what waits or was refused is tried anew. Doing it twice changes nothing more.

    What was refused comes last: if these are addresses that do not exist, they must not stop the issue again at once.
    """
    if issue.stopped_at is None:
        return
    issue.stopped_at = None
    waits = and_(OutboxMessage.issue_id == issue.id, OutboxMessage.state == MailState.QUEUED)
    again = {"state": MailState.QUEUED, "attempt_count": 0, "bounced_at": None, "bounce": None}
    for mails, next_try_at in ((waits, now - timedelta(seconds=1)), (_is_refused(issue), now)):
        db.session.execute(update(OutboxMessage).where(mails).values(again | {"next_try_at": next_try_at}))


def forget_old(now: datetime) -> None:
    """Delete mail other than digests and corrections after 30 days, and every recipient's address after a year.

    Rows of digests and corrections stay: they say who must get a correction, and account for each issue.
    """
    db.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.state.in_((MailState.SENT, MailState.FAILED, MailState.EXCLUDED)),
            OutboxMessage.kind.not_in((MailKind.DIGEST, MailKind.CORRECTION)),
            OutboxMessage.queued_at < now - MAIL_RETENTION,
        )
    )
    old = update(OutboxMessage).where(OutboxMessage.queued_at < now - RECIPIENT_RETENTION)
    db.session.execute(old.values(recipient="", last_error=None))


def waiting(now: datetime) -> tuple[int, datetime | None]:
    """How many mails are due, and since when the oldest of them is."""
    counted = select(func.count(OutboxMessage.id), func.min(OutboxMessage.next_try_at))
    count, oldest = db.session.execute(counted.where(_is_due(now))).one()
    return count, oldest


def refused_count(now: datetime) -> int:
    """How many issues are stopped, and how many other mails are refused again and again because of us, for a monitor."""
    waits = and_(OutboxMessage.state == MailState.QUEUED, OutboxMessage.attempt_count >= WAVE)
    failed = and_(OutboxMessage.state == MailState.FAILED, OutboxMessage.bounced_at > now - timedelta(days=1))
    others = select(OutboxMessage.last_error).where(OutboxMessage.issue_id.is_(None), or_(waits, failed))
    reasons = db.session.scalars(others.order_by(OutboxMessage.id.desc()).limit(100))
    sender = current_app.extensions["config"].mail_from
    return len(stopped_issues()) + sum(judge(reason or "", sender) is None for reason in reasons)


def state_line() -> str:
    """The number of mails in each state, in words: "3 queued, 120 sent"."""
    counted = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    counts: dict[MailState, int] = dict(db.session.execute(counted).all())
    parts = [f"{counts[state]} {state}" for state in MailState if state in counts]
    return ", ".join(parts) or "The outbox is empty"


def stale_message_ids(now: datetime) -> list[str]:
    """The Message-IDs of mails that a crashed worker left in ``sending``."""
    return list(db.session.scalars(select(OutboxMessage.message_id).where(_is_stale(now))))


def settle_stale(was_delivered: Mapping[str, bool | None], now: datetime) -> int:
    """Settle stale mails by whether they were delivered, by Message-ID; returns how many there were.

    They become sent or queued, and uncertain where the mailer does not know (None).
    """
    known = OutboxMessage.message_id.in_(was_delivered)
    rows = list(db.session.scalars(select(OutboxMessage).where(_is_stale(now), known)))
    for row in rows:
        answer = was_delivered[row.message_id]
        if answer is None:
            row.state = MailState.UNCERTAIN
        else:
            _settle(row, answer, now)
    return len(rows)


def settle_uncertain(
    delivered_ids: Iterable[str], now: datetime, *, rest_was_not_sent: bool
) -> tuple[int, int]:
    """Settle uncertain mails by the Message-IDs in the mail server's log; returns how many were sent and queued again.

    Mails that are not in the log stay uncertain, unless the log is complete (``rest_was_not_sent``).
    """
    known, sent, again = set(delivered_ids), 0, 0
    for row in db.session.scalars(select(OutboxMessage).where(OutboxMessage.state == MailState.UNCERTAIN)):
        was_delivered = row.message_id in known
        if was_delivered or rest_was_not_sent:
            _settle(row, was_delivered, now)
            sent += was_delivered
            again += not was_delivered
    return sent, again


def settle_one(number: int, *, was_delivered: bool, now: datetime) -> bool:
    """Settle an uncertain mail as an editor decided; False if it is not uncertain, or no longer."""
    message = db.session.get(OutboxMessage, number)
    if message is None or message.state != MailState.UNCERTAIN:
        return False
    _settle(message, was_delivered, now)
    return True


def _is_due(now: datetime) -> ColumnElement[bool]:
    stopped = select(Issue.id).where(Issue.stopped_at.is_not(None))
    return and_(
        OutboxMessage.state == MailState.QUEUED,
        OutboxMessage.next_try_at <= now,
        or_(OutboxMessage.issue_id.is_(None), OutboxMessage.issue_id.not_in(stopped)),
    )


def _is_refused(issue: Issue) -> ColumnElement[bool]:
    """Is this a mail of the issue that was refused or came back, other than as a complaint?"""
    return and_(
        OutboxMessage.issue_id == issue.id,
        OutboxMessage.recipient != "",
        OutboxMessage.bounced_at.is_not(None),
        or_(OutboxMessage.bounce.is_(None), OutboxMessage.bounce != BounceKind.COMPLAINT),
    )


def _is_stale(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMessage.state == MailState.SENDING, OutboxMessage.claimed_at <= now - STALE_AFTER)


def _settle(row: OutboxMessage, was_delivered: bool, now: datetime) -> None:
    row.state = MailState.SENT if was_delivered else MailState.QUEUED
    if was_delivered:
        row.sent_at = row.claimed_at or now
    else:
        row.next_try_at = now


def _later(error: str, attempt: int, bounce: BounceKind | None = None) -> DeliveryOutcome:
    """Queue another try, or fail after the last one."""
    if attempt > len(WAITS):
        return DeliveryOutcome(MailState.FAILED, error, bounce=bounce)
    return DeliveryOutcome(MailState.QUEUED, error, WAITS[attempt - 1])
