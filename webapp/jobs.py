"""Background jobs.

1. Follow: update the search index from the change log.
2. Watch: rebuild the index when its files are missing or damaged; now and then, compare it with the database.
3. Deliver: send the mail that is due. A second thread sends only what one person waits for, such as a link to a new
   password, so that a mail server that hangs over a newsletter does not hold it up.
4. Publish: publish scheduled articles, and try refused ones again.
5. Correct: mail corrections of changed articles, from the change log.
6. Write misses, and views: store the searches without results, and the views of texts, that this process counted.
7. Beat: note that the jobs run here, and with which SECRET_KEY.
8. Forget: delete data that is no longer needed.
9. Remind: mail those who asked for a sign-off that it is a year old.
10. Remove outdated copy: remove the static copy of the site when a summary was withdrawn since it was made.
11. Find papers: run the watches that are due.
12. Prepare words: after a word changed, make what search looks words up in, so that the next search need not.
13. Draft: have a language model write the first drafts that editors asked for.
14. Make issues: queue the newsletters whose time has come.
15. Tell editors: mail each editor what is new for them, once a day.

Every process of the site runs all of them, each in its own thread: otherwise a mail server that hangs, or a rebuild that
takes a minute, would hold up the other jobs. Locks of the database and of the index let one process at a time do the
work, so the number of processes and machines does not matter.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from webapp.db import change_log, heartbeats
from webapp.db.heartbeats import Task
from webapp.db.writing import writing
from webapp.exports import site_copy
from webapp.feedback import inbox, votes
from webapp.letters import corrections, desk_digest
from webapp.letters.compose import write_letter
from webapp.mail import delivery, outbox
from webapp.mail.outbox import PRIORITIES, URGENT, Priorities
from webapp.mail.smtp import ServerAway, mailer_for
from webapp.newsletter import digests, subscriptions
from webapp.papers import ai_drafting, candidates, watching
from webapp.papers.services import is_contact
from webapp.publishing import audit, deletion, reviews, scheduling, undoing
from webapp.search import indexing, misses, synonyms
from webapp.search.index import SearchUnavailable
from webapp.web import page_views, tokens

log = logging.getLogger(__name__)

CORRECTIONS_CURSOR = "corrections_cursor"
NOBODY_GETS = "issues_that_nobody_gets"
WHILE_AWAY = 15.0  # seconds, before the mail server is tried again
AFTER_FAILURE = 1.0  # seconds, at least, before the next try of a job with a shorter pause
# How long a stopping process waits for the mail that it is sending: if interrupted, it would be uncertain.
PATIENCE = 25.0  # seconds


@dataclass(frozen=True)
class Job:
    """A function to run repeatedly; ``pause``: seconds between the end of one run and the start of the next.

    A stopping process waits for jobs with ``is_awaited``.
    """

    name: str
    pause: float
    run: Callable[[Event], object]
    is_awaited: bool = False


@dataclass(frozen=True)
class Running:
    """The running jobs of this process."""

    app: Flask
    stop: Event
    awaited: tuple[Thread, ...]

    def end(self) -> None:
        """Stop the jobs, and wait for the awaited ones. The others may be interrupted: the database rolls them back."""
        self.stop.set()
        deadline = time.monotonic() + PATIENCE
        for thread in self.awaited:
            thread.join(max(0.0, deadline - time.monotonic()))
        # A database that is down must not keep the process alive for the counts of the last seconds.
        for write_counts in (write_misses, write_views):
            with suppress(SQLAlchemyError), self.app.app_context():
                write_counts(self.stop)


def start(app: Flask) -> Running:
    """Start all jobs in daemon threads; they run until ``Running.end``."""
    stop = Event()
    threads = {job: Thread(target=_repeat, args=(app, job, stop), name=job.name, daemon=True) for job in JOBS}
    for thread in threads.values():
        thread.start()
    return Running(app, stop, tuple(thread for job, thread in threads.items() if job.is_awaited))


def _repeat(app: Flask, job: Job, stop: Event) -> None:
    """Run one job until ``stop`` is set. A failure does not end it, and a repeated failure is logged once."""
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
                is_expected = isinstance(error, SQLAlchemyError | SearchUnavailable | ServerAway)
                log.log(
                    logging.WARNING if is_expected else logging.ERROR,
                    "the job %s failed and is tried again: %s",
                    job.name,
                    error,
                    exc_info=None if is_expected else error,
                )
            last_failure = str(error)
        stop.wait(pause)


def deliver(stop: Event, priorities: Priorities = PRIORITIES) -> None:
    """Deliver the mail that is due; while the mail server is away, try it every now and then."""
    try:
        with closing(mailer_for(current_app.extensions["config"])) as mailer:
            delivery.deliver_due(mailer, write_letter, priorities, should_stop=stop.is_set)
    except ServerAway:
        stop.wait(WHILE_AWAY)
        raise


def publish(stop: Event) -> None:
    """Publish the articles whose time has come, also while the site was down."""
    if scheduling.is_something_due(datetime.now(UTC)):
        publish_again(stop)


def publish_again(_: Event) -> None:
    """Publish what is due, and try refused articles again: an editor may have fixed them."""
    scheduling.publish_due()


def make_issues(_: Event) -> None:
    """Make the newsletters whose time has come; what nobody would get is not looked at again before something changes."""
    now = datetime.now(UTC)
    due = digests.due_lineups(now)
    if not due:
        return
    seen = [(line.frequency, line.number, change_log.newest(), at.date()) for line, at in due]
    if seen != current_app.extensions.get(NOBODY_GETS):
        with writing() as now:
            digests.make_due(now)
        current_app.extensions[NOBODY_GETS] = seen


def correct(_: Event) -> None:
    """Queue mails about articles that were corrected, withdrawn or retracted, from the change log.

    What can still be undone waits until it cannot. The cursor and the time of the last look are only in memory: a new process
    checks every article once, which queues nothing twice.
    """
    newest = change_log.newest()
    cursor, looked_at = current_app.extensions.get(CORRECTIONS_CURSOR, (0, datetime.fromtimestamp(0, UTC)))
    if newest > cursor or undoing.is_hold_over(looked_at, datetime.now(UTC)):
        with writing() as now:
            corrections.enqueue(now, after=cursor, since=looked_at)
        current_app.extensions[CORRECTIONS_CURSOR] = newest, now


def write_misses(_: Event) -> None:
    """Store the searches without results that were counted in memory."""
    counted = misses.counts_of(current_app)
    if counted.is_any():
        with counted.taken() as counts, writing():
            misses.write_misses(counts)


def write_views(_: Event) -> None:
    """Store the views of texts that were counted in memory."""
    counted = page_views.counter_of(current_app).counts
    if counted.is_any():
        with counted.taken() as counts, writing() as now:
            page_views.write_views(counts, now.date())


def remove_outdated_copy(_: Event) -> None:
    """Remove the static copy of the site when a summary was withdrawn since it was made."""
    copy: Path | None = current_app.extensions["config"].site_copy
    if copy is not None:
        site_copy.remove_outdated(copy)


def beat(_: Event) -> None:
    """Note that the jobs run here. The first backup is expected a day after this was first noted."""
    with writing() as now:
        heartbeats.beat(Task.JOBS, tokens.key_fingerprint(), now)
        if Task.BACKUP not in heartbeats.latest():
            heartbeats.beat(Task.BACKUP, "", now)


def forget(_: Event) -> None:
    """Delete data that is past its retention period."""
    with writing() as now:
        votes.forget_salts(now)
        inbox.forget_old(now)
        misses.forget_old(now.date())
        page_views.forget_old(now.date())
        audit.forget_old(now)
        deletion.forget_deleted(now)
        reviews.forget_addresses(now)
        subscriptions.forget_unconfirmed(now)
        outbox.forget_old(now)
        candidates.forget_old(now)


def find_papers(stop: Event) -> None:
    """Run the watches that are due; no service is asked again and again without an address at which it can reach us."""
    config = current_app.extensions["config"]
    if is_contact(config.editors_mail):
        watching.run_due(config, stop.is_set)


def draft(_: Event) -> None:
    """Make the next first draft that an editor asked a language model for."""
    ai_drafting.run_waiting(current_app.extensions["config"])


def remind(_: Event) -> None:
    """Remind editors of sign-offs that are a year old."""
    with writing() as now:
        reviews.remind(now)


def tell_editors(_: Event) -> None:
    """Queue the mail of the day for editors whose morning it is."""
    if desk_digest.is_due(datetime.now(UTC)):
        with writing() as now:
            desk_digest.enqueue(now)


JOBS = (
    Job("follow", 0.2, lambda _: indexing.follow()),
    Job("watch", 3.0, lambda _: indexing.rebuild_if_broken()),
    Job("compare", 60.0, lambda _: indexing.compare()),
    Job("deliver", 2.0, deliver, is_awaited=True),
    Job("deliver urgent", 2.0, partial(deliver, priorities=[URGENT]), is_awaited=True),
    Job("publish", 3.0, publish),
    Job("publish again", 600.0, publish_again),
    Job("correct", 3.0, correct),
    Job("make issues", 20.0, make_issues),
    Job("write misses", 5.0, write_misses),
    Job("write views", 60.0, write_views),
    Job("beat", 60.0, beat),
    Job("forget", 3600.0, forget),
    Job("remind", 3600.0, remind),
    Job("tell editors", 60.0, tell_editors),
    Job("remove outdated copy", 1.0, remove_outdated_copy),
    Job("find papers", 60.0, find_papers),
    Job("draft", 2.0, draft),
    Job("prepare words", 1.0, lambda _: synonyms.table().prepare()),
)
