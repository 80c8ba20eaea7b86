"""The plain-language check that editors see while they write: grades, long sentences, hard words, short forms."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webapp.content.article_content import ArticleContent
from webapp.content.checks import (
    Grade,
    Problem,
    Wording,
    grades,
    own_texts,
    untraced_findings,
    wording_problems,
)
from webapp.content.readability import reading_grade, words

HARDEST_SHOWN = 16.0  # the right end of the gauge
MOST_SWAPS = 8
PLAIN_WORDS = tomllib.loads(Path(__file__).with_name("plain_words.toml").read_text(encoding="utf-8"))

_HARD = re.compile(  # the longest first, so that "adverse events" is not missed for a shorter word
    rf"\b({'|'.join(sorted(map(re.escape, PLAIN_WORDS), key=len, reverse=True))})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Note:
    """One line of the panel: praise, or something to do in ``field``."""

    message: str
    field: str = ""


@dataclass(frozen=True)
class Swap:
    """A hard word as it is written in a field, and plain words for it."""

    field: str
    word: str
    plain: str

    @property
    def value(self) -> str:
        """The value of the Swap button."""
        return f"{self.field}|{self.word}"


@dataclass(frozen=True)
class PlainCheck:
    """The whole panel. ``grade`` is that of the simple explanation, 0 if it is empty."""

    grade: float
    grades: tuple[Grade, ...]
    todo: tuple[Note, ...]
    done: tuple[Note, ...]
    swaps: tuple[Swap, ...]
    word_count: int

    @property
    def position(self) -> float:
        """The place of the marker on the gauge, in percent."""
        return round(min(self.grade, HARDEST_SHOWN) / HARDEST_SHOWN * 100, 1)


def plain_check(content: ArticleContent) -> PlainCheck:
    """Check the words of a text, complete or not."""
    wording = wording_problems(content)
    has_quotes = any(finding.quote for finding in content.findings)
    rules: tuple[tuple[Sequence[Problem], str], ...] = (
        (wording[Wording.LONG_SENTENCE], "No sentence is too long"),
        (wording[Wording.SHORT_FORM], "Every short form is spelled out"),
        (wording[Wording.NUMBER], "Every number is in the abstract" if content.paper.abstract else ""),
        (
            tuple(untraced_findings(content)),
            "Every quote is in the abstract, word for word" if has_quotes else "",
        ),
        (wording[Wording.HOPE], "No word promises too much"),
    )
    todo = [Note(problem.message, problem.field) for problems, _ in rules for problem in problems]
    done = [Note(praise) for problems, praise in rules if praise and not problems]
    swaps: dict[tuple[str, str], Swap] = {}  # a word once in each field
    for field, text in own_texts(content):
        for word in _HARD.findall(text):
            swaps.setdefault((field, word.lower()), Swap(field, word, PLAIN_WORDS[word.lower()]))
    if swaps:
        noun = "word" if len(swaps) == 1 else "words"
        todo.append(Note(f"{len(swaps)} {noun} most readers will not know"))
    else:
        done.append(Note("No hard word that we know a plain one for"))
    return PlainCheck(
        grade=reading_grade(content.simple_explanation),
        grades=tuple(grades(content)),
        todo=tuple(todo),
        done=tuple(done),
        swaps=tuple(swaps.values())[:MOST_SWAPS],
        word_count=len(words(content.simple_explanation)),
    )


def swap(text: str, word: str) -> str:
    """Replace the first use of a hard word with plain words; without one, the text stays as it is."""
    plain = PLAIN_WORDS.get(word.lower())
    if plain is None:
        return text
    if word[0].isupper():
        plain = plain[0].upper() + plain[1:]
    return re.sub(rf"\b{re.escape(word)}\b", plain, text, count=1)
