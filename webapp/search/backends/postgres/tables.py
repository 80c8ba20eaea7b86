"""The tables of the search engine in PostgreSQL, and how documents come in and go out of them.

They are derived data: no part of the models, and on SQLite not there.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSVECTOR

from webapp.db.session import Base
from webapp.search.backends.document_words import document_words, facet_terms
from webapp.search.plan import IndexDocument

LETTERS = "ABCD"  # of the parts of a text, most telling first

metadata = MetaData(naming_convention=Base.metadata.naming_convention)

STEM = Text(collation="C")  # in the order of its letters, so that an index finds what starts alike

# One row. Which build is live, of which version, and how often the index was committed.
state = Table(
    "search_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("build", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
)

# An article as it is searched. ``weights`` says what its letters A, B, C and D count; ``length`` is the sum over its words.
document = Table(
    "search_document",
    metadata,
    Column("build", Integer, primary_key=True, autoincrement=False),
    Column("article_id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("length", Double, nullable=False),
    Column("weights", ARRAY(REAL), nullable=False),
    Column("facets", ARRAY(Text), nullable=False),
    Column("words", ARRAY(Text), nullable=False),
    Column("terms", TSVECTOR, nullable=False),
    Index("ix_search_document_terms", "terms", postgresql_using="gin"),
)

# Where a stem stands, and how much: ``document.terms`` unfolded by PostgreSQL itself.
posting = Table(
    "search_posting",
    metadata,
    Column("build", Integer, nullable=False),
    Column("stem", STEM, nullable=False),
    Column("article_id", Integer, nullable=False),
    Column("weight", REAL, nullable=False),
    Index(
        "ix_search_posting_build_stem_article_id",
        "build",
        "stem",
        "article_id",
        unique=True,
        postgresql_include=["weight"],
    ),
)

# The whole words of the library, and in how many articles each stands. Its trigram index needs an extension.
word = Table(
    "search_word",
    metadata,
    Column("build", Integer, primary_key=True, autoincrement=False),
    Column("word", STEM, primary_key=True),
    Column("count", Integer, nullable=False),
    Index("ix_search_word_word", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
)

_ADD = text(
    "INSERT INTO search_document (build, article_id, revision, published, length, facets, weights, words, terms) "
    "VALUES (:build, :article_id, :revision, :published, :length, :facets, :weights, :words, CAST(:terms AS tsvector))"
)
_UNFOLD = text(
    "INSERT INTO search_posting (build, stem, article_id, weight) "
    "SELECT build, lexeme, article_id, (SELECT sum(d.weights[ascii(letter) - 64]) FROM unnest(t.weights) letter) "
    "FROM search_document d, unnest(d.terms) t WHERE build = :build AND article_id = ANY(:ids)"
)
_COUNT_WORDS = text(
    "INSERT INTO search_word (build, word, count) SELECT build, unnest(words) AS word, count(*) FROM search_document "
    "WHERE build = :build AND article_id = ANY(:ids) GROUP BY build, word "
    "ON CONFLICT (build, word) DO UPDATE SET count = search_word.count + excluded.count"
)
_REMOVE = [
    text(
        "DELETE FROM search_posting p USING search_document d, unnest(tsvector_to_array(d.terms)) s WHERE d.build = :build "
        "AND d.article_id = ANY(:ids) AND p.build = d.build AND p.stem = s AND p.article_id = d.article_id"
    ),
    text(
        "UPDATE search_word w SET count = w.count - gone.count FROM (SELECT unnest(words) AS word, count(*) AS count "
        "FROM search_document WHERE build = :build AND article_id = ANY(:ids) GROUP BY 1) gone "
        "WHERE w.build = :build AND w.word = gone.word"
    ),
    text("DELETE FROM search_word WHERE build = :build AND count <= 0"),
    text("DELETE FROM search_document WHERE build = :build AND article_id = ANY(:ids)"),
]
_CLEAR = [table.delete().where(table.c.build != bindparam("kept")) for table in (posting, word, document)]


def add(connection: Connection, build: int, documents: Sequence[IndexDocument]) -> None:
    """Put documents in the place of those of the same articles."""
    ids = [document.article_id for document in documents]
    remove(connection, build, ids)
    connection.execute(_ADD, [{"build": build, **_row_of(document)} for document in documents])
    connection.execute(_UNFOLD, {"build": build, "ids": ids})
    connection.execute(_COUNT_WORDS, {"build": build, "ids": ids})


def remove(connection: Connection, build: int, ids: list[int]) -> None:
    """Take out the documents of these articles, with all that was counted and unfolded of them."""
    found = text("SELECT 1 FROM search_document WHERE build = :build AND article_id = ANY(:ids) LIMIT 1")
    if ids and connection.execute(found, {"build": build, "ids": ids}).first():
        for statement in _REMOVE:
            connection.execute(statement, {"build": build, "ids": ids})


def clear(connection: Connection, kept: int | None) -> None:
    """Remove all builds but this one."""
    for statement in _CLEAR:
        connection.execute(statement, {"kept": kept})


def _row_of(document: IndexDocument) -> dict[str, Any]:
    """A document as it stands in the table: stems with places and letters, whole words, filter values."""
    levels = sorted({passage.weight for passage in document.passages}, reverse=True)
    letters = {level: LETTERS[min(place, len(LETTERS) - 1)] for place, level in enumerate(levels)}
    found = document_words(document)
    return {
        "article_id": document.article_id,
        "revision": document.revision,
        "published": document.published,
        "length": sum(weight for at in found.stems.values() for _, weight in at),
        "facets": facet_terms(document),
        "weights": levels[: len(LETTERS)],
        "words": sorted(found.lexicon),
        "terms": " ".join(
            f"{quoted(term)}:{','.join(f'{place + 1}{letters[weight]}' for place, weight in at)}"  # PostgreSQL counts from 1
            for term, at in found.stems.items()
        ),
    }


def quoted(term: str) -> str:
    """A stem as it is written in a tsvector or a tsquery."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
