"""Searches in Spanish: the words that people type most, as English ones. Our summaries are in English."""

import tomllib
from functools import cache
from pathlib import Path

from webapp.search.words import words

TABLE = Path(__file__).with_name("spanish.toml")


def in_english(text: str) -> str | None:
    """A search with its Spanish words in English, without Spanish stop words; None if it has no Spanish word of the table."""
    wordings, stop_words, longest = _table()
    spoken = [word.folded for word in words(text)]
    found, english, at = False, list[str](), 0
    while at < len(spoken):
        for length in range(min(longest, len(spoken) - at), 0, -1):
            if wording := wordings.get(tuple(spoken[at : at + length])):
                found = True
                english.append(wording)
                break
        else:
            length = 1
            if spoken[at] not in stop_words:
                english.append(spoken[at])
        at += length
    return " ".join(english) if found else None


@cache
def _table() -> tuple[dict[tuple[str, ...], str], frozenset[str], int]:
    """The wordings by the folded words that they stand for, the stop words, and how many words the longest entry has."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    wordings = {
        tuple(word.folded for word in words(spanish)): english for spanish, english in table["words"].items()
    }
    return wordings, frozenset(table["stop_words"]), max(map(len, wordings))
