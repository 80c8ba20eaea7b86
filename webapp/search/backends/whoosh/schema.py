"""What Whoosh keeps of an article.

One field holds its stems with their weights, a second one its whole words (for completion and correction), a third its
filter values; three columns hold what goes with every hit, and a fourth its stems in order. Phrases are looked for in
that: places beside the weights would have to be read with every list, by every search.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from whoosh import columns, fields
from whoosh.formats import Existence

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
    word=_Terms(),
    facet=_Terms(),
    article=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    revision=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    published=fields.COLUMN(columns.NumericColumn("I")),
    sequence=fields.COLUMN(columns.VarBytesColumn()),
)


def fields_of(document: IndexDocument) -> dict[str, Any]:
    """An article as the schema wants it."""
    found = document_words(document)
    return {
        "key": [str(document.article_id)],
        "stem": [
            (term, len(at), sum(weight for _, weight in at)) for term, at in sorted(found.stems.items())
        ],
        "word": found.lexicon,
        "facet": set(facet_terms(document)),
        "article": document.article_id,
        "revision": document.revision,
        "published": document.published,
        "sequence": in_order(*_lines(found.stems)),
    }


def in_order(*lines: Iterable[str]) -> bytes:
    """Stems one after the other, each between blanks, as they stand in a ``sequence``; a line for each part of a text."""
    return "\n".join(f" {' '.join(line)} " for line in lines).encode()


def _lines(stems: dict[str, list[tuple[int, float]]]) -> list[list[str]]:
    """The stems of each part of a text in order; between two parts places are left free."""
    lines: list[list[str]] = []
    last = None
    for place, term in sorted((place, term) for term, at in stems.items() for place, _ in at):
        if last is None or place != last + 1:
            lines.append([])
        lines[-1].append(term)
        last = place
    return lines
