"""The plain-language check that editors see while they write: grades, long sentences, hard words, short forms."""

import re
import tomllib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from webapp.content import checks
from webapp.content.article_content import ArticleContent
from webapp.content.readability import reading_grade, words

HARDEST_SHOWN = 16.0  # the right end of the gauge
MOST_SWAPS = 8

PLAIN_WORDS: dict[str, str] = tomllib.loads(
    Path(__file__).with_name("plain_words.toml").read_text(encoding="utf-8")
)
_HARD = re.compile(
    rf"\b({'|'.join(sorted(map(re.escape, PLAIN_WORDS), key=len, reverse=True))})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Grade:
    """The reading grade of one part, and the grade to aim for."""

    field: str
    name: str
    grade: float
    limit: float

    @property
    def is_hard(self) -> bool:
        return self.grade > self.limit


@dataclass(frozen=True)
class Note:
    """One line of the panel: done, or something to do, with the field it is about."""

    message: str
    field: str = ""


@dataclass(frozen=True)
class Swap:
    """A hard word in a field, as it stands there, and plain words for it."""

    field: str
    word: str
    plain: str

    @property
    def value(self) -> str:
        """What the Swap button sends."""
        return f"{self.field}|{self.word}"


@dataclass(frozen=True)
class PlainCheck:
    """The whole panel. ``grade`` is the simple explanation's; 0 when it is empty."""

    grade: float
    grades: tuple[Grade, ...]
    todo: tuple[Note, ...]
    done: tuple[Note, ...]
    swaps: tuple[Swap, ...]
    word_count: int

    @property
    def position(self) -> float:
        """Where the marker stands on the gauge, in percent."""
        return round(min(self.grade, HARDEST_SHOWN) / HARDEST_SHOWN * 100, 1)


def plain_check(content: ArticleContent) -> PlainCheck:
    """Check the words of a text, complete or not."""
    found: dict[tuple[str, str], Swap] = {}
    for field, text in checks.own_texts(content):
        for match in _HARD.finditer(text):
            word = match.group(0)
            found.setdefault((field, word.lower()), Swap(field, word, PLAIN_WORDS[word.lower()]))
    swaps = tuple(found.values())
    todo, done = _notes(content, swaps)
    return PlainCheck(
        grade=reading_grade(content.simple_explanation),
        grades=tuple(_grades(content)),
        todo=todo,
        done=done,
        swaps=swaps[:MOST_SWAPS],
        word_count=len(words(content.simple_explanation)),
    )


def swap(text: str, word: str) -> str:
    """The text with the first use of a hard word put in plain words; unchanged if it is not there."""
    plain = PLAIN_WORDS.get(word.lower())
    if plain is None:
        return text
    capitalized = plain[0].upper() + plain[1:]
    return re.sub(
        rf"\b{re.escape(word)}\b",
        lambda match: capitalized if match.group(0)[0].isupper() else plain,
        text,
        count=1,
    )


def _grades(content: ArticleContent) -> list[Grade]:
    parts = (
        ("simple_explanation", "Simple explanation", content.simple_explanation, checks.SHORT_GRADE),
        ("findings", "Key findings", "\n".join(row.text for row in content.findings), checks.SHORT_GRADE),
        ("research_summary", "Research summary", content.research_summary, checks.LONG_GRADE),
        (
            "implications",
            "Practical implications",
            "\n".join(row.text for row in content.implications),
            checks.LONG_GRADE,
        ),
        ("limitations", "Study limitations", "\n".join(content.limitations), checks.LONG_GRADE),
    )
    return [
        Grade(field, name, reading_grade(text), limit) for field, name, text, limit in parts if text.strip()
    ]


def _notes(content: ArticleContent, swaps: tuple[Swap, ...]) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """What is still to do, and what is done, in the same order."""
    has_quotes = any(finding.quote for finding in content.findings)
    rules = (
        (checks.long_sentences, "No sentence is too long"),
        (checks.short_forms, "Every short form is spelled out"),
        (checks.untraced_numbers, "Every number is in the abstract" if content.paper.abstract else ""),
        (checks.untraced_quotes, "Every quote is in the abstract, word for word" if has_quotes else ""),
        (checks.hope_words, "No word promises too much"),
    )
    found = [(tuple(rule(content)), praise) for rule, praise in rules]
    todo = tuple(
        Note(problem.message, problem.field)
        for problem in chain.from_iterable(problems for problems, _ in found)
    )
    done = tuple(Note(praise) for problems, praise in found if not problems and praise)
    if swaps:
        return (
            *todo,
            Note(f"{len(swaps)} {'word' if len(swaps) == 1 else 'words'} most readers will not know"),
        ), done
    return todo, (*done, Note("No hard word that we know a plain one for"))
