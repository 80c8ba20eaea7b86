"""Text to words and stems: one way for what is indexed, what is asked, and what is marked on the page.

A name or measure is one word however it is written: IL-10, IL10 and IL 10; H-reflex; 10 mg and 10mg; 24-hour and 24 h. British
spellings are read as American ones. The stemmer (Porter 2) is the only thing taken from Whoosh here.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from whoosh.lang.porter2 import stem as _porter2

LONGEST_WORD = 60

_LISTS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
STOP_WORDS = frozenset(_LISTS["stop_words"])
_UNITS: dict[str, str] = {form: unit for unit, forms in _LISTS["units"].items() for form in (unit, *forms)}
_BRITISH = [(re.compile(british), american) for british, american in _LISTS["british_spellings"]]

_LETTER_NAMES = {  # without μ, the sign of micro; Unicode calls λ "lamda"
    letter: unicodedata.name(letter).rpartition(" ")[2].lower().replace("lamda", "lambda")
    for letter in "αβγδεζηθικλνξπρσςτφχψω"
}
GREEK_NAMES = frozenset(name for name in _LETTER_NAMES.values() if len(name) > 3)  # noqa: PLR2004

_LETTER = r"[^\W\d_]"
_GREEK = "[\u0370-\u039b\u039d-\u03bb\u03bd-\u03ff]"  # without Μ and μ
_LATIN = rf"[^\W\d_{_GREEK[1:]}"
# A Greek letter begins a word, as its name does (TNFα is TNF alpha), unless one letter stands before it (Aβ). A typographic
# apostrophe or another may stand inside a word.
_INITIALS = rf"{_LATIN}(?:\.{_LATIN})+(?!{_LETTER})"  # U.T.I.
_LETTERS = rf"(?:{_INITIALS}|{_LATIN}{{2,}}|{_LATIN}?{_GREEK}+{_LATIN}*|{_LATIN})(?:['’]{_LETTER}+)*"
_NUMBER = r"(?>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*)"
_HYPHENS = "\\-\u2010-\u2013\u2212"
_AFTER_NUMBER = rf"(?<=\d)(?!(?i:{'|'.join(GREEK_NAMES)})(?!{_LETTER})){_LATIN}+"
_RUN = rf"(?:{_NUMBER}|{_LETTERS})(?:{_AFTER_NUMBER}|(?<={_LETTER}){_NUMBER})*"
_UNIT = rf"(?i:(?!(?:{'|'.join(STOP_WORDS)})\b)(?:{'|'.join(_UNITS)}|{_LATIN}{{1,2}})(?!\w))"
_TOKEN = re.compile(
    rf"{_LATIN}++(?![\w'’{_HYPHENS}]|\.{_LATIN}(?!\w)|[ \xa0]\d)"  # most words: the rest of the pattern is four times slower
    rf"|{_NUMBER}[ \xa0]{_UNIT}"
    rf"|{_LETTER}{{1,5}}[ \xa0]{_NUMBER}(?![\w{_HYPHENS}]|[ \xa0]{_UNIT})"
    rf"|{_RUN}(?:(?:[{_HYPHENS}]|(?<=\d)/(?=\d)){_RUN})*"
)
_RUNS = re.compile(_RUN)
_PIECES = re.compile(rf"{_NUMBER}|{_LETTERS}")
_DIGITS = re.compile(r"\d+")
_LEVEL = re.compile(r"[CTLS]\d{1,2}", re.IGNORECASE)
_APOSTROPHES = re.compile(r"['’]s?$|['’]|\.(?!\d)")  # and the periods of initials

Span = tuple[int, int]


class Word(NamedTuple):
    """One word of a text: where it stands, and its folded form (small letters, no accents, no apostrophes).

    ``pieces``: the letters and numbers of a name or measure, folded ("il", "10"); of any other word itself.
    """

    start: int
    end: int
    folded: str
    pieces: tuple[str, ...]

    def stems(self) -> list[str]:
        """Its stem, and those of pieces that say something alone: the COVID of COVID-19, the years of 5 years, not the T of T10."""
        if len(self.pieces) == 1:
            return [stem(self.folded)]
        number = self.pieces[:1] if not self.pieces[0].isalpha() else ()
        telling = [*number, *[piece for piece in self.pieces if piece.isalpha() and len(piece) > 1]]
        return [stem(self.folded), *[stem(piece) for piece in telling if piece not in STOP_WORDS]]


def words(text: str) -> Iterator[Word]:
    """The words of a text with their places, in order; cut to a length that no real word reaches."""
    for match in _TOKEN.finditer(text):
        token, (at, after) = match[0], match.span()
        if token.isalpha() or _DIGITS.fullmatch(token):
            folded = fold(token)
            yield Word(at, after, folded, (folded,))
        else:
            for start, end, folded, pieces in _words_of(token):
                yield Word(at + start, at + end, folded, pieces)


def folded_words(text: str) -> list[str]:
    """The words of a text as they are compared, in order."""
    return [word.folded for word in words(text)]


def letter_names(text: str, spoken: Sequence[Word]) -> Iterator[Word]:
    """Names of which one part is a letter, written with a blank: H reflex, AIS C."""
    for one, other in pairwise(spoken):
        parts = one.folded, other.folded
        if (
            1 in map(len, parts)
            and all(part.isalpha() and part not in STOP_WORDS for part in parts)
            and text[one.end : other.start] == " "
        ):
            yield Word(one.start, other.end, "".join(parts), parts)


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """A word without case, accents, apostrophes and the ’s of possession, in American spelling."""
    if not (word.isascii() and word.isalnum()):
        plain = unicodedata.normalize("NFKD", word.casefold())
        word = _APOSTROPHES.sub("", "".join(letter for letter in plain if not unicodedata.combining(letter)))
        word = "".join(_LETTER_NAMES.get(letter, letter) for letter in word)
    return american(word.lower()[:LONGEST_WORD])


def american(folded: str) -> str:
    """The American spelling of a folded word that is spelled the British way; any other word as it is."""
    for british, spelling in _BRITISH:
        folded = british.sub(spelling, folded)
    return folded


@lru_cache(maxsize=200_000)
def stem(folded: str) -> str:
    """The stem of a folded word; the word itself where it is short (AIS, UTI) or holds a digit."""
    if len(folded) < 4 or not folded.isalpha():  # noqa: PLR2004
        return folded
    return str(_porter2(folded))


def stems(text: str) -> list[str]:
    """The stems of a text in order, without stop words; names and measures in pieces."""
    return [stem(piece) for word in words(text) for piece in word.pieces if piece not in STOP_WORDS]


def highlights(text: str, highlighted: Sequence[frozenset[str]]) -> tuple[Span, ...]:
    """Where the stems to highlight are in a text; adjacent words become one span."""
    asked = frozenset().union(*highlighted)
    matches = [
        (word, own)
        for word in words(text)
        # a word of one piece has one stem; asking for all of them takes twice as long
        if (own := [stem(word.folded)] if len(word.pieces) == 1 else word.stems())
        and not asked.isdisjoint(own)
    ]
    present = {one for _, own in matches for one in own}
    wanted = {one for group in highlighted if group <= present for one in group}
    spans: list[Span] = []
    for word, own in matches:
        if wanted.isdisjoint(own) or word.folded in STOP_WORDS:
            continue
        if spans and text[spans[-1][1] : word.start] in (" ", "-"):
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return tuple(spans)


@lru_cache(maxsize=20_000)
def _words_of(token: str) -> tuple[Word, ...]:
    """The words of runs of letters and digits with hyphens or a blank between."""
    found: list[Word] = []
    is_open = False  # may the next run belong to the last word?
    for run in _RUNS.finditer(token):
        if is_open and _belong_together(token[found[-1].start : found[-1].end], run.group()):
            found[-1] = _word(token, found[-1].start, run.end())
            is_open = False
        elif (
            found
            and _DIGITS.fullmatch(run.group())
            and _LEVEL.fullmatch(token[found[-1].start : found[-1].end])
        ):
            level = f"{found[-1].pieces[0]}{run.group()}"  # C5-6 is C5-C6
            found.append(Word(run.start(), run.end(), level, (found[-1].pieces[0], run.group())))
        else:
            found.append(_word(token, run.start(), run.end()))
            is_open = True
    return tuple(found)


def _belong_together(before: str, after: str) -> bool:
    """Are two runs one name or measure: letters and a number, or a letter and a word?"""
    if before.lower() in STOP_WORDS or after.lower() in STOP_WORDS or fold(after) in GREEK_NAMES:
        return False
    if before.isalpha() and after.isalpha():
        return min(len(before), len(after)) == 1 and (before + after).isascii()
    ends_in_number, begins_with_number = (_DIGITS.match(sign) is not None for sign in (before[-1], after[0]))
    is_code = before[0].isalpha() and ends_in_number  # C5 of C5-C6
    return ends_in_number != begins_with_number and not is_code


def _word(token: str, start: int, end: int) -> Word:
    """The part of a token as one word."""
    pieces = tuple(fold(piece.replace(",", "")) for piece in _PIECES.findall(token[start:end]))
    if len(pieces) == 1 or "".join(pieces).isalpha():
        folded = "".join(pieces)
    else:  # "10 meters", "5 years": a unit in its short form, anything else without its ending
        folded = stem(pieces[0]) + "".join(_UNITS.get(piece, stem(piece)) for piece in pieces[1:])
    return Word(start, end, folded[:LONGEST_WORD], pieces)


VAGUE_STEMS = frozenset(stem(fold(word)) for word in _LISTS["vague_words"])
