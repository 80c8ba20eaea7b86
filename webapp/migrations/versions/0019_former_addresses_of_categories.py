"""Remember the former addresses of a category, and those of the categories that were merged into it.

Revision ID: 0019
Revises: 0018
"""

from alembic import op
import sqlalchemy as sa


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("category") as batch:
        batch.add_column(sa.Column("former_slugs", sa.JSON(), server_default="[]", nullable=False))


def downgrade():
    with op.batch_alter_table("category") as batch:
        batch.drop_column("former_slugs")
