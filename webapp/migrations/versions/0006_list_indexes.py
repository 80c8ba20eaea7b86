"""Indexes from which the counts beside lists are read, without reading the texts.

Revision ID: 0006
Revises: 0005
"""

from alembic import op


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_article_status_study_kind_result", "article", ["status", "study_kind", "result"])
    op.create_index("ix_paper_status", "paper", ["status"])


def downgrade():
    op.drop_index("ix_paper_status", "paper")
    op.drop_index("ix_article_status_study_kind_result", "article")
