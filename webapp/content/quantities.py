"""Quantities in a text: numbers in digits or words with the unit that follows, and what they are in another unit."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from webapp.content.number_words import IN_WORDS, number


@dataclass(frozen=True)
class Unit:
    """A unit of measure: ``factor`` is how much of its kind's first unit it is; 0 of that is ``zero`` of this."""

    kind: str
    factor: float
    zero: float = 0


_UNITS, _PATTERNS = dict[str, Unit](), list[str]()  # by the group of its pattern
for _kind, _units in tomllib.loads(Path(__file__).with_name("units.toml").read_text("utf-8")).items():
    for _written, _size in _units.items():
        _group = f"u{len(_UNITS)}"
        _PATTERNS.append(f"(?P<{_group}>{_written})")
        _UNITS[_group] = Unit(_kind, **_size) if isinstance(_size, dict) else Unit(_kind, _size)

SHARE = Unit("share", 1)  # percent
_DIGITS = r"(?<![\w.,·])(?:\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?:[.·]\d+)?|\d+(?:[.,·]\d+)?|[.·]\d+)"
_QUANTITY = re.compile(
    rf"(?:(?P<digits>{_DIGITS})|(?<![a-z])(?<![a-z]-)(?P<words>{IN_WORDS})(?![a-z]))"
    rf"(?:[\s-]{{0,2}}(?:{'|'.join(_PATTERNS)})(?![a-z\d])|(?!\w))",
    re.IGNORECASE,
)
_HEADING = re.compile(rf"\((?!%)(?:{'|'.join(_PATTERNS)})\)", re.IGNORECASE)
_MOST_DIGITS = 15  # that a float holds; a longer number is none of a study
_GROUPED = re.compile(r"[,\s](?=\d{3}(?!\d))")
# Between two numbers that share the unit of the second: "35.97±48.2 m", "4 to 24 months".
_SHARED = re.compile(r"\s*(?:±|\+/-|[-–—]|,(?:\s*(?:and|or))?|to|and|or|vs\.?|versus)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number as it is written, with its unit if it has one, and where it stands in its text."""

    text: str
    value: float
    unit: Unit | None
    unit_text: str
    start: int
    decimal_count: int = 0
    is_in_words: bool = False

    @property
    def is_count(self) -> bool:
        """Whether it may count people or things."""
        return self.unit is None and not self.decimal_count

    def value_in(self, unit: Unit) -> float:
        """The same quantity in another unit of its kind."""
        assert self.unit is not None
        return (self.value - self.unit.zero) * self.unit.factor / unit.factor + unit.zero


def quantities(text: str, *, is_row: bool = False) -> list[Quantity]:
    """Read all quantities of a text in order; of a range or list, each has the unit that follows the last.

    In the row of a table, all have the unit that stands in brackets: "Distance (m) | 35.97 | 3.0"; but of "n (%) | 12 (25)",
    the first are counts.
    """
    heading = _HEADING.search(text) if is_row else None
    of_row = _UNITS[heading.lastgroup or ""] if heading else None
    found = list[Quantity]()
    for match in reversed(list(_QUANTITY.finditer(text))):
        name = match.lastgroup or ""
        unit, unit_text = of_row, heading[0][1:-1] if heading else ""
        if name in _UNITS:
            unit, unit_text = _UNITS[name], match[name]
        elif found and _SHARED.fullmatch(text, match.end(), found[-1].start):
            unit, unit_text = found[-1].unit, found[-1].unit_text
        digits = _GROUPED.sub("", match["digits"] or "").replace("·", ".").replace(",", ".")
        if len(digits) > _MOST_DIGITS:
            continue
        found.append(
            Quantity(
                text=match[0],
                value=float(digits) if digits else float(number(match["words"]) or 0),
                unit=unit,
                unit_text=unit_text,
                start=match.start(),
                decimal_count=len(digits.partition(".")[2]),
                is_in_words=not digits,
            )
        )
    return found[::-1]
