"""Count the views of each text by day.

Revision ID: 0022
Revises: 0021
"""

from alembic import op
import sqlalchemy as sa


revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "daily_views",
        sa.Column("viewed_on", sa.Date(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_daily_views_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("viewed_on", "draft_id", name=op.f("pk_daily_views")),
    )
    op.create_index(op.f("ix_daily_views_draft_id"), "daily_views", ["draft_id"])


def downgrade():
    op.drop_index(op.f("ix_daily_views_draft_id"), table_name="daily_views")
    op.drop_table("daily_views")
