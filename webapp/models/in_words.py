"""Counts, dates and labels in words, as readers and editors see them."""

from datetime import date, datetime


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 summary, 2 summaries, 1,000 summaries."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def capitalized(text: str) -> str:
    """A text with its first letter in upper case; the others stay, as in the name of a breed."""
    return text[:1].upper() + text[1:]


def day(value: date | datetime) -> str:
    """A date in words: January 1, 2022."""
    return f"{value:%B} {value.day}, {value.year}"


def month(value: date | datetime) -> str:
    """Month and year in words: January 2022."""
    return f"{value:%B} {value.year}"


def partial_date(value: str) -> str:
    """An ISO date in words, to the precision that is known: 2022, January 2022 or January 1, 2022."""
    parts = value.split("-")
    whole = date.fromisoformat((value + "-01-01")[:10])
    return (str(whole.year), month(whole), day(whole))[len(parts) - 1]
