"""Watches: which are due, what they ask for, and runs, which may be killed at any moment.

A run stores what it finds in short transactions, and moves the window only after the last page. So a run that fails or is
killed loses nothing: the next one asks for the same days again, and finds the same candidates by their identifiers.
"""

import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, or_, select

from webapp.config import Config
from webapp.db.session import db
from webapp.db.writing import stop_reading, writing
from webapp.models import Watch, WatchSource
from webapp.papers import candidates, listings, rating
from webapp.papers.candidates import ListingOutcome
from webapp.papers.listings import Listed, ListingQuery
from webapp.papers.rating import Library
from webapp.papers.services import ServiceFailed

OVERLAP = timedelta(days=3)  # services list some papers days after the date that they give them
FIRST_WINDOW = timedelta(days=30)
LEASE = timedelta(minutes=10)  # longer than a service may take for a page, with the waits that it asks for
RETRY = timedelta(hours=1)
AT_ONCE = 25  # candidates that are stored in one turn
PAUSE = 0.1  # seconds for which the turn is then left to others
SHOWN = 10  # entries of a try

Progress = Callable[[int, int], None]  # called with how many entries were dealt with, and of how many


@dataclass
class WatchReport:
    """What a run did. ``problem`` says why it came to no good end; then its window is asked for again."""

    name: str
    outcomes: Counter[ListingOutcome] = field(default_factory=Counter)
    problem: str = ""

    def __str__(self) -> str:
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome.label}" for outcome in ListingOutcome)
        return f"{self.name}: {self.outcomes.total()} listed: {counts}."


@dataclass(frozen=True)
class Try:
    """What a search would give: the first entries, how many there are, and how the service read it; or its ``problem``."""

    entries: tuple[Listed, ...] = ()
    total: int = 0
    understood_as: str = ""
    problem: str = ""


def load_defaults(file: Path) -> None:
    """Add the watches of the starter library, if there is none at all."""
    if db.session.scalar(select(func.count(Watch.id))):
        return
    for row in tomllib.loads(file.read_text(encoding="utf-8"))["watches"]:
        db.session.add(Watch(**row | {"source": WatchSource(row["source"])}))


def every_watch() -> list[Watch]:
    """Return all watches: those that are on first, in the order of their sources."""
    order = list(WatchSource)
    rows = db.session.scalars(select(Watch).order_by(Watch.id))
    return sorted(rows, key=lambda row: (not row.is_on, order.index(row.source)))


def is_running(watch: Watch, now: datetime) -> bool:
    """Tell whether a run has the watch. One that was killed has it until its lease ends."""
    return watch.running_until is not None and watch.running_until > now


def run_due(config: Config, should_stop: Callable[[], bool]) -> None:
    """Run the watches that are due, one after another, and then rate all new candidates again."""
    now = datetime.now(UTC)
    is_time = or_(Watch.next_run_at.is_(None), Watch.next_run_at <= now)
    is_free = or_(Watch.running_until.is_(None), Watch.running_until <= now)
    query = select(Watch.id).where(Watch.is_on, is_time, is_free).order_by(Watch.id)
    due = db.session.scalars(query).all()
    stop_reading()
    if not due:
        return
    library = Library()
    for number in due:
        if not should_stop():
            run(number, config, library)
    rate_again(library)


def run(
    number: int, config: Config, library: Library, progress: Progress = lambda _done, _total: None
) -> WatchReport:
    """Run a watch to the end of its list, and say what became of every entry."""
    with writing() as started_at:
        watch = db.session.get_one(Watch, number)
        report, question = WatchReport(title_of(watch)), _question(watch, config, started_at)
        source = question.source.label
        same_source = db.session.scalars(select(Watch).where(Watch.source == question.source))
        if any(is_running(row, started_at) for row in same_source):
            report.problem = f"Another run is asking {source} at the moment."
            return report
        watch.running_until = started_at + LEASE
    try:
        for page in listings.pages(question):
            guessed = [rating.guess(entry) for entry in page.entries]
            for start in range(0, len(guessed), AT_ONCE):
                with writing() as now:
                    some = guessed[start : start + AT_ONCE]
                    report.outcomes += candidates.add(some, source, library, now)
                    db.session.get_one(Watch, number).running_until = now + LEASE
                time.sleep(PAUSE)
            progress(report.outcomes.total(), page.total)
    except ServiceFailed as failure:
        report.problem = str(failure)
    with writing() as now:
        watch = db.session.get_one(Watch, number)
        watch.running_until = None
        # Otherwise somebody changed the search meanwhile: it has not been run yet.
        if (watch.source, watch.query) == (question.source, question.query):
            watch.problem = report.problem or None
            every = timedelta(hours=watch.every_hours)
            watch.next_run_at = now + (min(every, RETRY) if report.problem else every)
            if not report.problem:
                watch.last_from, watch.last_ok_at = question.first, started_at
    return report


def dry_run(number: int, config: Config, library: Library, progress: Progress) -> WatchReport:
    """Say what a run would do, and store nothing."""
    watch = db.session.get_one(Watch, number)
    report, question = WatchReport(title_of(watch)), _question(watch, config, datetime.now(UTC))
    stop_reading()
    try:
        for page in listings.pages(question):
            report.outcomes += candidates.outcomes(page.entries, library)
            stop_reading()
            progress(report.outcomes.total(), page.total)
    except ServiceFailed as failure:
        report.problem = str(failure)
    return report


def try_out(watch: Watch, config: Config) -> Try:
    """Ask for the first entries of a search that need not be stored."""
    question = replace(_question(watch, config, datetime.now(UTC)), page_size=SHOWN, tries=1)
    stop_reading()
    try:
        page = next(listings.pages(question))
    except ServiceFailed as failure:
        return Try(problem=str(failure))
    return Try(tuple(page.entries[:SHOWN]), page.total, page.understood_as)


def rate_again(library: Library) -> None:
    """Rate all new candidates: readers may have searched for something since, and the library may have grown."""
    after: int | None = 0
    while after is not None:
        with writing():
            after = candidates.rate_again(after, AT_ONCE, library)
        time.sleep(PAUSE)


def change(
    watch: Watch, name: str, source: WatchSource, query: str, every_hours: int, *, is_on: bool
) -> None:
    """Change a watch. Another search begins anew, as soon as possible."""
    if (watch.source, watch.query) != (source, query):
        watch.last_from = watch.last_ok_at = watch.problem = watch.next_run_at = None
    watch.name, watch.source, watch.query = name, source, query
    watch.every_hours, watch.is_on = every_hours, is_on


def title_of(watch: Watch) -> str:
    """Name a watch with its source."""
    return f"{watch.source.label}, {watch.name}"


def _question(watch: Watch, config: Config, now: datetime) -> ListingQuery:
    """Ask for what is new since the last good run, and for some days before it."""
    since = watch.last_ok_at - OVERLAP if watch.last_ok_at else now - FIRST_WINDOW
    return ListingQuery(config, watch.source, watch.query, since.date(), now.date())
