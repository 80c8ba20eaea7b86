"""Four hundred documents of made-up words, the same each time, for tests of search engines."""

import random

from webapp.search.backends import Backend
from webapp.search.plan import Alternative, FacetName, Group, IndexDocument, Passage
from webapp.search.words import stem

VOCABULARY = [f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
COUNT = 400
LEFT = 390  # after the last ten were removed again


def fill(backend: Backend) -> None:
    """Several commits, with replaced and removed documents."""
    chance = random.Random(3)
    beside = backend.start_beside()
    for start in range(0, COUNT, 150):
        beside.apply([_document(number, chance) for number in range(start, min(start + 150, COUNT))], ())
    backend.switch_to(beside)
    backend.apply([_document(number, chance) for number in range(5)], range(LEFT, COUNT))


def documents() -> dict[int, IndexDocument]:
    """What the filled index holds."""
    chance = random.Random(3)
    every = {number: _document(number, chance) for number in range(COUNT)}
    every |= {number: _document(number, chance) for number in range(5)}
    return {number: document for number, document in every.items() if number < LEFT}


def groups(terms: list[str]) -> tuple[Group, ...]:
    """Each word a group; not counted as asked, so that no preference for more of them comes in."""
    return tuple(Group((Alternative((stem(term),)),), is_asked=False) for term in terms)


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
