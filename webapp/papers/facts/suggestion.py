"""What the rules suggest for a field: a value, with the sentence that it stands in; and the words and numbers that they look for."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.content.claims import any_of
from webapp.content.quantities import IN_WORDS
from webapp.models import PaperPart
from webapp.models.values import Labeled, StudyKind, Subject
from webapp.papers.facts.paper_text import Sentence

MOST_SUGGESTIONS = 3
WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))

# Numbers, in digits or words: "1,051", "forty-eight".
NUMBER = rf"(?:(?<![\w.,·])(?:\d{{1,3}}(?:[, \u2009]\d{{3}})+|\d+)(?![\d%]|[.,·]\d)|(?<![a-z])(?<![a-z]-){IN_WORDS}(?![a-z]))"
AMOUNT = rf"(?:\d+(?:[.·]\d+)?|(?<![a-z]){IN_WORDS})"
UNIT = r"(?:hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y|sessions?)(?![a-z/])"
_BETWEEN = r"\s*(?:-|–|—|to|and|or|,(?:\s*and)?|±|\+/-)\s*"
# "12-week", "4-24 months", "1, 3, 6, and 12 months", "1 month, 6 months, and 12 months", "12 ± 3 months", "12wk"
TIME = (
    rf"(?<![\w.·,])(?:{AMOUNT}(?:[\s-]*{UNIT})?{_BETWEEN}){{0,5}}{AMOUNT}"
    rf"[\s-]*(?:(?:consecutive|more|additional|full|weekly|training|treatment)\s)?{UNIT}"
)

Value = str | bool | Subject | StudyKind


class Field(Labeled):
    """A fact of a paper; most have the name of the field of ``ArticleContent`` that takes it."""

    SAMPLE_SIZE = "sample_size", "How many took part"
    STUDY_DURATION = "study_duration", "How long"
    STUDY_KIND = "study_kind", "Kind of study"
    SUBJECT = "subject", "People or animals"
    SPECIES = "species", "Which animals"
    INJURY_LEVEL = "injury_level", "Level of injury"
    INJURY_COMPLETENESS = "injury_completeness", "How complete"
    TIME_SINCE_INJURY = "time_since_injury", "Time since injury"
    AGE = "age", "Ages"
    SEX = "sex", "Men and women"
    COUNTRY = "country", "Country"
    WALKING = "walking", "Able to walk"
    INTERVENTION = "intervention", "Treatment"
    COMPARISON = "comparison", "Compared with"
    HARMS = "harms", "Harms"
    COUNTS = "counts", "Results in numbers"
    FUNDING = "funding", "Who paid"
    CONFLICTS_OF_INTEREST = "conflicts_of_interest", "Did the authors stand to gain?"
    TRIAL_NUMBER = "trial_number", "Registered trial"
    IS_FREE_TO_READ = "is_free_to_read", "Free to read"
    LICENSE = "license", "License of the paper"


@dataclass(frozen=True)
class FoundValue:
    """A value that a rule found in a sentence; the higher the score, the surer. At 0 or less it is dropped."""

    value: Value
    sentence: Sentence
    score: float


@dataclass(frozen=True)
class Suggestion:
    """A value for a field: ``quote`` is ``section.text[start:end]`` of the paper's section of that number."""

    field: Field
    value: Value
    source: PaperPart
    section: int
    start: int
    end: int
    quote: str

    @property
    def text(self) -> str:
        return as_text(self.value)


def as_text(value: object) -> str:
    """Write a value as forms send it and the database stores it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def words_of(*names: str) -> re.Pattern[str]:
    """Make a pattern that finds any of the words in this list of words.toml."""
    listed: Any = WORDS
    for name in names:
        listed = listed[name]
    return any_of(listed)


def surest(candidates: Iterable[FoundValue]) -> FoundValue | None:
    """Return the candidate with the highest score, the first of several; None if there are none."""
    return max(candidates, key=lambda one: one.score, default=None)


def best(field: Field, candidates: Iterable[FoundValue]) -> list[Suggestion]:
    """Return the surest suggestions, each value once, the first in the paper first where they are equally sure."""
    by_value: dict[str, FoundValue] = {}
    for candidate in candidates:
        key = str(candidate.value).casefold()
        if candidate.score > 0 and (key not in by_value or candidate.score > by_value[key].score):
            by_value[key] = candidate
    ranked = sorted(by_value.values(), key=lambda one: -one.score)[:MOST_SUGGESTIONS]
    return [
        Suggestion(
            field=field,
            value=one.value,
            source=one.sentence.section.source,
            section=one.sentence.number,
            start=one.sentence.start,
            end=one.sentence.start + len(one.sentence.text),
            quote=one.sentence.text,
        )
        for one in ranked
    ]
