"""Remember in which language somebody asked for the newsletter.

Revision ID: 0018
Revises: 0017
"""

from alembic import op
import sqlalchemy as sa


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "subscriber", sa.Column("language", sa.String(length=8), server_default="en", nullable=False)
    )


def downgrade():
    op.drop_column("subscriber", "language")
