"""The checks that a translation passes: what it has to say is what the original says, paragraph by paragraph."""

import re
from collections.abc import Iterator, Mapping

from webapp.content.language_words import LanguageWords, english_words
from webapp.content.problems import Problem
from webapp.content.quantities import Quantity, quantities
from webapp.content.readability import sentences

# A sentence with as many English words, more than half of its words, was left in English.
_LEAST_ENGLISH = 3
_NAMES = "elsewhere"  # of other sites, which call things as they like
_EASY = ("simple_explanation",)
_LOWER_WORD = re.compile(r"\b[a-z]{3,}")
_TWO_WORDS = re.compile(r"[A-Za-z]+\W+[A-Za-z]+")
_LEAST_TO_RATE = 12  # words; the ease of a shorter text says little

Words = Mapping[str, str]


def translation_errors(original: Words, words: Words) -> Iterator[Problem]:
    """Find what stops publishing: a paragraph that is missing, left over or left in English."""
    for name, text in original.items():
        if not words.get(name, "").strip():
            yield Problem(name, "This paragraph isn’t translated yet.")
        elif _is_english(text, words[name]):
            yield Problem(name, "This is still in English.")
    for name in words.keys() - original.keys():
        yield Problem(name, "The English text has no such paragraph.")


def translation_warnings(original: Words, words: Words, language: LanguageWords) -> Iterator[Problem]:
    """Find what somebody has to look at: another number or unit, a negation lost or added, other terms, hard sentences."""
    for name, english in original.items():
        translated = words.get(name, "")
        if translated.strip() and not _is_english(english, translated):
            yield from _paragraph_warnings(name, english, translated, language)
    yield from _hard_to_read(original, words, language)


def _is_english(original: str, translated: str) -> bool:
    """Whether a paragraph was left in English, whole or a sentence of it. Names are the same in every language."""
    if original == translated:
        return bool(_LOWER_WORD.search(original) and _TWO_WORDS.search(original))
    known = set(sentences(original))
    return any(one in known and len(one.split()) > _LEAST_ENGLISH for one in sentences(translated))


def _paragraph_warnings(
    name: str, english: str, translated: str, language: LanguageWords
) -> Iterator[Problem]:
    for one in sentences(translated):
        spoken = len(one.split())
        if len(language.english_word.findall(one)) >= max(_LEAST_ENGLISH, spoken / 3):
            yield Problem(name, "This sentence looks like English.", one)
    ours, theirs = sentences(english), sentences(translated)
    pairs = list(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else [(english, translated)]
    yield from _other_numbers(name, english, translated, language)
    for our_sentence, their_sentence in pairs:
        yield from _other_negation(name, our_sentence, their_sentence, language)
    for found_in, right, term in language.agreed_terms if not name.startswith(_NAMES) else ():
        if found_in.search(english) and not right.search(translated):
            yield Problem(name, f"The agreed form of “{term.english[0]}” is “{term.agreed}”.")


def _other_numbers(name: str, english: str, translated: str, language: LanguageWords) -> Iterator[Problem]:
    ours, theirs = _telling(quantities(english)), _telling(language.quantities(translated))
    weak_ours = english_words().weak_values(english)
    weak_theirs = language.weak_values(translated)
    values, their_values = {one.value for one in ours}, {one.value for one in theirs}
    for one in ours:
        if one.value not in their_values | weak_theirs:
            yield Problem(name, f"The English text says {one.text}; this doesn’t.")
    for one in theirs:
        if one.value not in values | weak_ours:
            yield Problem(name, f"This says {one.text}; the English text doesn’t.")
    for one in ours:
        units = [other.unit for other in theirs if other.value == one.value]
        if one.unit and one.unit not in units and one.unit.kind in {unit.kind for unit in units if unit}:
            yield Problem(name, f"The English text says {one.text}; this has another unit.")


def _telling(found: list[Quantity]) -> list[Quantity]:
    """The quantities that a translation has to have, too; "one" is often no number."""
    return [one for one in found if not (one.is_in_words and one.value == 1)]


def _other_negation(name: str, english: str, translated: str, language: LanguageWords) -> Iterator[Problem]:
    known = english_words()
    is_ours, is_theirs = known.negation.search(english), language.negation.search(translated)
    if is_ours and not is_theirs and not language.weak_negation.search(translated):
        yield Problem(name, f"The English sentence says “{is_ours[0]}”; this one isn’t negated.", translated)
    if is_theirs and not is_ours and not known.weak_negation.search(english):
        yield Problem(
            name, f"This sentence says “{is_theirs[0]}”; the English one isn’t negated.", translated
        )


def _hard_to_read(original: Words, words: Words, language: LanguageWords) -> Iterator[Problem]:
    """Rate fields as a whole: the ease of one paragraph says little."""
    if language.reading is None:
        return
    texts: dict[str, list[str]] = {}
    for name in original:
        field, *rest = name.split("-")
        if len(rest) < 2 and name in words:  # noqa: PLR2004 - no part of a row
            texts.setdefault(field, []).append(words[name])
    for field in ("simple_explanation", "research_summary", "verdict", "main_message"):
        text = "\n".join(texts.get(field, ()))
        least = language.reading.easy_least if field in _EASY else language.reading.other_least
        if len(text.split()) >= _LEAST_TO_RATE and (ease := language.reading.ease(text)) < least:
            first = next(name for name in original if name.partition("-")[0] == field)
            yield Problem(first, f"The reading ease is {ease:.0f} of 100. Aim for {least:.0f} or more.")
