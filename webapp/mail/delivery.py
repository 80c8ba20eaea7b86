"""The loop that empties the outbox: a thread in each web worker, or ``flask newsletter deliver --forever``."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask

from webapp.db.session import db
from webapp.mail import outbox
from webapp.mail.outbox import WriteLetter
from webapp.mail.smtp import Mailer, mailer_for

log = logging.getLogger(__name__)

PAUSE = 2.0  # seconds between looks at an empty outbox
HOUR = timedelta(hours=1)

Chore = Callable[[datetime], None]  # commits nothing; the loop does


def start_delivering(app: Flask, write_letter: WriteLetter, each_hour: Chore) -> threading.Event:
    """Deliver mail in the background for as long as this process lives; set the event to stop."""
    stop = threading.Event()
    threading.Thread(
        target=deliver_forever, args=(app, stop, write_letter, each_hour), name="mail", daemon=True
    ).start()
    return stop


def deliver_forever(app: Flask, stop: threading.Event, write_letter: WriteLetter, each_hour: Chore) -> None:
    """Deliver whatever becomes due until ``stop`` is set. One failure never ends the loop."""
    mailer = mailer_for(app.extensions["config"])
    tidied_at = datetime.min.replace(tzinfo=UTC)
    while not stop.is_set():
        try:
            with app.app_context():
                deliver_due(mailer, write_letter, should_stop=stop.is_set)
                if datetime.now(UTC) - tidied_at > HOUR:
                    tidied_at = datetime.now(UTC)
                    each_hour(tidied_at)
                    db.session.commit()
        except Exception:
            log.exception("delivering mail failed; trying again")
        mailer.close()
        stop.wait(PAUSE)


def deliver_due(
    mailer: Mailer,
    write_letter: WriteLetter,
    each: Callable[[], None] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver every mail that is due now, and settle what a crash left behind; returns how many were tried."""
    if not outbox.is_anything_due(datetime.now(UTC)):
        return 0
    outbox.settle_stale(mailer, datetime.now(UTC))
    db.session.commit()
    count = 0
    while not should_stop() and outbox.deliver_one(mailer, write_letter, datetime.now(UTC)):
        count += 1
        each()
    return count
