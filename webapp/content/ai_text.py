"""What a language model wrote of a text, and what of it stands there unread.

A paragraph counts as the model's as long as its words stand in a row in what the model wrote in that field. So a paragraph
that somebody changed is theirs; one that they only moved within the field, split or spaced differently is not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from webapp.content.article_content import ArticleContent
from webapp.content.problems import Problem
from webapp.content.readability import sentences

_WORD = re.compile(r"\w+")


class AiText:
    """What the model ``written`` into the fields of a text, and what of that somebody ``confirmed``: values by field."""

    def __init__(self, written: Iterable[Mapping[str, Any]], confirmed: Iterable[Mapping[str, Any]]) -> None:
        self._written, self._confirmed = _joined(written), _joined(confirmed)

    def paragraphs(self, content: ArticleContent, fields: Iterable[str]) -> dict[str, list[str]]:
        """Return the model's paragraphs that stand in these fields of a text."""
        found = {
            name: [one for one in _paragraphs(getattr(content, name)) if _stands_in(one, self._written[name])]
            for name in fields
            if name in self._written
        }
        return {name: paragraphs for name, paragraphs in found.items() if paragraphs}

    def unread(self, content: ArticleContent, fields: Iterable[str]) -> dict[str, list[str]]:
        """Return those of its paragraphs that nobody confirmed."""
        return {
            name: rest
            for name, found in self.paragraphs(content, fields).items()
            if (rest := [one for one in found if not _stands_in(one, self._confirmed.get(name, ""))])
        }

    def has(self, problem: Problem, content: ArticleContent) -> bool:
        """Is this problem one of what the model wrote? If the problem names no sentence, a paragraph in its field is enough."""
        field = problem.field.partition("-")[0]
        if problem.sentence:
            return _stands_in(problem.sentence, self._written.get(field, ""))
        return field in self.paragraphs(content, [field])

    def sentences(self, texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Yield the model's sentences among texts with the names of their fields."""
        for field, text in texts:
            written = self._written.get(field.partition("-")[0], "")
            yield from ((field, one) for one in sentences(text) if _stands_in(one, written))


def _joined(values: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Join the words of each field, in lower case."""
    joined: dict[str, str] = {}
    for value in values:
        for name, written in value.items():
            joined[name] = joined.get(name, " ") + "".join(f"{_words(one)} " for one in _paragraphs(written))
    return joined


def _paragraphs(value: Any) -> list[str]:
    """List the paragraphs of a field: a text, a choice, or rows of texts."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, str):
        return [line.strip() for line in plain.splitlines() if _words(line)]
    members = plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ()
    return [paragraph for member in members for paragraph in _paragraphs(member)]


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _stands_in(text: str, words: str) -> bool:
    return f" {_words(text)} " in words
