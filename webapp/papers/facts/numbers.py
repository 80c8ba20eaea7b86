"""Numbers and times in a text, in digits or words: "1,051", "forty-eight", "one hundred and six", "4 to 24 months".

number("One hundred eighty-eight") → 188          times("up to 1-year follow-up") → {("1", "year")}
"""

import re

from webapp.papers.facts.suggestion import WORDS

_VALUES = {word: value for value, word in enumerate(WORDS["ones"])} | {
    word: 10 * value for value, word in enumerate(WORDS["tens"], start=2)
}
_WORD = "|".join(sorted((*_VALUES, "hundred", "thousand"), key=len, reverse=True))
# Atomic: otherwise "one hundred and one hundred and …" could be split in very many ways.
_IN_WORDS = rf"(?>(?:{_WORD})(?:(?:(?<=hundred)\s+and\s+|[\s-]+)(?:{_WORD})(?![a-z])){{0,6}})"
NUMBER = rf"(?:(?<![\w.,·])(?:\d{{1,3}}(?:[, \u2009]\d{{3}})+|\d+)(?![\d%]|[.,·]\d)|(?<![a-z])(?<![a-z]-){_IN_WORDS}(?![a-z]))"
_AMOUNT = rf"(?:\d+(?:[.·]\d+)?|(?<![a-z]){_IN_WORDS})"
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


def number(text: str) -> int | None:
    """Read a whole number; None if the text is not one."""
    digits = re.sub(r"[, \u2009]", "", text)
    if re.fullmatch("[0-9]{1,18}", digits):
        return int(digits)
    total = current = 0
    for word in re.split(r"[\s-]+", text.lower().strip()):
        if word in _VALUES:
            current += _VALUES[word]
        elif word == "hundred":
            current = 100 * max(current, 1)
        elif word == "thousand":
            total, current = total + 1000 * max(current, 1), 0
        elif word != "and":
            return None
    return total + current


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
