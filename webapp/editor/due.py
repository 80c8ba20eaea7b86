"""The loop that publishes what is due and writes counted searches: a thread in each web worker. Whoever gets the write lock
first publishes.
"""

import logging
import threading
from datetime import UTC, datetime, timedelta

from flask import Flask

from webapp.db.session import db
from webapp.publishing import scheduling
from webapp.search import misses

log = logging.getLogger(__name__)

PAUSE = 3.0  # seconds between looks
TRIED_AGAIN_EACH = timedelta(minutes=10)  # a text that was refused


def start_publishing(app: Flask) -> threading.Event:
    """Publish what becomes due for as long as this process lives; set the event to stop."""
    stop = threading.Event()
    threading.Thread(target=publish_forever, args=(app, stop), name="publisher", daemon=True).start()
    return stop


def publish_forever(app: Flask, stop: threading.Event) -> None:
    """Publish what is due, at once what became due while everything was down. One failure never ends the loop."""
    tried_at = datetime.min.replace(tzinfo=UTC)
    while not stop.is_set():
        now = datetime.now(UTC)
        try:
            with app.app_context():
                if scheduling.is_something_due(now) or now - tried_at > TRIED_AGAIN_EACH:
                    tried_at = now
                    scheduling.publish_due(now)
                    db.session.commit()
            write_misses(app)
        except Exception:
            log.exception("publishing what is due or writing counted searches failed; trying again")
        stop.wait(PAUSE)


def write_misses(app: Flask) -> None:
    """Write the searches without results that this process has counted."""
    with app.app_context():
        misses.write_misses()
        db.session.commit()
