"""Typing errors: the nearest word of the library or of the concept table, for words that neither has."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.search.backends import Backend
from webapp.search.query import Term
from webapp.search.synonyms import known_words, misspellings, words_starting
from webapp.search.words import STOP_WORDS, stem, words

SHORTEST_WORD = 4
SHORTEST_PART = 3  # of a word that was written without its space
LETTERS_PER_ERROR = 4
MOST_ERRORS = 3


@dataclass(frozen=True)
class _Candidate:
    word: str
    errors: int
    count: int
    starts_alike: bool

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        return (not self.starts_alike, self.errors, -self.count, self.word)


def corrected(terms: Sequence[Term], library: Backend) -> list[Term] | None:
    """The terms with typing errors put right; None if there is nothing to put right."""
    better = [_corrected_term(term, library) for term in terms]
    return better if better != list(terms) else None


def written(terms: Sequence[Term]) -> str:
    """The terms as one text."""
    return " ".join(f"“{term.text}”" if term.is_phrase else term.text for term in terms)


def is_known(word: str, library: Backend) -> bool:
    """Is it a word of the library or of the table? Such a word is never "corrected"."""
    return (
        word in STOP_WORDS
        or word in known_words()
        or library.frequency(word) > 0
        or library.knows_stem(stem(word))
    )


def nearest(word: str, library: Backend) -> str | None:
    """The likeliest right spelling of a folded word, if there is one near enough."""
    most = min(MOST_ERRORS, max(1, len(word) // LETTERS_PER_ERROR))
    found = [
        _Candidate(text, errors, count, text[0] == word[0])
        for text, errors, count in library.near(word, most)
    ]
    found += [
        _Candidate(text, int(errors), 1, text[0] == word[0])
        for text, errors, _ in process.extract(
            word, _table(), scorer=OSA.distance, score_cutoff=most, limit=20
        )
    ]
    likely = [candidate for candidate in found if _is_likely(word, candidate)]
    return min(likely, key=lambda candidate: candidate.rank).word if likely else _split(word, library)


def _corrected_term(term: Term, library: Backend) -> Term:
    parts = [
        (word, _right(word.folded, term.is_open and word.end == len(term.text), library))
        for word in words(term.text)
    ]
    text = term.text
    for word, right in reversed(parts):
        if right is not None:
            text = text[: word.start] + right + text[word.end :]
    return term if text == term.text else Term(text, term.is_phrase, term.is_open)


def _right(word: str, is_open: bool, library: Backend) -> str | None:
    """The right spelling, or None if the word can stand as it is."""
    if len(word) < SHORTEST_WORD or not word.isalpha() or is_known(word, library):
        return None
    if is_open and (library.completions(word, 1) or words_starting(word)):
        return None  # not a mistake, only unfinished
    return misspellings().get(word) or nearest(word, library)


def _is_likely(word: str, candidate: _Candidate) -> bool:
    """A wrong first letter is rare: then the rest must be right, and the word not merely another one (dental, mental)."""
    if len(candidate.word) < SHORTEST_WORD:
        return False
    if candidate.starts_alike:
        return True
    return candidate.errors == 1 and (
        len(candidate.word) != len(word) or sorted(candidate.word) == sorted(word)
    )


def _split(word: str, library: Backend) -> str | None:
    """Two known words that were written as one."""
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        parts = word[:place], word[place:]
        if all(
            part not in STOP_WORDS and (library.frequency(part) or part in known_words()) for part in parts
        ):
            return " ".join(parts)
    return None


def _table() -> list[str]:
    return [word for word in known_words() if len(word) >= SHORTEST_WORD]
