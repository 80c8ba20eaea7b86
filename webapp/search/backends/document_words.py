"""What is indexed of a document, the same in every engine: its words with their places, and its filter values."""

from collections import defaultdict
from dataclasses import dataclass

from webapp.search.plan import IndexDocument
from webapp.search.words import STOP_WORDS, stem, words

PASSAGE_GAP = 10  # places left free between two parts of a text, so that no phrase runs across
SHORTEST_WORD = 3  # that is completed and corrected


@dataclass(frozen=True)
class DocumentWords:
    """The words of a document without stop words: for each stem its places from 0 with what each counts, and the lexicon.

    The lexicon holds the folded words that others are completed and corrected to.
    """

    stems: dict[str, list[tuple[int, float]]]
    lexicon: set[str]


def document_words(document: IndexDocument) -> DocumentWords:
    """Read a document from its first passage to its last."""
    stems: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    lexicon: set[str] = set()
    place = 0
    for passage in document.passages:
        for word in words(passage.text):
            if word.folded in STOP_WORDS:
                continue
            stems[stem(word.folded)].append((place, passage.weight))
            place += 1
            if len(word.folded) >= SHORTEST_WORD and word.folded.isalpha():
                lexicon.add(word.folded)
        place += PASSAGE_GAP
    return DocumentWords(stems, lexicon)


def facet_terms(document: IndexDocument) -> list[str]:
    """The filter values of a document, like "kind:reviews"."""
    return [f"{name}:{value}" for name, values in document.facets.items() for value in values]
