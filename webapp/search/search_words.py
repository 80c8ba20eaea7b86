"""What people type in other languages than English: their words, and the English ones that stand for them, from `search_words.toml`."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from webapp.languages.language import Language, known_languages
from webapp.search.words import words

_FILE = "search_words.toml"


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a language that mean the same, and the English ones; the first is the one that our texts use."""

    english: str
    words: list[str]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stop_words: list[str] = []
    words: list[Group] = []


class SearchWords:
    """The table of one language."""

    def __init__(self, file: _File) -> None:
        self.stop_words = frozenset(file.stop_words)
        self._groups = {folded(form): group for group in file.words for form in group.words}
        self._longest = max(map(len, self._groups), default=0)

    def parts(self, spoken: Sequence[str]) -> Iterator[tuple[Sequence[str], Group | None]]:
        """A search in parts: the longest forms of the table, each with its group, and the words between them."""
        at = 0
        while at < len(spoken):
            lengths = range(min(self._longest, len(spoken) - at), 0, -1)
            length = next((one for one in lengths if tuple(spoken[at : at + one]) in self._groups), 1)
            part = tuple(spoken[at : at + length])
            yield part, self._groups.get(part)
            at += length


def folded(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared."""
    return tuple(word.folded for word in words(text))


@cache
def search_words(folder: Path) -> SearchWords:
    """The table of the language of this folder; an empty one if it has none."""
    file = folder / _FILE
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return SearchWords(msgspec.convert(tomllib.loads(text), _File))


def in_english(text: str) -> tuple[str, Language] | tuple[None, None]:
    """A search with its words of another language in English, without stop words, and that language; nothing if no table has a word of it."""
    spoken = folded(text)
    for language in known_languages().values():
        if language.folder is None:
            continue
        table = search_words(language.folder)
        parts = list(table.parts(spoken))
        if any(group for _, group in parts):
            said = (
                group.english if group else " ".join(set(part) - table.stop_words) for part, group in parts
            )
            return " ".join(filter(None, said)), language
    return None, None
