"""Store which changes corrected a mistake, and which answers a mail had.

A release before this one writes neither: what it publishes is no correction of an answer, and its digests name no answers.

Revision ID: 0020
Revises: 0019
"""

from alembic import op
import sqlalchemy as sa


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("revision") as batch:
        batch.add_column(sa.Column("is_correction", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "message_answer",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("answer_state", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_message_answer_answer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_message_answer_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "answer_id", name=op.f("pk_message_answer")),
    )
    with op.batch_alter_table("message_answer") as batch:
        batch.create_index(batch.f("ix_message_answer_answer_id"), ["answer_id"], unique=False)


def downgrade():
    op.drop_table("message_answer")
    with op.batch_alter_table("revision") as batch:
        batch.drop_column("is_correction")
