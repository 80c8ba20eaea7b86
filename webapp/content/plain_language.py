"""The plain-language check that editors see while they write: grades, long sentences, hard words, short forms."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from webapp.content.answer_checks import answer_texts, untraced_numbers
from webapp.content.answer_content import AnswerContent
from webapp.content.article_content import ArticleContent, own_texts
from webapp.content.checks import (
    SHORT_FORM,
    SHORT_GRADE,
    Grade,
    Wording,
    grades,
    untraced_findings,
    wording_problems,
)
from webapp.content.number_check import TracedNumber, numbers
from webapp.content.problems import Problem
from webapp.content.readability import reading_grade, words
from webapp.content.source_text import source_text
from webapp.models import Article, PaperSection
from webapp.models.in_words import plural

HARDEST_SHOWN = 16.0  # the right end of the gauge
MOST_SWAPS = 8
_DATA = tomllib.loads(Path(__file__).with_name("plain_words.toml").read_text(encoding="utf-8"))
KINDS = ("nouns", "verbs", "past", "anywhere", "hints")


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first: "adverse events" is not missed for a shorter word."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


class HardWords:
    """Words that most readers will not know, in lower case, each with its kind and plain words for it."""

    def __init__(self, plain: Mapping[str, tuple[str, str]]) -> None:
        self.plain = plain
        # A part of a hyphenated word, like "non-ambulatory", is none of these words.
        self.pattern = re.compile(rf"(?<![\w-])({_any_of(plain) or '(?!)'})(?![\w-])", re.IGNORECASE)


# Those that came with the site.
HARD_WORDS = HardWords({word: (kind, plain) for kind in KINDS for word, plain in _DATA[kind].items()})
# Fixed terms and quotations are left alone.
_LEFT_ALONE = re.compile(rf"\b(?:{_any_of(_DATA['fixed_terms'])})\b|[“\"][^”\"]*[”\"]", re.IGNORECASE)
_BEFORE = re.compile(r"(?:^|[.!?:;,(]|(\w+))\s*$")
_AFTER = re.compile(r"\s+(\w+)")
_ARTICLE = re.compile(r"\b(an?)(\s+)$", re.IGNORECASE)
_AN = re.compile(r"[aeio]|u(?!s)")  # words that "an" stands in front of: but "a use"
# Words between which a noun stands alone: next to any other it may be a part of a term, like "smoking cessation".
_SMALL_WORDS = set(_DATA["small_words"])
_BEFORE_VERBS = set(_DATA["before_verbs"])
_BEFORE_NOUNS = set(_DATA["before_nouns"])


@dataclass(frozen=True)
class Note:
    """One line of the panel: praise, or something to do in ``places``."""

    message: str
    places: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Swap:
    """A hard word as it is written in a field, and plain words for it.

    Where they fit, ``instead`` takes the place of ``found``, which begins at ``at`` and may include an article. Elsewhere
    both are empty.
    """

    field: str
    word: str
    plain: str
    at: int = 0
    found: str = ""
    instead: str = ""

    @property
    def value(self) -> str:
        """The value of the Swap button."""
        return f"{self.field}|{self.word}"


@dataclass(frozen=True)
class PlainCheck:
    """The whole panel. ``grade`` is that of the simple explanation or the verdict, 0 if it is empty.

    ``numbers`` are those of all texts, the ones that were not found first; ``places`` says where they were looked up.
    """

    grade: float
    todo: tuple[Note, ...]
    done: tuple[Note, ...]
    swaps: tuple[Swap, ...]
    word_count: int
    grades: tuple[Grade, ...] = ()
    numbers: tuple[TracedNumber, ...] = ()
    places: str = ""

    @property
    def position(self) -> float:
        """The place of the marker on the gauge, in percent."""
        return round(min(self.grade, HARDEST_SHOWN) / HARDEST_SHOWN * 100, 1)


def plain_check(
    content: ArticleContent, sections: Sequence[PaperSection] = (), hard_words: HardWords = HARD_WORDS
) -> PlainCheck:
    """Check the words and numbers of a summary, complete or not; ``sections`` are those of the paper's stored texts."""
    has_quotes = any(finding.quote for finding in content.findings)
    source = source_text(content.paper, tuple(sections))
    check = _checked(
        own_texts(content),
        content.simple_explanation,
        (
            tuple(untraced_findings(content, sections)),
            "Every quote is in the stored text of the paper, word for word",
            has_quotes,
        ),
        hard_words,
    )
    return replace(
        check, grades=tuple(grades(content)), numbers=tuple(numbers(content, source)), places=source.places
    )


