"""Searches that found nothing, counted for editors: the words and how often, never who or at what time of day."""

import re
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import delete, func, select

from webapp.db.session import db
from webapp.models.search import SearchMiss
from webapp.search.query import SearchQuery
from webapp.search.words import words

SHORTEST = 3  # letters
LONGEST = 80
MOST_ROWS = 5_000
FORGET_AFTER = timedelta(days=180)

# What looks like an address, a telephone or a record number is not kept.
_PERSONAL = re.compile(r"\S*@\S*|\S*\d{5,}\S*|\S*://\S*|\bwww\.\S*", re.IGNORECASE)


def count_miss(query: SearchQuery, today: date) -> None:
    """Count a search that found nothing."""
    text = " ".join(word.folded for word in words(_PERSONAL.sub(" ", query.text)))[:LONGEST].strip()
    if sum(map(str.isalnum, text)) < SHORTEST:
        return
    row = db.session.scalar(select(SearchMiss).where(SearchMiss.text == text))
    if row is not None:
        row.count += 1
        row.last_on = today
    elif (db.session.scalar(select(func.count(SearchMiss.id))) or 0) < MOST_ROWS:
        db.session.add(SearchMiss(text=text, count=1, first_on=today, last_on=today))
    db.session.flush()


def most_missed(count: int) -> list[SearchMiss]:
    """Searches without results, most frequent first; what was only the start of a longer one is left out."""
    rows = db.session.scalars(select(SearchMiss).order_by(SearchMiss.count.desc(), SearchMiss.text)).all()
    texts = sorted(row.text for row in rows)
    starts = {one for one, following in pairwise(texts) if following.startswith(one)}
    return [row for row in rows if row.text not in starts][:count]


def forget_old(today: date) -> None:
    """Drop searches that nobody made for half a year."""
    db.session.execute(delete(SearchMiss).where(SearchMiss.last_on < today - FORGET_AFTER))
