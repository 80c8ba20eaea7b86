"""Store what editors want of the next newsletter, and what each issue said and left out.

Revision ID: 0023
Revises: 0022
"""

from alembic import op
import sqlalchemy as sa


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "issue_draft",
        sa.Column("frequency", sa.String(length=32), nullable=False),
        sa.Column("after_issue", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_issue_draft_editor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_draft")),
        sa.UniqueConstraint("frequency", "after_issue", "number", name=op.f("uq_issue_draft_frequency_after_issue_number")),
    )
    with op.batch_alter_table("issue") as batch:
        batch.add_column(sa.Column("words", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("answer_ids", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("left_out", sa.JSON(), server_default="[]", nullable=False))
        batch.add_column(sa.Column("waiting", sa.JSON(), server_default="[]", nullable=False))


def downgrade():
    with op.batch_alter_table("issue") as batch:
        for column in ("waiting", "left_out", "answer_ids", "words"):
            batch.drop_column(column)
    op.drop_table("issue_draft")
