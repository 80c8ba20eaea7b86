"""Searches without results, counted for editors: the words and how often, never who or at what time of day.

A reader who finds nothing must not wait for whoever writes just then. So a search is counted in the memory of the process,
and a job writes what was counted to the database a few seconds later.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from threading import Lock

from flask import Flask, current_app
from sqlalchemy import delete, func, select

from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.search.query import SearchQuery
from webapp.search.words import folded_words

SHORTEST = 3  # letters
LONGEST = 80
MOST_ROWS = 5_000
MOST_IN_MEMORY = 1_000  # different searches between two writes
FORGET_AFTER = timedelta(days=180)

# What looks like an address, a telephone or a record number is not stored.
_PERSONAL = re.compile(r"\S*@\S*|\S*\d{5,}\S*|\S*://\S*|\bwww\.\S*", re.IGNORECASE)


class MissCounts:
    """How often each text was searched for on each day since the last write; shared by the threads of a process."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, date]] = Counter()
        self._lock = Lock()

    def add(self, text: str, day: date, count: int = 1) -> None:
        with self._lock:
            if (text, day) in self._counts or len(self._counts) < MOST_IN_MEMORY:
                self._counts[text, day] += count

    def is_any(self) -> bool:
        return bool(self._counts)

    def take(self) -> Counter[tuple[str, date]]:
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken


def init_app(app: Flask) -> None:
    """Start counting for this application."""
    app.extensions["search_misses"] = MissCounts()


def count_miss(query: SearchQuery, today: date) -> None:
    """Count a search that found nothing, in memory."""
    text = " ".join(folded_words(_PERSONAL.sub(" ", query.text)))[:LONGEST].strip()
    if sum(map(str.isalnum, text)) >= SHORTEST:
        _in_memory().add(text, today)


def is_any_counted() -> bool:
    """Is there something to write?"""
    return _in_memory().is_any()


@contextmanager
def taken() -> Iterator[Counter[tuple[str, date]]]:
    """Take what was counted out of memory, and put it back if it could not be written: open this before ``writing()``."""
    counts = _in_memory().take()
    try:
        yield counts
    except BaseException:
        for (text, day), count in counts.items():
            _in_memory().add(text, day, count)
        raise


def write_misses(counts: Counter[tuple[str, date]]) -> None:
    """Add what was counted to the database."""
    for (text, day), count in counts.items():
        row = db.session.scalar(select(SearchMiss).where(SearchMiss.text == text))
        if row is not None:
            row.count += count
            row.last_on = max(row.last_on, day)
        elif (db.session.scalar(select(func.count(SearchMiss.id))) or 0) < MOST_ROWS:
            db.session.add(SearchMiss(text=text, count=count, first_on=day, last_on=day))


def most_missed(count: int) -> list[SearchMiss]:
    """Searches without results, most frequent first; what was only the start of a longer one is left out."""
    rows = db.session.scalars(select(SearchMiss).order_by(SearchMiss.count.desc(), SearchMiss.text)).all()
    texts = sorted(row.text for row in rows)
    starts = {one for one, following in pairwise(texts) if following.startswith(one)}
    return [row for row in rows if row.text not in starts][:count]


def forget_old(today: date) -> None:
    """Drop searches that nobody made for half a year."""
    db.session.execute(delete(SearchMiss).where(SearchMiss.last_on < today - FORGET_AFTER))


def _in_memory() -> MissCounts:
    counts: MissCounts = current_app.extensions["search_misses"]
    return counts
