"""Rules that are data: a file below ``rules/`` for each field, with examples, and how they are weighed.

A ``phrase`` finds a value in a sentence, and has a score; without phrases the value is the whole sentence. A ``clue`` adds
its weight for words ``before`` or ``after`` the phrase, ``near`` it or anywhere in its ``sentence``, for each of at most ``most``
different ones. Patterns are regular expressions that ignore case, except in ``(?-i:…)``; NUMBER and TIME stand for those of
``suggestion``. The weights were set by hand on half of a collection of papers and measured on the other half (``bench/facts.py``).
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from webapp.models import PaperPart
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.study_kind import is_overview
from webapp.papers.facts.suggestion import NUMBER, TIME, FoundValue

_FILES = Path(__file__).with_name("rules")


class Phrase(msgspec.Struct, frozen=True):
    """A pattern whose match is the value, and how sure it is; some count only in one kind of section."""

    pattern: str
    score: float
    source: PaperPart | None = None


class Clue(msgspec.Struct, frozen=True):
    """Words that make a value surer, or less sure, within so many characters of it."""

    words: list[str]
    weight: float
    place: Literal["before", "after", "near", "sentence"] = "near"
    within: int = 45
    most: int = 1


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of a field, taken off or added once for a sentence, and its phrases, clues and examples."""

    least: float = 0.0
    title: float = 0.0
    full_text: float = -1.0
    late: float = -0.5
    overview: float = 0.0
    phrases: list[Phrase] = []
    clues: list[Clue] = []
    examples: list[dict[str, str]] = []


class Rules:
    """The rules of one field."""

    def __init__(self, field: str) -> None:
        table: Any = tomllib.loads((_FILES / f"{field}.toml").read_text(encoding="utf-8"))
        self.file = msgspec.convert(table, RuleFile)

    # Compiled for the first paper: the patterns of all fields would add a tenth of a second to the start of every process.
    @cached_property
    def _phrases(self) -> list[tuple[re.Pattern[str], Phrase]]:
        return [
            (re.compile(phrase.pattern.replace("NUMBER", NUMBER).replace("TIME", TIME), re.I), phrase)
            for phrase in self.file.phrases
        ]

    @cached_property
    def _clues(self) -> list[tuple[re.Pattern[str], Clue]]:
        return [(re.compile("|".join(clue.words), re.I), clue) for clue in self.file.clues]

    def candidates(self, paper: PaperText) -> Iterator[FoundValue]:
        """Weigh every phrase of every sentence; statements of the journal belong to other fields."""
        overview = self.file.overview if self.file.overview and is_overview(paper) else 0.0
        for sentence in paper.sentences:
            source = sentence.section.source
            if source is PaperPart.STATEMENT:
                continue
            # Titles, headings, rows and captions are no sentences to quote.
            is_prose = source is PaperPart.ABSTRACT or (
                source is PaperPart.FULL_TEXT and sentence.text[-1] in ".!?”)]"
            )
            if is_prose and not self._phrases:
                score = self.weight(sentence, 0, len(sentence.text)) + overview
                yield FoundValue(sentence.text, sentence, score - self.file.least)
            for pattern, phrase in self._phrases:
                if phrase.source not in (None, source):
                    continue
                for match in pattern.finditer(sentence.text):
                    score = phrase.score + overview + self.weight(sentence, *match.span())
                    yield FoundValue(match[0].strip(" ,;(["), sentence, score - self.file.least)

    def weight(self, sentence: Sentence, start: int, end: int) -> float:
        """Add up what speaks for and against what stands from start to end in a sentence."""
        text, source = sentence.text, sentence.section.source
        total = self.file.late * sentence.place
        total += {PaperPart.TITLE: self.file.title, PaperPart.FULL_TEXT: self.file.full_text}.get(source, 0.0)
        for pattern, clue in self._clues:
            before, after = max(0, start - clue.within), end + clue.within
            window = {"before": text[before:start], "after": text[end:after], "near": text[before:after]}
            found = {match[0].casefold() for match in pattern.finditer(window.get(clue.place, text))}
            total += clue.weight * min(len(found), clue.most)
        return total
