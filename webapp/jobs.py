"""What happens by itself while the site runs.

1. Follow: bring the search index up to date with the log of public changes.
2. Watch: build the index anew when its files are missing or damaged.
3. Deliver the mail that is due.
4. Publish the texts whose time has come; try those again that were refused.
5. Correct: follow the log of public changes, and tell those who were sent an article that it stands otherwise now.
6. Write down the searches without results that this process counted.
7. Forget what is no longer needed.

Every process with the site runs all of them, each in a thread of its own: a mail server that hangs, or an index that is
built anew for a minute, holds up no other job. The locks of the database and of the index let one process at a time do
the work, so it does not matter how many processes and machines there are.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from webapp.db import change_log
from webapp.db.writing import writing
from webapp.feedback import inbox, votes
from webapp.letters import corrections
from webapp.letters.compose import write_letter
from webapp.mail import delivery, outbox
from webapp.mail.smtp import mailer_for
from webapp.newsletter import subscriptions
from webapp.publishing import audit, scheduling
from webapp.search import indexing, misses
from webapp.search.index import SearchUnavailable

log = logging.getLogger(__name__)

CORRECTIONS_CURSOR = "corrections_cursor"
AFTER_FAILURE = 1.0  # seconds; a job that fails at once would fill the log otherwise
# How long a stopping process waits for the mail that it is handing over: one that is broken off remains uncertain.
PATIENCE = 25.0


@dataclass(frozen=True)
class Job:
    """Something to do again and again; ``pause``: seconds between the end of one run and the start of the next.

    A job that ``is_awaited`` is not broken off when the process is stopped.
    """

    name: str
    pause: float
    run: Callable[[Event], object]
    is_awaited: bool = False


@dataclass(frozen=True)
class Running:
    """The jobs of this process."""

    app: Flask
    stop: Event
    awaited: tuple[Thread, ...]

    def end(self) -> None:
        """Begin nothing new, and wait for the mail that is on its way. All else can be broken off: it is rolled back."""
        self.stop.set()
        for thread in self.awaited:
            thread.join(PATIENCE)
        with (
            suppress(SQLAlchemyError),
            self.app.app_context(),
        ):  # the counts of the last seconds are no reason to stay
            write_misses(self.stop)


def start(app: Flask) -> Running:
    """Run all jobs until the end of this process, or until ``end()``."""
    stop = Event()
    threads = {job: Thread(target=_repeat, args=(app, job, stop), name=job.name, daemon=True) for job in JOBS}
    for thread in threads.values():
        thread.start()
    return Running(app, stop, tuple(thread for job, thread in threads.items() if job.is_awaited))


def _repeat(app: Flask, job: Job, stop: Event) -> None:
    """Run one job again and again. A failure never ends it, and the same failure is logged once."""
    last_failure = ""
    while not stop.is_set():
        pause = job.pause
        try:
            with app.app_context():
                job.run(stop)
            last_failure = ""
        except Exception as error:
            pause = min(max(pause, AFTER_FAILURE), 60.0)
            if str(error) != last_failure:
                is_expected = isinstance(error, SQLAlchemyError | SearchUnavailable)
                log.log(
                    logging.WARNING if is_expected else logging.ERROR,
                    "the job %s failed and is tried again: %s",
                    job.name,
                    error,
                    exc_info=None if is_expected else error,
                )
            last_failure = str(error)
        stop.wait(pause)


def follow(_: Event) -> None:
    """Bring the search index up to date."""
    indexing.follow()


def watch(_: Event) -> None:
    """Look at the files of the search index."""
    indexing.rebuild_if_broken()


def deliver(stop: Event) -> None:
    """Deliver the mail that is due."""
    mailer = mailer_for(current_app.extensions["config"])
    try:
        delivery.deliver_due(mailer, write_letter, should_stop=stop.is_set)
    finally:
        mailer.close()


def publish(stop: Event) -> None:
    """Publish what is due, at the first look also what became due while everything was down."""
    if scheduling.is_something_due(datetime.now(UTC)):
        publish_again(stop)


def publish_again(_: Event) -> None:
    """Publish what is due, and what was refused: somebody may have mended it."""
    with writing() as now:
        scheduling.publish_due(now)


def correct(_: Event) -> None:
    """Follow the log of public changes: queue mails about articles that were corrected or withdrawn since the last look.

    The cursor is only in memory. A new process looks at every article once, which queues nothing twice.
    """
    newest, cursor = change_log.newest(), current_app.extensions.get(CORRECTIONS_CURSOR, 0)
    if newest > cursor:
        with writing() as now:
            corrections.enqueue(now, after=cursor)
        current_app.extensions[CORRECTIONS_CURSOR] = newest


def write_misses(_: Event) -> None:
    """Add the searches without results that were counted in memory to the database."""
    if misses.is_any_counted():
        with writing():
            misses.write_misses()


def forget(_: Event) -> None:
    """Forget secrets of past days, sign-ups nobody confirmed, old searches, old mails and what readers wrote."""
    with writing() as now:
        votes.forget_salts(now)
        inbox.forget_old(now)
        misses.forget_old(now.date())
        audit.forget_old(now)
        subscriptions.forget_unconfirmed(now)
        outbox.forget_old(now)


JOBS = (
    Job("follow", 0.2, follow),
    Job("watch", 3.0, watch),
    Job("deliver", 2.0, deliver, is_awaited=True),
    Job("publish", 3.0, publish),
    Job("publish again", 600.0, publish_again),
    Job("correct", 3.0, correct),
    Job("write misses", 5.0, write_misses),
    Job("forget", 3600.0, forget),
)
