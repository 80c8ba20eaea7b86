"""Counts, dates and labels in words, as readers and editors see them, in the language of the page."""

from datetime import date, datetime
from functools import lru_cache

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from webapp.languages.language import current_language, ngettext


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 summary, 2 summaries, 1,000 summaries."""
    return f"{number(count)} {ngettext(one, many or one + 's', count)}"


def number(value: float) -> str:
    """A number as people write it: 1,000."""
    return _decimal(value, current_language().locale)


def capitalized(text: str) -> str:
    """A text with its first letter in upper case; the others stay, as in the name of a breed."""
    return text[:1].upper() + text[1:]


def day(value: date | datetime) -> str:
    """A date in words: January 1, 2022."""
    return _date(value, "long", current_language().locale)


def month(value: date | datetime) -> str:
    """Month and year in words: January 2022."""
    return _date(value, "yMMMM", current_language().locale)


def partial_date(value: str) -> str:
    """An ISO date in words, to the precision that is known: 2022, January 2022 or January 1, 2022."""
    parts = value.split("-")
    whole = date.fromisoformat((value + "-01-01")[:10])
    return (str(whole.year), month(whole), day(whole))[len(parts) - 1]


# A page has dozens of dates, and Babel takes ten times as long as Python for one.
@lru_cache(maxsize=4096)
def _date(value: date, form: str, locale: str) -> str:
    if form == "long":
        return format_date(value, form, locale)
    return format_skeleton(form, value, locale=locale)


@lru_cache(maxsize=4096)
def _decimal(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)
