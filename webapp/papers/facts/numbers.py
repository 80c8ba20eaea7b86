"""Numbers and times in a text, in digits or words: "1,051", "forty-eight", "4 to 24 months".

times("up to 1-year follow-up") → {("1", "year")}
"""

import re

from webapp.content.number_words import IN_WORDS, number

NUMBER = rf"(?:(?<![\w.,·])(?:\d{{1,3}}(?:[, \u2009]\d{{3}})+|\d+)(?![\d%]|[.,·]\d)|(?<![a-z])(?<![a-z]-){IN_WORDS}(?![a-z]))"
_AMOUNT = rf"(?:\d+(?:[.·]\d+)?|(?<![a-z]){IN_WORDS})"
UNITS = {"h": "hour", "d": "day", "w": "week", "m": "month", "y": "year", "s": "session"}
_UNIT = r"(?:hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y|sessions?)(?![a-z/])"
_BETWEEN = r"\s*(?:-|–|—|to|and|or|,(?:\s*and)?|±|\+/-)\s*"
# "12-week", "4-24 months", "1, 3, 6, and 12 months", "1 month, 6 months, and 12 months", "12 ± 3 months", "12wk"
TIME = (
    rf"(?<![\w.·,])(?:{_AMOUNT}(?:[\s-]*{_UNIT})?{_BETWEEN}){{0,5}}{_AMOUNT}"
    rf"[\s-]*(?:(?:consecutive|more|additional|full|weekly|training|treatment)\s)?{_UNIT}"
)
_TIME = re.compile(TIME, re.IGNORECASE)
_PART = re.compile(rf"{_AMOUNT}|(?<![a-z])(?P<unit>{_UNIT})", re.IGNORECASE)


def times(text: str) -> frozenset[tuple[str, str]]:
    """Read all times of a text as pairs of amount and unit; of a range or list, each amount has the unit."""
    found = set()
    for match in _TIME.finditer(text):
        unit = ""
        for part in reversed(list(_PART.finditer(match[0]))):
            if part["unit"]:
                unit = UNITS[part["unit"][0].casefold()]
            else:
                value = number(part[0])
                found.add((part[0].replace("·", ".") if value is None else str(value), unit))
    return frozenset(found)
