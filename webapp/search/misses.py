"""Searches without results, counted for editors: the words and how often, never who or at what time of day.

A reader who finds nothing must not wait for whoever writes just then. So a search is counted in the memory of the process,
and a job writes what was counted to the database a few seconds later.
"""

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from flask import Flask, current_app
from sqlalchemy import delete, func, select

from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.search.query import SearchQuery
from webapp.search.words import folded_words
from webapp.web.memory_counts import MemoryCounts

SHORTEST = 3  # letters
LONGEST = 80
MOST_ROWS = 5_000
MOST_IN_MEMORY = 1_000  # different searches between two writes
FORGET_AFTER = timedelta(days=180)

Miss = tuple[str, date]  # folded words, and the day

# What looks like an address, a telephone or a record number is not stored.
_PERSONAL = re.compile(r"\S*@\S*|\S*\d{5,}\S*|\S*://\S*|\bwww\.\S*", re.IGNORECASE)


def init_app(app: Flask) -> None:
    """Start counting for this application."""
    app.extensions["search_misses"] = MemoryCounts[Miss](MOST_IN_MEMORY)


def count_miss(query: SearchQuery, today: date) -> None:
    """Count a search that found nothing, in memory."""
    text = " ".join(folded_words(_PERSONAL.sub(" ", query.text)))[:LONGEST].strip()
    if sum(map(str.isalnum, text)) >= SHORTEST:
        counts_of(current_app).add((text, today))


def counts_of(app: Flask) -> MemoryCounts[Miss]:
    """What this application counted and has not written yet."""
    counts: MemoryCounts[Miss] = app.extensions["search_misses"]
    return counts


def write_misses(counts: Counter[Miss]) -> None:
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
