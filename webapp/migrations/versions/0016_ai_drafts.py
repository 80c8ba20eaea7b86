"""Store the drafts that a language model wrote, and which parts of them somebody confirmed.

Revision ID: 0016
Revises: 0015
"""

from alembic import op
import sqlalchemy as sa


revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "ai_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("written", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_ai_draft_draft_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_ai_draft_editor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_draft")),
    )
    op.create_index(op.f("ix_ai_draft_draft_id"), "ai_draft", ["draft_id"])
    op.create_index(op.f("ix_ai_draft_ended_at"), "ai_draft", ["ended_at"])
    op.create_table(
        "ai_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_ai_confirmation_draft_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_ai_confirmation_editor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_confirmation")),
    )
    op.create_index(op.f("ix_ai_confirmation_draft_id"), "ai_confirmation", ["draft_id"])


def downgrade():
    op.drop_table("ai_confirmation")
    op.drop_table("ai_draft")
