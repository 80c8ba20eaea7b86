"""Publication dates as files write them, converted to ISO 8601 with the precision that they give."""

import re
from collections.abc import Iterable

from webapp.content.identifiers import find_date
from webapp.parsing import clean_text, int_from

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AROUND = " \t\n[](){}<>.,;\"'“”©c"
_DATE = re.compile(
    r"(\d{4})(?:[-/. ]?(\d{1,2}|[A-Za-z]{3,9})\.?(?:[-/., ]{0,2}(\d{1,2}))?)?(?:[/T ].*)?", re.DOTALL
)
_DAY_FIRST = re.compile(
    r"(?:(?P<day>\d{1,2})\s+)?(?P<month>[A-Za-z]{3,9})\.?(?:\s+(?P<last_day>\d{1,2})(?:st|nd|rd|th)?)?,?\s+(?P<year>\d{4})"
)


def from_text(text: str) -> str:
    """Convert a date, like "2002 Sep 15", "2021/02/01/", "20060110" or "15 Sep 2002"; "" for other text.

    A season or a range of months ("2001 Jul-Aug") is reduced to its year.
    """
    text = clean_text(text).strip(_AROUND)
    if match := _DAY_FIRST.fullmatch(text):
        return partial(match["year"], match["month"], match["day"] or match["last_day"] or "")
    match = _DATE.fullmatch(text)
    return partial(*(part or "" for part in match.groups())) if match else ""


def partial(year: str, month: str = "", day: str = "") -> str:
    """Join the parts of a date; the month may be a number or a name. An invalid month or day is left out."""
    month, name = month.strip(), month.strip()[:3].lower()
    number = str(_MONTHS.index(name) + 1) if name in _MONTHS else month if int_from(month) else ""
    for parts in ((number, day.strip()), (number,), ()):
        text = "-".join([year.strip(_AROUND), *(part.zfill(2) for part in parts if part)])
        if all(parts) and find_date(text) == text:
            return text
    return ""


def earliest(days: Iterable[str]) -> str:
    """Return the earliest date, with the most precision that any gives for its year."""
    known = [day for day in days if day]
    year = min((day[:4] for day in known), default="")
    return min((day for day in known if day.startswith(year)), key=lambda day: (-len(day), day), default="")
