"""Whole numbers in digits or English words: "1,051", "forty-eight", "one hundred and six"."""

import re

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
