"""Which words call for a card. Typing errors count, and so do curly apostrophes, missing ones, and capital letters."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache

import msgspec

LONGEST = 1_000  # characters that are looked at
# What calls for no card, but decides how much of one is shown.
RESEARCH, SOMEBODY = "research words", "me now"

_APOSTROPHES = re.compile("['’‘ʼ´`]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[^\W_]+")


class Call(Enum):
    """What words call for."""

    FULL = "full"  # somebody is in danger, or has a symptom: the whole card
    LINE = "line"  # they name a topic: one line
    NOT_FULL = "not full"  # they look like a call for the whole card, but are not


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without apostrophes and accents; a letter repeated on and on counts twice."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", _APOSTROPHES.sub("", text[:LONGEST].lower())))
    return _WORD.findall(_REPEATED.sub(r"\1\1", plain))


class Spelling:
    """Main words, found in spite of one wrong, missing, extra or moved letter.

    ``real_words``: words that look like one of them and are not. *Cooking* is not *choking*.
    """

    def __init__(self, main_words: Iterable[str], real_words: Iterable[str]) -> None:
        self._right = frozenset(main_words).union(real_words)
        self._by_shortened = {shortened: word for word in main_words for shortened in _shortened(word)}

    def corrected(self, words: Iterable[str]) -> list[str]:
        """These words, those that may be a main word as that word."""
        result = []
        for word in words:
            found = () if word in self._right else map(self._by_shortened.get, _shortened(word))
            # people rarely get the first letter wrong
            result.append(next((right for right in found if right and right[0] == word[0]), word))
        return result


def _shortened(word: str) -> list[str]:
    """The word, and what is left of it without each of its letters: words that one letter tells apart share one of these."""
    return [word, *(word[:place] + word[place + 1 :] for place in range(len(word)))]


class TriggerWords(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What calls for one card, as the file lists it."""

    now: tuple[str, ...]
    line: tuple[str, ...]
    sets: tuple[str, ...] = ()
    typos: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Matching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all cards: words of research, about somebody, that say nothing, and that may be misspelled."""

    research_words: tuple[str, ...]
    me_now: tuple[str, ...]
    filler_words: tuple[str, ...]
    main_words: tuple[str, ...]
    real_words: tuple[str, ...]


class Triggers:
    """Everything that calls for a card, by its first word: one look at each word of a text, however many cards there are."""

    def __init__(self, by_card: Mapping[str, TriggerWords], matching: Matching) -> None:
        self._fillers = frozenset(matching.filler_words)
        self._spelling = Spelling(matching.main_words, matching.real_words)
        self._phrases: defaultdict[str, list[tuple[list[str], str, Call]]] = defaultdict(list)
        self._sets: defaultdict[str, list[tuple[frozenset[str], list[str], str]]] = defaultdict(list)
        for card, words in by_card.items():
            self._add_phrases((*words.now, *words.typos), card, Call.FULL)
            self._add_phrases(words.line, card, Call.LINE)
            self._add_phrases(words.never, card, Call.NOT_FULL)
            for members in map(str.split, words.sets):
                starts = [member[:-1] for member in members if member.endswith("*")]
                whole = frozenset(member for member in members if not member.endswith("*"))
                self._sets[min(whole, default="")].append((whole, starts, card))
        self._add_phrases(matching.research_words, RESEARCH, Call.LINE)
        self._add_phrases(matching.me_now, SOMEBODY, Call.LINE)

    def calls(self, text: str) -> dict[str, Call]:
        """The cards that a text calls for.

        The words of a phrase that is no call for a whole card are out of the text for that card. Words of research without a
        word about somebody call for no whole card.
        """
        words = self._read(text)
        found = [
            (range(start, start + len(phrase)), card, call)
            for start, word in enumerate(words)
            for phrase, card, call in self._phrases.get(word, ())
            if words[start : start + len(phrase)] == phrase
        ]
        taken: defaultdict[str, set[int]] = defaultdict(set)
        for places, card, call in found:
            if call is Call.NOT_FULL:
                taken[card].update(places)
        calls = dict.fromkeys(taken, Call.LINE)
        for places, card, call in found:
            if taken[card].isdisjoint(places) and calls.get(card) is not Call.FULL:
                calls[card] = call
        calls.update(dict.fromkeys(self._sets_in(words, taken), Call.FULL))
        is_research = calls.pop(RESEARCH, None) and SOMEBODY not in calls
        calls.pop(SOMEBODY, None)
        return dict.fromkeys(calls, Call.LINE) if is_research else calls

    def _read(self, text: str) -> list[str]:
        """The words of a text that say something, rightly spelled."""
        return self._spelling.corrected(word for word in words_of(text) if word not in self._fillers)

    def _sets_in(self, words: list[str], taken: Mapping[str, set[int]]) -> Iterator[str]:
        """The cards whose sets are in these words, apart from those that are taken out for the card."""
        present = frozenset(words)
        for first in ("", *present):
            for whole, starts, card in self._sets.get(first, ()):
                if whole <= present:
                    rest = [word for place, word in enumerate(words) if place not in taken[card]]
                    if whole.issubset(rest) and all(
                        any(word.startswith(start) for word in rest) for start in starts
                    ):
                        yield card

    def _add_phrases(self, phrases: Iterable[str], card: str, call: Call) -> None:
        for phrase in phrases:
            words = self._read(phrase)
            if not words:
                raise ValueError(f"card {card}: the trigger “{phrase}” has no word that counts")
            self._phrases[words[0]].append((words, card, call))


# The same words call for cards in each language, and reading them takes longer than all else at the start.
@lru_cache(maxsize=8)
def triggers_of(by_card: tuple[tuple[str, TriggerWords], ...], matching: Matching) -> Triggers:
    """What calls for these cards; raises ValueError for a trigger without a word."""
    return Triggers(dict(by_card), matching)
