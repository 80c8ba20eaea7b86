"""Store answers, their drafts and their public changes.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
import sqlalchemy as sa


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    lists = "phrasings categories verdict_rests_on found missing would_change questions safety_cards elsewhere sign_offs"
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("question", "verdict", "certainty_reason", "written_by")
        ),
        sa.Column("certainty", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in lists.split()),
        sa.Column("published_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("next_check_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_note", sa.Text(), nullable=True),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("checked_change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("slug", name=op.f("uq_answer_slug")),
    )
    op.create_table(
        "answer_slug",
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_answer_slug_answer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_answer_slug")),
    )
    op.create_index(op.f("ix_answer_slug_answer_id"), "answer_slug", ["answer_id"])
    op.create_table(
        "answer_citation",
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_answer_citation_answer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_answer_citation_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "article_id", name=op.f("pk_answer_citation")),
    )
    op.create_index(op.f("ix_answer_citation_article_id"), "answer_citation", ["article_id"])
    op.add_column(
        "draft", sa.Column("kind", sa.String(length=32), server_default="summary", nullable=False)
    )
    for table in ("draft", "public_change"):  # in SQL: SQLite would otherwise copy the whole table for a foreign key
        key = f"CONSTRAINT fk_{table}_answer_id REFERENCES answer (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN answer_id INTEGER {key}")
        op.create_index(op.f(f"ix_{table}_answer_id"), table, ["answer_id"], unique=table == "draft")


def downgrade():
    for table, columns in (("public_change", ["answer_id"]), ("draft", ["answer_id", "kind"])):
        op.drop_index(op.f(f"ix_{table}_answer_id"), table)
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch_op:
            for name in columns:
                batch_op.drop_column(name)
    op.drop_table("answer_citation")
    op.drop_table("answer_slug")
    op.drop_table("answer")
