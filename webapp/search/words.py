"""Text to words and stems: one way for what is indexed, what is asked, and what is marked on the page.

The stemmer (Porter 2) is the only thing taken from Whoosh here.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from whoosh.lang.porter2 import stem as _porter2

# Letters and digits; an apostrophe or a typographic one may stand inside a word.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_APOSTROPHES = re.compile(r"['’]s?$|['’]")
LONGEST_WORD = 60

_LISTS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
STOP_WORDS = frozenset(_LISTS["stop_words"])

Span = tuple[int, int]


class Word(NamedTuple):
    """One word of a text: where it stands, and its folded form (small letters, no accents, no apostrophes)."""

    start: int
    end: int
    folded: str


def words(text: str) -> Iterator[Word]:
    """The words of a text with their places, in order; cut to a length that no real word reaches."""
    for match in _WORD.finditer(text):
        folded = fold(match.group())
        if folded:
            yield Word(match.start(), match.end(), folded)


def fold(word: str) -> str:
    """A word without case, accents, apostrophes and the ’s of possession."""
    if word.isascii() and word.isalnum():
        return word.lower()[:LONGEST_WORD]
    plain = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _APOSTROPHES.sub("", bare)[:LONGEST_WORD]


@lru_cache(maxsize=200_000)
def stem(folded: str) -> str:
    """The stem of a folded word; the word itself where it is short (AIS, UTI) or holds a digit."""
    if len(folded) < 4 or not folded.isalpha():  # noqa: PLR2004
        return folded
    return str(_porter2(folded))


def stems(text: str) -> list[str]:
    """The stems of a text in order, without stop words."""
    return [stem(word.folded) for word in words(text) if word.folded not in STOP_WORDS]


def highlights(text: str, highlighted: Sequence[frozenset[str]]) -> tuple[Span, ...]:
    """Where the stems to highlight are in a text; adjacent words become one span."""
    asked = frozenset().union(*highlighted)
    matches = [(word, one) for word in words(text) if (one := stem(word.folded)) in asked]
    present = {one for _, one in matches}
    wanted = {one for group in highlighted if group <= present for one in group}
    spans: list[Span] = []
    for word, one in matches:
        if one not in wanted or word.folded in STOP_WORDS:
            continue
        if spans and text[spans[-1][1] : word.start] in (" ", "-"):
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return tuple(spans)


VAGUE_STEMS = frozenset(map(stem, _LISTS["vague_words"]))
