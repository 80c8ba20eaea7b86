"""Store whether editors want the mail of the day, and which they got last.

Revision ID: 0025
Revises: 0024
"""

from alembic import op
import sqlalchemy as sa


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "editor", sa.Column("wants_digest", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column("editor", sa.Column("digest_on", sa.Date(), nullable=True))
    op.add_column("editor", sa.Column("digest_until", sa.DateTime(), nullable=True))


def downgrade():
    with op.batch_alter_table("editor") as batch:
        for name in ("digest_until", "digest_on", "wants_digest"):
            batch.drop_column(name)
