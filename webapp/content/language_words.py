"""The words of a language by which the checks compare a translation with its original: `checks.toml` and `terms.toml` in its folder."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path

import msgspec

from webapp.content.quantities import Quantity, QuantityReader
from webapp.content.readability import sentences

ENGLISH = Path(__file__).with_name("english_words.toml")
_NOTHING = re.compile("(?!)")
_TEN, _HUNDRED = 10, 100
_SPOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A formula for reading ease: ``base`` less so much for each syllable of a word and each word of a sentence."""

    base: float
    per_syllable: float
    per_word: float
    syllable: str
    easy_least: float
    other_least: float

    def ease(self, text: str) -> float:
        """How easy a text is to read, from 0, very hard, to 100, very easy."""
        words = _SPOKEN.findall(text)
        if not words:
            return 100
        syllables = sum(max(1, len(re.findall(self.syllable, word.casefold()))) for word in words)
        per_sentence = len(words) / max(1, len(sentences(text)))
        return self.base - self.per_syllable * syllables / len(words) - self.per_word * per_sentence


class AgreedTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The agreed form of a medical term; ``also``: other forms that are right."""

    english: list[str]
    agreed: str
    also: list[str] = []


class LanguageWords(msgspec.Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """What the checks know of a language. Of English they need no numbers, units and formula: those have modules of their own."""

    negations: list[str] = []
    weak_negations: list[str] = []
    weak_numbers: dict[str, float] = {}
    left_in_english: list[str] = []
    numbers: dict[str, int] = {}
    multipliers: dict[str, int] = {}
    joiner: str = ""
    between: str = ""
    decimal_mark: str = "."
    units: dict[str, dict[str, float | dict[str, float]]] = {}
    reading: Reading | None = None
    terms: list[AgreedTerm] = []

    @cached_property
    def negation(self) -> re.Pattern[str]:
        return _any_of(self.negations)

    @cached_property
    def weak_negation(self) -> re.Pattern[str]:
        return _any_of(self.weak_negations)

    @cached_property
    def english_word(self) -> re.Pattern[str]:
        return _any_of(self.left_in_english)

    @cached_property
    def agreed_terms(self) -> list[tuple[re.Pattern[str], re.Pattern[str], AgreedTerm]]:
        """Each term with what finds it in an English text, and any of its right forms in a translation."""
        return [
            (
                _any_of(map(re.escape, term.english)),
                _any_of(re.escape(form).replace(r"\*", r"\w*") for form in (term.agreed, *term.also)),
                term,
            )
            for term in self.terms
        ]

    def quantities(self, text: str) -> list[Quantity]:
        """The numbers of a text in this language, with their units."""
        if self.decimal_mark == ",":
            text = text.translate(str.maketrans(",.", ".,"))
        return self._reader.read(text)

    def weak_values(self, text: str) -> set[float]:
        """What words of a text may stand for, like 2 for "both"."""
        return {
            self.weak_numbers[word.casefold()]
            for word in _SPOKEN.findall(text)
            if word.casefold() in self.weak_numbers
        }

    @cached_property
    def _reader(self) -> QuantityReader:
        hundreds, tens, ones, small, many = (
            "|".join(sorted(words, key=len, reverse=True)) or "(?!)"
            for words in (
                [word for word, value in self.numbers.items() if value >= _HUNDRED],
                [
                    word
                    for word, value in self.numbers.items()
                    if _TEN < value < _HUNDRED and not value % _TEN
                ],
                [word for word, value in self.numbers.items() if 0 < value < _TEN],
                [word for word, value in self.numbers.items() if value < _HUNDRED],
                self.multipliers,
            )
        )
        below_hundred = rf"(?:(?:{tens})\s+{self.joiner}\s+(?:{ones})(?!\w)|(?:{small})(?!\w))"
        below_thousand = rf"(?:(?:{hundreds})(?!\w)(?:\s+{below_hundred})?|{below_hundred})"
        in_words = rf"(?:(?:{below_thousand}\s+)?(?:{many})(?!\w)(?:\s+{below_thousand})?|{below_thousand})"
        return QuantityReader(
            self.units, in_words, self._value, rf",(?:\s*(?:{self.between}))?|{self.between}"
        )

    def _value(self, text: str) -> int:
        total = current = 0
        for word in text.casefold().split():
            if word in self.multipliers:
                total, current = total + self.multipliers[word] * max(current, 1), 0
            else:
                current += self.numbers.get(word, 0)
        return total + current


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of these whole words."""
    joined = "|".join(words)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else _NOTHING


@cache
def language_words(folder: Path) -> LanguageWords:
    """What the checks know of the language of this folder. A file that is not there knows nothing."""
    tables: Mapping[str, object] = {}
    for name in ("checks.toml", "terms.toml"):
        file = folder / name
        if file.is_file():
            tables = {**tables, **tomllib.loads(file.read_text(encoding="utf-8"))}
    return msgspec.convert(tables, LanguageWords)


@cache
def english_words() -> LanguageWords:
    """What the checks know of English."""
    return msgspec.convert(tomllib.loads(ENGLISH.read_text(encoding="utf-8")), LanguageWords)
