"""Find articles by their last change.

Revision ID: 0003
Revises: 0002
"""

from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_article_status_updated_at", "article", ["status", "updated_at"])


def downgrade():
    op.drop_index("ix_article_status_updated_at", "article")
