"""Delivery of the outbox: claim a mail, hand it to the mail server, record the outcome, each in its own transaction."""

from collections.abc import Callable
from datetime import UTC, datetime

from webapp.db.writing import stop_reading, writing
from webapp.mail import outbox
from webapp.mail.outbox import PRIORITIES, Priorities, WriteLetter
from webapp.mail.smtp import Mailer


def deliver_due(
    mailer: Mailer,
    write_letter: WriteLetter,
    priorities: Priorities = PRIORITIES,
    each: Callable[[], None] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver all mail of these kinds that is due, after settling what a crash left in ``sending``.

    Returns how many were tried. Raises ServerAway before a mail is claimed: a server that is away uses up no try.
    """
    settle_stale(mailer, datetime.now(UTC))
    count = 0
    while not should_stop() and outbox.next_due(datetime.now(UTC), priorities):
        stop_reading()
        mailer.open()
        count += deliver_one(mailer, write_letter, datetime.now(UTC), priorities)
        each()
    return count


def settle_stale(mailer: Mailer, now: datetime) -> int:
    """Ask the mailer about the mails that a crash left in ``sending``, and settle them; returns how many there were."""
    message_ids = outbox.stale_message_ids(now)
    if not message_ids:
        return 0
    stop_reading()
    answers = {message_id: mailer.was_delivered(message_id) for message_id in message_ids}
    with writing():
        return outbox.settle_stale(answers, now)


def deliver_one(
    mailer: Mailer, write_letter: WriteLetter, now: datetime, priorities: Priorities = PRIORITIES
) -> bool:
    """Try to deliver the mail that comes next; False if none is due."""
    with writing():
        claimed = outbox.claim(write_letter, now, priorities)
    if claimed is None:
        return False
    outcome = outbox.send(mailer, claimed)
    with writing():
        outbox.finish(claimed, outcome, now)
    return True
