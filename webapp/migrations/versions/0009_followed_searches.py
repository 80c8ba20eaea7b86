"""Store the searches that subscribers follow.

Revision ID: 0009
Revises: 0008
"""

from alembic import op
import sqlalchemy as sa


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("subscriber", sa.Column("searches", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("subscriber", sa.Column("asked_search", sa.Text(), nullable=True))
    op.add_column(
        "subscriber",
        sa.Column("follows_searches_only", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade():
    with op.batch_alter_table("subscriber") as batch_op:
        for name in ("follows_searches_only", "asked_search", "searches"):
            batch_op.drop_column(name)
