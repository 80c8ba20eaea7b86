"""What Whoosh keeps of an article.

One field holds its stems with their weights, a second one their places (for phrases: apart, since every search reads the
first whole), a third its whole words (for completion and correction), a fourth its filter values; three columns hold
what goes with every hit.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from whoosh import columns, fields
from whoosh.formats import Existence, Positions

from webapp.search.backends.document_words import document_words, facet_terms
from webapp.search.plan import IndexDocument

MISSING = -1  # in a column: every document has a value, so one without it was lost


class _WeightedWords(fields.FieldType):
    """A field that is given its terms ready-made: (term, how often, weight)."""

    def __init__(self) -> None:
        super().__init__(Existence(), analyzer=None, scorable=True)

    def index(
        self, value: Iterable[tuple[str, int, float]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, count, weight in value:
            yield term.encode(), count, weight, b""


class _Places(fields.FieldType):
    """A field of terms and where they stand: (term, places)."""

    def __init__(self) -> None:
        super().__init__(Positions(), analyzer=None)

    def index(
        self, value: Iterable[tuple[str, list[int]]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, places in value:
            yield term.encode(), len(places), 1.0, self.format.encode(places)


class _Terms(fields.FieldType):
    """A field of terms that are there or not."""

    def __init__(self, unique: bool = False) -> None:
        super().__init__(Existence(), analyzer=None, unique=unique)

    def index(self, value: Iterable[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term in sorted(value):
            yield term.encode(), 1, 1.0, b""


SCHEMA = fields.Schema(
    key=_Terms(unique=True),
    stem=_WeightedWords(),
    place=_Places(),
    word=_Terms(),
    facet=_Terms(),
    article=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    revision=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    published=fields.COLUMN(columns.NumericColumn("I")),
)


def fields_of(document: IndexDocument) -> dict[str, Any]:
    """An article as the schema wants it."""
    found = document_words(document)
    stems = sorted(found.stems.items())
    return {
        "key": [str(document.article_id)],
        "stem": [(term, len(at), sum(weight for _, weight in at)) for term, at in stems],
        "place": [(term, [place for place, _ in at]) for term, at in stems],
        "word": found.lexicon,
        "facet": set(facet_terms(document)),
        "article": document.article_id,
        "revision": document.revision,
        "published": document.published,
    }
