"""Four hundred documents of made-up words, the same each time, for tests of the index."""

import random

from webapp.search.documents import IndexDocument, Passage
from webapp.search.index import SearchIndex
from webapp.search.posting_arrays import Clause
from webapp.search.query import FacetName
from webapp.search.words import stem

VOCABULARY = [f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
COUNT = 400
LEFT = 390  # after the last ten were removed again


def fill(index: SearchIndex) -> None:
    """Several commits, with replaced and removed documents."""
    chance = random.Random(3)
    replacement = index.create_replacement()
    for start in range(0, COUNT, 150):
        replacement.apply([_document(number, chance) for number in range(start, min(start + 150, COUNT))], ())
    index.replace_with(replacement)
    index.apply([_document(number, chance) for number in range(5)], range(LEFT, COUNT))


def documents() -> dict[int, IndexDocument]:
    """What the filled index holds."""
    chance = random.Random(3)
    every = {number: _document(number, chance) for number in range(COUNT)}
    every |= {number: _document(number, chance) for number in range(5)}
    return {number: document for number, document in every.items() if number < LEFT}


def clauses(terms: list[str]) -> list[Clause]:
    """A clause for each word; not counted as asked, so that no preference for more of them comes in."""
    return [Clause((((stem(term),), 1.0),), is_asked=False) for term in terms]


def _document(number: int, chance: random.Random) -> IndexDocument:
    """Frequent words come more often."""
    words = [
        VOCABULARY[min(int(chance.expovariate(0.08)), len(VOCABULARY) - 1)]
        for _ in range(chance.randint(3, 60))
    ]
    kinds = ("reviews", "interviews", "methods")
    return IndexDocument(
        number, 1, 1_000_000 + number % 7,
        (Passage(" ".join(words[:5]), 2.0), Passage(" ".join(words[5:]), 1.0)),
        {FacetName.KIND: (chance.choice(kinds),), FacetName.CATEGORY: tuple(chance.sample("abc", chance.randint(1, 3)))},
    )  # fmt: skip
