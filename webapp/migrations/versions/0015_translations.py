"""Store the texts of summaries and answers in other languages.

Revision ID: 0015
Revises: 0014
"""

from alembic import op
import sqlalchemy as sa


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "translation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("made_from", sa.JSON(), nullable=False),
        sa.Column("phrasings", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("of_revision", sa.Integer(), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.Column("checked_by_id", sa.Integer(), nullable=True),
        sa.Column("checked_kind", sa.String(length=32), nullable=True),
        sa.Column("checked_role", sa.String(length=120), nullable=True),
        sa.Column("checked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_translation_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_translation_answer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_translation_editor_id")),
        sa.ForeignKeyConstraint(["checked_by_id"], ["editor.id"], name=op.f("fk_translation_checked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation")),
        sa.UniqueConstraint(
            "article_id", "language", "number", name=op.f("uq_translation_article_id_language_number")
        ),
        sa.UniqueConstraint(
            "answer_id", "language", "number", name=op.f("uq_translation_answer_id_language_number")
        ),
    )


def downgrade():
    op.drop_table("translation")
