"""The number check: each number of a text with its sentence, and where the paper has it, or how it follows from the paper.

Numbers are looked up as people say them: in words, rounded, in another unit, added up, or as a share that the paper gives as
counts.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import isclose

from webapp.content.article_content import ArticleContent, own_texts
from webapp.content.problems import Problem
from webapp.content.quantities import SHARE, Quantity, quantities
from webapp.content.readability import sentences
from webapp.content.source_text import SourceSentence, SourceText, parts_of_wholes, stems
from webapp.models.in_words import plural
from webapp.parsing import int_from


class Trace(StrEnum):
    """How a number was found in the paper."""

    MISSING = "Not found"
    FOUND = "Found"
    ROUNDED = "Rounded"
    CONVERTED = "Converted"
    SUMMED = "Added up"
    SHARE = "Worked out"


@dataclass(frozen=True)
class TracedNumber:
    """A number of our text as it is written, with its sentence; ``quote`` is the paper's sentence, ``how`` it was worked out."""

    field: str
    sentence: str
    number: str
    trace: Trace
    quote: str = ""
    how: str = ""


_ABOUT = re.compile(
    r"\b(?:(?P<above>more than|over|above|at least)|(?P<below>nearly|almost|less than|fewer than|under|below|up to|as many as)"
    r"|about|around|roughly|close to|some)\s+(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
# What studies count: a number in words is looked up with one of these, with a unit, or from ten on; that of "two groups" is not.
_COUNTED = re.compile(
    r"(?:\s+(?!groups?\b|sets?\b|kinds?\b|more\b)[\w-]+){0,2}?\s+(?:people|persons|men|women|adults|children|patients|participants|veterans|volunteers|rats|mice"
    r"|animals|dogs|cats|pigs|monkeys|studies|trials|papers|centers|hospitals)\b",
    re.IGNORECASE,
)
_LEAST_IN_WORDS = 10
_STEPS = (5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 100_000)  # that people round to
# How far a rounded number may be off, and one rounded to a whole number; and how far "more than 100" may go.
_MOST_OFF, _MOST_OFF_IN_ONES, _MOST_BEYOND = 0.06, 0.2, 0.25
_WHOLES = (2, 3, 4, 5, 10, 20, 100, 1_000, 10_000)  # of "3 in 10"
_HALF = 0.5
_LEAST_SUM = 3

Found = tuple[Trace, str, str]  # with the paper's sentence, and how the number follows from it


def numbers(content: ArticleContent, source: SourceText) -> list[TracedNumber]:
    """Look up all numbers of an article's own texts in its paper, once in each sentence; those that were not found come first."""
    dates = (content.paper.published_on, *(event.on for event in content.since_then))
    known = {float(on[:4]) for on in dates if int_from(on[:4]) is not None}
    for event in content.since_then:  # which names its own source
        known |= {quantity.value for quantity in quantities(event.text)}
    found = [
        TracedNumber(field, sentence, number, *trace)
        for field, text in own_texts(content)
        for sentence in dict.fromkeys(sentences(text))
        for number, trace in traced_in(sentence, source, known).items()
    ]
    return sorted(found, key=lambda row: list(Trace).index(row.trace))


def number_warnings(content: ArticleContent, source: SourceText) -> Iterator[Problem]:
    """Warn of each number that is not in the paper's stored text, or once if no text is stored."""
    missing = [row for row in numbers(content, source) if row.trace is Trace.MISSING]
    if missing and not source.places:
        were = plural(len(missing), "number was", "numbers were")
        yield Problem("paper-abstract", f"No text of the paper is stored: {were} not checked.")
    for row in missing if source.places else ():
        message = f"We didn’t find {row.number} in the stored text of the paper. Check the number."
        yield Problem(row.field, message, row.sentence)


def traced_in(sentence: str, source: SourceText, known: Collection[float] = ()) -> dict[str, Found]:
    """Look up the numbers of a sentence, by how they are written."""
    numbers, found = quantities(sentence), dict[str, Found]()
    for number in numbers:
        is_counted = number.is_count and _COUNTED.match(sentence, number.start + len(number.text)) is not None
        is_plain = number.is_count and not is_counted
        is_small_word = number.is_in_words and is_plain and number.value < _LEAST_IN_WORDS
        is_name = number.value == 1 and (number.is_in_words or is_plain)  # "one day", "type 1"
        if number.value not in known and not is_small_word and not is_name:
            found[number.text] = found_in(source, number, sentence, is_counted=is_counted)
    for part, whole in parts_of_wholes(sentence, numbers):
        is_ratio = whole.value in _WHOLES  # "3 in 10": no group of the study
        missing = [one for one in (part, whole) if one.text in found and found[one.text][0] is Trace.MISSING]
        if missing == [part] or (missing and is_ratio):
            share = 100 * part.value / whole.value
            most_off = 5 * share / 100 + 2 if is_ratio else 50 / whole.value
            near = {
                one: f"{how} is {given:.3g}%"
                for one in source.sentences
                for given, how in one.shares
                if abs(given - share) <= most_off
            }
            if near:
                best = closest(near, sentence)
                found |= {one.text: (Trace.SHARE, best.text, near[best]) for one in missing}
    return found


def found_in(source: SourceText, number: Quantity, sentence: str, *, is_counted: bool) -> Found:
    """Look for a number of a sentence in the paper: as it stands, rounded or converted, as a share, or as a sum."""
    unit, hedge = number.unit, _ABOUT.search(sentence[: number.start])
    may_be_sum = number.is_count and number.value >= (_LEAST_SUM if is_counted else _LEAST_IN_WORDS)
    units = {
        other.unit
        for one in source.by_value.get(number.value, ())
        for other in one.quantities
        if other.value == number.value
    }
    # "24 months" is not found in a paper that has "24 weeks" alone, even if it has 24 of something else.
    is_other_unit = unit and unit not in units and unit.kind in {other.kind for other in units if other}

    def may_be(other: Quantity) -> bool:
        if other.unit is None:
            return not (is_other_unit and other.value == number.value)
        return other.unit == unit or (unit is None and not is_counted)

    exact = [
        one
        for one in source.by_value.get(number.value, ())
        if any(other.value == number.value and may_be(other) for other in one.quantities)
    ]
    if exact:
        return Trace.FOUND, closest(exact, sentence).text, ""
    derived: dict[Trace, dict[SourceSentence, str]] = {trace: {} for trace in Trace}
    for one in source.sentences:
        for other in one.quantities:
            if may_be(other):
                bound = hedge if other.unit == unit else None
                if is_rounded(number, other.value, bound, is_loose=hedge is not None):
                    derived[Trace.ROUNDED][one] = other.text
            elif unit and other.unit and unit.kind == other.unit.kind:
                value = other.value_in(unit)
                if is_rounded(number, value, hedge, is_loose=True):
                    said = other.text if other.unit_text in other.text else f"{other.text} {other.unit_text}"
                    derived[Trace.CONVERTED][one] = f"{said} is {value:.4g} {number.unit_text}"
        for how in shares_behind(number, one, hedge, source):
            derived[Trace.SHARE][one] = how
        if may_be_sum and number.value in one.sums:
            derived[Trace.SUMMED][one] = one.sums[number.value]
    for trace, found in derived.items():
        if found:
            best = closest(found, sentence)
            return trace, best.text, found[best]
    return Trace.MISSING, "", ""


def shares_behind(
    number: Quantity, one: SourceSentence, hedge: re.Match[str] | None, source: SourceText
) -> Iterator[str]:
    """Yield the shares of a sentence that a number follows from: 25% of "3 of 12", or 10 people of "71.43%", if 14 took part."""
    for share, how in one.shares if number.unit == SHARE else ():
        if is_rounded(number, share, hedge, is_loose=hedge is not None):
            yield f"{how} is {share:.3g}%"
    for other in one.quantities if number.is_count else ():
        if other.unit == SHARE and other.decimal_count and other.value:
            whole = round(100 * number.value / other.value)
            if whole in source.by_value and isclose(whole * other.value / 100, number.value, rel_tol=1e-3):
                yield f"{other.text} of {whole}"


def closest(candidates: Iterable[SourceSentence], sentence: str) -> SourceSentence:
    """Return the candidate that shares the most words and numbers with a sentence of ours, the first of several."""
    ours, numbers = stems(sentence), {number.value for number in quantities(sentence)}
    return max(
        candidates,
        key=lambda one: len(ours & one.stems) + 2 * len(numbers & {other.value for other in one.quantities}),
    )


def is_rounded(number: Quantity, value: float, hedge: re.Match[str] | None, *, is_loose: bool) -> bool:
    """Whether a number is what people make of a value: 36 of 35.97, "about 120" of 118, "more than 1,000" of 1,051.

    ``is_loose``: it says "about", or was converted, so it may be a multiple of 5, 10, 50, … .
    """
    off = abs(number.value - value)
    if off > _MOST_BEYOND * value:
        return False
    if hedge and (hedge["above"] or hedge["below"]):
        return value > number.value if hedge["above"] else value < number.value
    if number.decimal_count or off <= _HALF:
        most_off = _MOST_OFF_IN_ONES if is_loose or number.decimal_count else _MOST_OFF
        return off <= min(_HALF / 10.0**number.decimal_count, most_off * value)
    return is_loose and any(
        number.value % step == 0 and off <= step / 2 and off <= _MOST_OFF * value for step in _STEPS
    )
