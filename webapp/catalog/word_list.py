"""The words of the site, one entry each: what a word means, how to say it plainly, and what search takes it for.

The list begins with three files that came with the site: the glossary, the plain words, and the concepts of search. What
editors save takes the place of single entries, in every process, at the next public change.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property, partial
from typing import Any

import msgspec
from slugify import slugify

from webapp.config import ROOT
from webapp.content.plain_language import HARD_WORDS, HardWords
from webapp.models import SitePart
from webapp.web.live_values import LiveValue, newest_texts, with_stored

GLOSSARY_FILE = ROOT / "webapp" / "starter" / "glossary.toml"
CONCEPTS_FILE = ROOT / "webapp" / "search" / "concepts.toml"
LONGEST_SLUG = 80

Texts = tuple[str, ...]


class WordEntry(msgspec.Struct, frozen=True, kw_only=True):
    """All that the site knows of a word.

    ``forms`` are explained like the word itself. ``plain`` is shown to writers; ``kind`` says where it fits, as in
    plain_words.toml. The last five are those of a concept of search (concepts.toml).
    """

    word: str
    meaning: str = ""
    forms: Texts = ()
    plain: str = ""
    kind: str = "hints"
    medical: Texts = ()
    lay: Texts = ()
    acronyms: Texts = ()
    alone: Texts = ()
    misspelled: Texts = ()

    @property
    def is_searched(self) -> bool:
        """Does search know the word as a concept?"""
        return any((self.medical, self.lay, self.acronyms, self.alone, self.misspelled))


class WordList:
    """Entries by their slugs, in the order of the concepts of search; then what search does not know."""

    def __init__(self, entries: Mapping[str, WordEntry]) -> None:
        self.entries = dict(entries)

    @cached_property
    def hard_words(self) -> HardWords:
        """The words that writers are shown plain words for."""
        return HardWords(
            {one.word.lower(): (one.kind, one.plain) for one in self.entries.values() if one.plain}
        )


@cache
def starter_words() -> WordList:
    """The list that the site begins with."""
    terms = tomllib.loads(GLOSSARY_FILE.read_text(encoding="utf-8"))["terms"]
    slugs = {term["term"].lower(): term["slug"] for term in terms}
    found: dict[str, dict[str, Any]] = {}
    for concept in tomllib.loads(CONCEPTS_FILE.read_text(encoding="utf-8"))["concepts"]:
        word = concept.pop("name")
        found[slugs.get(word.lower()) or slug_of(word)] = {"word": word, **concept}
    for term in terms:
        known = found.setdefault(term["slug"], {})
        known |= {"word": term["term"], "meaning": term["meaning"], "forms": term["forms"]}
    for word, (kind, plain) in HARD_WORDS.plain.items():
        known = found.setdefault(slugs.get(word) or slug_of(word), {"word": word})
        known |= {"kind": kind, "plain": plain}
    return WordList(msgspec.convert(found, dict[str, WordEntry]))


def slug_of(word: str) -> str:
    """The address of a new word."""
    return slugify(word, max_length=LONGEST_SLUG) or "word"


# The list as of the newest public change; outside of an application, the one that came with the site.
word_list = LiveValue(
    "the words",
    starter_words,
    partial(newest_texts, SitePart.WORD),
    lambda stored: (
        WordList(with_stored(starter_words().entries, stored, WordEntry, "word"))
        if stored
        else starter_words()
    ),
).current
