"""The tables of the search engine in PostgreSQL; nothing on SQLite.

Revision ID: 0005
Revises: 0004
"""

import logging

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

log = logging.getLogger(__name__)


def upgrade():
    if op.get_bind().dialect.name != "postgresql":
        return
    stem = sa.Text(collation="C")
    state = op.create_table(
        "search_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_state")),
    )
    op.bulk_insert(state, [{"id": 1, "version": 0, "build": 0, "generation": 0}])
    op.create_table(
        "search_document",
        sa.Column("build", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.Double(), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("facets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("build", "article_id", name=op.f("pk_search_document")),
    )
    op.create_index("ix_search_document_terms", "search_document", ["terms"], postgresql_using="gin")
    op.create_table(
        "search_posting",
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("stem", stem, nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False),
    )
    op.create_index(
        "ix_search_posting_build_stem_article_id",
        "search_posting",
        ["build", "stem", "article_id"],
        unique=True,
        postgresql_include=["weight"],
    )
    op.create_table(
        "search_word",
        sa.Column("build", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", stem, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("build", "word", name=op.f("pk_search_word")),
    )
    if _has_trigrams():
        op.create_index(
            "ix_search_word_word",
            "search_word",
            ["word"],
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        )


def _has_trigrams():
    """Install pg_trgm, if this user may; searches work without it, the site says at its start what is missing."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError as error:
        log.warning("pg_trgm was not installed: %s", error.orig)
        return False
    return True


def downgrade():
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("search_word", "search_posting", "search_document", "search_state"):
        op.drop_table(table)
