"""Dates of papers in the many ways files write them, as ISO 8601 with exactly the precision that is given."""

import re
from collections.abc import Iterable

from webapp.content.article_content import is_partial_date
from webapp.parsing import int_from

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(\d{4})(?:[-/. ]?(\d{1,2}|[A-Za-z]{3,9})\.?(?:[-/., ]{0,2}(\d{1,2}))?)?(?:[/T ].*)?", re.DOTALL
)


def from_text(text: str) -> str:
    """A date that starts with its year: "2002 Sep 15", "2021/02/01/", "20060110", "2014"; "" for anything else.

    A season or a span of months ("2001 Jul-Aug") says no month.
    """
    match = _DATE.fullmatch(text.strip())
    return partial(*(part or "" for part in match.groups())) if match else ""


def partial(year: str, month: str = "", day: str = "") -> str:
    """A date from its parts; a month may be a figure or a name. What is no month or day is left out."""
    number = _month(month.strip())
    for parts in ((number, day.strip()), (number,), ()):
        text = "-".join([year.strip(), *(part.zfill(2) for part in parts if part)])
        if all(parts) and is_partial_date(text):
            return text
    return ""


def earliest(days: Iterable[str]) -> str:
    """The earliest of some dates, with the most precision that is known for it."""
    known = [day for day in days if day]
    year = min((day[:4] for day in known), default="")
    return min((day for day in known if day.startswith(year)), key=lambda day: (-len(day), day), default="")


def _month(text: str) -> str:
    name = text[:3].lower()
    return str(_MONTHS.index(name) + 1) if name in _MONTHS else text if int_from(text) else ""
