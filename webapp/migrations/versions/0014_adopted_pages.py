"""Remember which draft was made of which page of the original site, so that its address can lead to the summary.

Revision ID: 0014
Revises: 0013
"""

from alembic import op
import sqlalchemy as sa


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "adopted_page",
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_adopted_page_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_adopted_page")),
    )
    op.create_index(op.f("ix_adopted_page_draft_id"), "adopted_page", ["draft_id"])


def downgrade():
    op.drop_table("adopted_page")
