"""What is translated of a text: its words, paragraph by paragraph. Every fact stays that of the original.

A paragraph is named like a field of the form: "main_message", "simple_explanation-1" (its second paragraph), "findings-0-text".
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from webapp.content.answer_content import AnswerContent, Content
from webapp.content.article_content import (
    FACTS,
    ArticleContent,
    ContentError,
    CorrectionContent,
    fixed_value_and_rest,
    from_toml,
    line_of,
)
from webapp.content.readability import paragraphs
from webapp.content.sign_off_words import without_not_checked
from webapp.models import Answer, Correction, Live

MOST_MADE_BY = 300

# The fields that hold words, in the order of the page.
_FIELDS = {
    ArticleContent: (
        "plain_title main_message findings simple_explanation participants species sample_size age country injury_level "
        "injury_completeness time_since_injury study_duration evidence_level harms implications questions limitations "
        "research_summary funding conflicts_of_interest since_then corrections written_by"
    ),
    AnswerContent: (
        "question verdict certainty_reason found missing would_change questions elsewhere written_by"
    ),
}
_TYPES = {**AnswerContent.__annotations__, **ArticleContent.__annotations__}
# Of a row, like a finding, these are words.
_ROW_WORDS = ("title", "text", "place", "counts", "source", "name")


class _CorrectionWords(CorrectionContent, frozen=True, kw_only=True, omit_defaults=True):
    published_on: date = date.min


class ArticleTranslation(
    ArticleContent, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The file of a translated summary. ``made_from``: the marks of the English paragraphs, in the order of ``words_of``."""

    corrections: tuple[_CorrectionWords, ...] = ()  # type: ignore[assignment]  # their dates are those of the original
    made_by: str = ""
    made_from: tuple[str, ...] = ()


class AnswerTranslation(
    AnswerContent, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The file of a translated answer; ``phrasings`` are how people ask the question in its language."""

    made_by: str = ""
    made_from: tuple[str, ...] = ()


TranslationFile = ArticleTranslation | AnswerTranslation
# By the folder that they are in.
FILES: dict[str, type[TranslationFile]] = {"articles": ArticleTranslation, "answers": AnswerTranslation}


def words_of(text: Content | Live) -> dict[str, str]:
    """The paragraphs of a text that are translated, by name, in the order of the page."""
    found: dict[str, str] = {}

    def collect(name: str, paragraph: str) -> str:
        found[name] = paragraph
        return paragraph

    fields_with(text, collect)
    return found


def fields_with(text: Content | Live, word: Callable[[str, str], str]) -> dict[str, Any]:
    """The fields of a text that hold words, each paragraph replaced by what ``word`` makes of its name and the paragraph."""
    changed: dict[str, Any] = {}
    for field in _fields_of(text):
        value = getattr(text, field)
        if value is None or isinstance(value, str):
            changed[field] = _paragraphs_with(field, value or "", word)
        else:
            changed[field] = [_row_with(f"{field}-{number}", row, word) for number, row in enumerate(value)]
    return changed


def _paragraphs_with(field: str, text: str, word: Callable[[str, str], str]) -> str:
    """Of a fact that is not stated, only the remark that follows is words."""
    fixed_value, rest = fixed_value_and_rest(text) if field in FACTS else ("", text)
    parts = paragraphs(without_not_checked(rest) if field == "written_by" else rest)
    names = [field] if len(parts) == 1 else [f"{field}-{number}" for number in range(len(parts))]
    return ". ".join(filter(None, [fixed_value, "\n\n".join(map(word, names, parts))]))


def _row_with(name: str, row: Any, word: Callable[[str, str], str]) -> Any:
    if isinstance(row, str):
        return word(name, row)
    if isinstance(row, Correction):
        row = CorrectionContent(published_on=row.published_on, text=row.text)
    texts = {part: text for part in _ROW_WORDS if (text := getattr(row, part, ""))}
    return msgspec.structs.replace(
        row, **{part: word(f"{name}-{part}", text) for part, text in texts.items()}
    )


def _fields_of(text: Content | Live) -> list[str]:
    return _FIELDS[AnswerContent if isinstance(text, AnswerContent | Answer) else ArticleContent].split()


def mark(paragraph: str) -> str:
    """A short mark of a paragraph, by which a file tells which English one a translation was made from."""
    return hashlib.sha256(paragraph.encode()).hexdigest()[:8]


def from_file(source: str, kind: type[TranslationFile]) -> TranslationFile:
    """Read the file of a translation. Raises ContentError, with the line if it is known, also if the file has facts."""
    file = from_toml(source, kind)
    allowed = {*_fields_of(file), "phrasings", "made_by", "made_from"}
    for field, value in msgspec.to_builtins(file).items():
        rows = value if isinstance(value, list) else []
        facts = [part for row in rows if isinstance(row, dict) for part in row if part not in _ROW_WORDS]
        for fact in [field] if field not in allowed else facts:
            raise ContentError(
                f"“{fact}” comes from the original. A translation has words only.", line_of(source, fact)
            )
    if not file.made_by or len(file.made_by) > MOST_MADE_BY:
        raise ContentError(
            "Say in one sentence who or what translated this text.", line_of(source, "made_by")
        )
    return file


def marks_of(file: TranslationFile, original: Content) -> list[str]:
    """The marks of the paragraphs of an original that a file was compared with."""
    english = words_of(original)
    return [mark(english[name]) if name in english else "" for name in words_of(file)]


def to_file(kind: type[TranslationFile], words: Mapping[str, str], own: Mapping[str, Any]) -> TranslationFile:
    """The file of a translation, with these ``words`` and with the fields that are its ``own``."""
    fields: dict[str, Any] = {}
    for name, text in words.items():
        field, *rest = name.split("-")
        if not rest:
            fields[field] = text
        elif len(rest) == 2:  # noqa: PLR2004 - row and part
            fields.setdefault(field, {}).setdefault(rest[0], {})[rest[1]] = text
        elif _TYPES[field] is str:
            fields[field] = f"{fields[field]}\n\n{text}" if field in fields else text
        else:
            fields.setdefault(field, {})[rest[0]] = text
    values = {
        name: list(value.values()) if isinstance(value, dict) else value for name, value in fields.items()
    }
    return msgspec.convert({**values, **own}, kind)


@dataclass(frozen=True)
class Translated:
    """The words of a translation, and the marks of the English paragraphs that they were made from, both by name."""

    words: Mapping[str, str]
    made_from: Mapping[str, str]

    def current(self, english: Mapping[str, str]) -> dict[str, str]:
        """The words of the paragraphs that still say the same, by the names that these have now."""
        names = {made_from: name for name, made_from in self.made_from.items() if self.words.get(name)}
        marks = {name: mark(text) for name, text in english.items()}
        found = {
            name: name if self.made_from.get(name) == marks[name] else names.get(marks[name], "")
            for name in english
        }
        return {name: self.words[own] for name, own in found.items() if self.words.get(own)}

    def shown(self, english: Mapping[str, str]) -> dict[str, str]:
        """The words that readers see: of a paragraph that was changed those of before, of a new one none."""
        same = set(map(mark, english.values()))
        earlier = {name: text for name, text in self.words.items() if self.made_from.get(name) not in same}
        return {name: earlier[name] for name in english if earlier.get(name)} | self.current(english)
