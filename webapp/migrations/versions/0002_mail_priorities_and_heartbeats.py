"""Find mail by priority, and note when jobs and backups last ran.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
import sqlalchemy as sa


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_outbox_message_state_next_try_at", "outbox_message")
    op.create_index(
        "ix_outbox_message_state_kind_next_try_at", "outbox_message", ["state", "kind", "next_try_at"]
    )
    op.create_table(
        "heartbeat",
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("task", "key_hash", name=op.f("pk_heartbeat")),
    )


def downgrade():
    op.drop_table("heartbeat")
    op.drop_index("ix_outbox_message_state_kind_next_try_at", "outbox_message")
    op.create_index("ix_outbox_message_state_next_try_at", "outbox_message", ["state", "next_try_at"])
