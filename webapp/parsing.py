"""Numbers, days and times as people, addresses, files and settings write them.

``str.isdigit`` says yes to "²", which ``int`` refuses; ``int`` takes "٣" and gives up at 4,300 digits; a time in year 1 or 9999
cannot be moved to another time zone. What comes from outside is read here, once for all.
"""

import re
from datetime import date, datetime

LARGEST = 2**31 - 1  # what an integer column of PostgreSQL can hold
FIRST_YEAR, LAST_YEAR = 1800, 2199

_FIGURES = re.compile(r"[0-9]{1,10}")


def int_from(text: str | None, low: int = 0, high: int = LARGEST) -> int | None:
    """A whole number in the figures 0 to 9, from ``low`` to ``high``; None for anything else."""
    if text is None or not _FIGURES.fullmatch(text):
        return None
    number = int(text)
    return number if low <= number <= high else None


def date_from(text: str) -> date | None:
    """A day in ISO 8601, like 2026-03-14, in a year from FIRST_YEAR to LAST_YEAR; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def datetime_from(text: str) -> datetime | None:
    """A time in ISO 8601, like 2026-11-30T09:00, in a year from FIRST_YEAR to LAST_YEAR; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None
