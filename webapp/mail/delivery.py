"""Delivery of the outbox: claim a mail, hand it to the mail server, record the outcome, each in its own transaction."""

from collections.abc import Callable
from datetime import UTC, datetime

from webapp.db.writing import writing
from webapp.mail import outbox
from webapp.mail.outbox import WriteLetter
from webapp.mail.smtp import Mailer


def deliver_due(
    mailer: Mailer,
    write_letter: WriteLetter,
    each: Callable[[], None] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver all mail that is due, after settling what a crash left in ``sending``; returns how many were tried."""
    if not outbox.is_anything_due(datetime.now(UTC)):
        return 0
    with writing() as now:
        outbox.settle_stale(mailer, now)
    count = 0
    while not should_stop() and deliver_one(mailer, write_letter, datetime.now(UTC)):
        count += 1
        each()
    return count


def deliver_one(mailer: Mailer, write_letter: WriteLetter, now: datetime) -> bool:
    """Try to deliver the mail that has waited longest; False if none is due."""
    with writing():
        claimed = outbox.claim(write_letter, now)
    if claimed is None:
        return False
    outcome = outbox.send(mailer, claimed)
    with writing():
        outbox.finish(claimed, outcome, now)
    return True
