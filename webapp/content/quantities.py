"""Quantities in a text: numbers in digits or words with the unit that follows, and what they are in another unit."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: value for value, word in enumerate(ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_WORD = "|".join(sorted((*_VALUES, "hundred", "thousand"), key=len, reverse=True))
# Atomic: otherwise "one hundred and one hundred and …" could be split in very many ways.
IN_WORDS = rf"(?>(?:{_WORD})(?:(?:(?<=hundred)\s+and\s+|[\s-]+)(?:{_WORD})(?![a-z])){{0,6}})"


@dataclass(frozen=True)
class Unit:
    """A unit of measure: ``factor`` is how much of its kind's first unit it is; 0 of that is ``zero`` of this."""

    kind: str
    factor: float
    zero: float = 0


SHARE = Unit("share", 1)  # percent
_DIGITS = r"(?<![\w.,·])(?:\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?:[.·]\d+)?|\d+(?:[.,·]\d+)?|[.·]\d+)"
_MOST_DIGITS = 15  # that a float holds; a longer number is none of a study
_GROUPED = re.compile(r"[,\s](?=\d{3}(?!\d))")


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


def number(text: str) -> int | None:
    """Read a whole number; None if the text is not one. "One hundred eighty-eight" is 188."""
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


class QuantityReader:
    """Reads the quantities of texts in one language.

    ``units``: of each kind, how a unit is written (a regular expression) with its factor, or with factor and zero; ``in_words``: a
    regular expression for numbers in words, which ``number`` reads; ``between``: what stands between two numbers that share the
    unit of the second.
    """

    def __init__(
        self,
        units: Mapping[str, Mapping[str, Any]],
        in_words: str,
        number: Callable[[str], float | None],
        between: str,
    ) -> None:
        self._number, self._units = number, dict[str, Unit]()  # by the group of its pattern
        patterns = list[str]()
        for kind, sizes in units.items():
            for written, size in sizes.items():
                group = f"u{len(self._units)}"
                patterns.append(f"(?P<{group}>{written})")
                self._units[group] = Unit(kind, **size) if isinstance(size, dict) else Unit(kind, size)
        unit = "|".join(patterns) or "(?!)"
        self._quantity = re.compile(
            rf"(?:(?P<digits>{_DIGITS})|(?<![^\W\d_])(?<![^\W\d_]-)(?P<words>{in_words})(?![^\W\d_]))"
            rf"(?:[\s-]{{0,2}}(?:{unit})(?![^\W_])|(?!\w))",
            re.IGNORECASE,
        )
        self._heading = re.compile(rf"\((?!%)(?:{unit})\)", re.IGNORECASE)
        self._shared = re.compile(rf"\s*(?:±|\+/-|[-–—]|{between})\s*", re.IGNORECASE)

    def read(self, text: str, *, is_row: bool = False) -> list[Quantity]:
        """Read all quantities of a text in order; of a range or list, each has the unit that follows the last.

        In the row of a table, all have the unit that stands in brackets: "Distance (m) | 35.97 | 3.0"; but of "n (%) | 12 (25)",
        the first are counts.
        """
        heading = self._heading.search(text) if is_row else None
        of_row = self._units[heading.lastgroup or ""] if heading else None
        found = list[Quantity]()
        for match in reversed(list(self._quantity.finditer(text))):
            name = match.lastgroup or ""
            unit, unit_text = of_row, heading[0][1:-1] if heading else ""
            if name in self._units:
                unit, unit_text = self._units[name], match[name]
            elif found and self._shared.fullmatch(text, match.end(), found[-1].start):
                unit, unit_text = found[-1].unit, found[-1].unit_text
            digits = _GROUPED.sub("", match["digits"] or "").replace("·", ".").replace(",", ".")
            if len(digits) > _MOST_DIGITS:
                continue
            found.append(
                Quantity(
                    text=match[0],
                    value=float(digits) if digits else float(self._number(match["words"]) or 0),
                    unit=unit,
                    unit_text=unit_text,
                    start=match.start(),
                    decimal_count=len(digits.partition(".")[2]),
                    is_in_words=not digits,
                )
            )
        return found[::-1]


_ENGLISH = QuantityReader(
    tomllib.loads(Path(__file__).with_name("units.toml").read_text("utf-8")),
    IN_WORDS,
    number,
    r",(?:\s*(?:and|or))?|to|and|or|vs\.?|versus",
)
quantities = _ENGLISH.read