def plain_check_of_answer(
    content: AnswerContent, cited: Mapping[str, Article], hard_words: HardWords = HARD_WORDS
) -> PlainCheck:
    """Check the words and numbers of an answer, complete or not, which cites these summaries by their slugs."""
    claims = "\n".join(claim.text for claim in content.found)
    untraced = tuple(untraced_numbers(content, cited))
    check = _checked(
        answer_texts(content),
        content.verdict,
        (untraced, "Every number is in a summary it rests on", claims),
        hard_words,
    )
    parts = (("verdict", "Verdict", content.verdict), ("found", "What we found", claims))
    shown = [Grade(field, name, reading_grade(text), SHORT_GRADE) for field, name, text in parts if text]
    return replace(check, grades=tuple(shown))


def plain_check_of_text(text: str, hard_words: HardWords = HARD_WORDS) -> PlainCheck:
    """Check the words of a short text that rests on no paper, such as a greeting."""
    return _checked([("text", text)], text, ((), "", ""), hard_words)


Rule = tuple[Sequence[Problem], str, object]


def _checked(
    texts: Sequence[tuple[str, str]], graded: str, traced: Rule, hard_words: HardWords
) -> PlainCheck:
    """Check the words of texts; ``traced`` is the rule that looks up what they rest on."""
    wording = wording_problems(texts)
    everything = " ".join(text for _, text in texts)
    rules: tuple[Rule, ...] = (  # a rule that had nothing to look at gets no praise
        (wording[Wording.LONG_SENTENCE], "No sentence is too long", words(everything)),
        (wording[Wording.SHORT_FORM], "Every short form is spelled out", SHORT_FORM.search(everything)),
        traced,
        (wording[Wording.HOPE], "No word promises too much", words(everything)),
    )
    todo: dict[str, list[Problem]] = {}  # one line for each number or word, with all its places
    for problem in (problem for problems, _, _ in rules for problem in problems):
        todo.setdefault(problem.message, []).append(problem)
    notes = [Note(message, tuple(places)) for message, places in todo.items()]
    done = [Note(praise) for problems, praise, has_something in rules if has_something and not problems]
    found = {
        (swap.field, swap.word.lower()): swap
        for field, text in texts
        for swap in _swaps_in(field, text, hard_words)
    }
    swaps = tuple(found.values())
    if swaps:
        notes.append(Note(f"{plural(len(swaps), 'word')} most readers won’t know"))
    elif words(everything):
        done.append(Note("No hard words found"))
    return PlainCheck(
        grade=reading_grade(graded),
        todo=tuple(notes),
        done=tuple(done),
        swaps=swaps[:MOST_SWAPS],
        word_count=len(words(graded)),
    )


def swap(text: str, word: str, hard_words: HardWords = HARD_WORDS) -> str:
    """Replace a hard word with plain words at the first place where they fit; without one, the text stays as it is."""
    for one in _swaps_in("", text, hard_words):
        if one.word.lower() == word.lower() and one.found:
            return text[: one.at] + one.instead + text[one.at + len(one.found) :]
    return text


def _swaps_in(field: str, text: str, hard_words: HardWords) -> list[Swap]:
    """Find each hard word of a text once: where its plain words fit, else where it stands first."""
    left_alone = [match.span() for match in _LEFT_ALONE.finditer(text)]
    swaps: dict[str, Swap] = {}
    for match in hard_words.pattern.finditer(text):
        word, at, key = match[0], match.start(), match[0].lower()
        kind, plain = hard_words.plain[key]
        before, after = _BEFORE.search(text, 0, at), _AFTER.match(text, match.end())
        previous = ((before and before[1]) or "").lower()
        is_name = word[0].isupper() and previous
        if is_name or any(start <= at < end for start, end in left_alone):
            continue
        if not _fits(kind, previous, after[1].lower() if after else ""):
            swaps.setdefault(key, Swap(field, word, plain))
        elif key not in swaps or not swaps[key].found:
            found, instead = word, plain
            if article := _ARTICLE.search(text, 0, at):
                found = article[0] + word
                instead = ("an" if _AN.match(plain) else "a") + article[2] + plain
            if found[0].isupper():
                instead = instead[0].upper() + instead[1:]
            swaps[key] = Swap(field, word, plain, match.end() - len(found), found, instead)
    return list(swaps.values())


def _fits(kind: str, before: str, after: str) -> bool:
    """Do the plain words for a word of this kind fit between these words? They are empty at the ends of a clause."""
    match kind:
        case "nouns":
            stands_free = not after or after in _SMALL_WORDS or after.endswith("ed")
            return stands_free and (not before or before in _SMALL_WORDS)
        case "verbs":
            return before in _BEFORE_VERBS
        case "past":
            return bool(before) and before not in _BEFORE_NOUNS
        case _:
            return kind == "anywhere"
