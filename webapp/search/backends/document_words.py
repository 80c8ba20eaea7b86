"""What is indexed of a document, the same in every engine: its words with their places, and its filter values."""

from collections.abc import Iterator
from typing import NamedTuple

from webapp.search.plan import IndexDocument
from webapp.search.words import STOP_WORDS, stem, words

PASSAGE_GAP = 10  # places left free between two parts of a text, so that no phrase runs across
SHORTEST_WORD = 3  # that is completed and corrected


class DocumentWord(NamedTuple):
    """A word of a document: its stem, the folded word, what it counts, and its place from 0."""

    stem: str
    folded: str
    weight: float
    place: int

    @property
    def is_in_lexicon(self) -> bool:
        """Is it a word to complete and correct others to?"""
        return len(self.folded) >= SHORTEST_WORD and self.folded.isalpha()


def document_words(document: IndexDocument) -> Iterator[DocumentWord]:
    """The words of a document in order, without stop words."""
    place = 0
    for passage in document.passages:
        for word in words(passage.text):
            if word.folded not in STOP_WORDS:
                yield DocumentWord(stem(word.folded), word.folded, passage.weight, place)
                place += 1
        place += PASSAGE_GAP


def facet_terms(document: IndexDocument) -> list[str]:
    """The filter values of a document, like "kind:reviews"."""
    return [f"{name}:{value}" for name, values in document.facets.items() for value in values]
