"""Store what was read of each paper, who took part, several registrations of a trial, and what happened since.

Revision ID: 0006
Revises: 0005
"""

import re

from alembic import op
import sqlalchemy as sa


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("paper", sa.Column("read_from", sa.String(length=32), nullable=True))
    op.add_column("article", sa.Column("harms_read", sa.String(length=32), nullable=True))
    op.add_column("article", sa.Column("people", sa.JSON(), nullable=True))
    for name in ("registrations", "since_then"):
        op.add_column("article", sa.Column(name, sa.JSON(), server_default="[]", nullable=False))
    _copy_registrations()


def downgrade():
    with op.batch_alter_table("article") as batch_op:
        for name in ("since_then", "registrations", "people", "harms_read"):
            batch_op.drop_column(name)
    with op.batch_alter_table("paper") as batch_op:
        batch_op.drop_column("read_from")


def _copy_registrations():
    """The columns from before stay for the release before; drafts and revisions are converted when they are read."""
    article = sa.table(
        "article",
        *(sa.column(name) for name in ("id", "trial_number", "trial_url")),
        sa.column("registrations", sa.JSON()),
    )
    has_one = sa.or_(article.c.trial_number.is_not(None), article.c.trial_url.is_not(None))
    for row in op.get_bind().execute(sa.select(article).where(has_one)).all():
        registrations = [
            {"number": number.strip()} for number in re.split("[,;]", row.trial_number or "") if number.strip()
        ]
        if row.trial_url:
            registrations = registrations or [{}]
            registrations[0]["url"] = row.trial_url
        op.execute(article.update().where(article.c.id == row.id).values(registrations=registrations))
