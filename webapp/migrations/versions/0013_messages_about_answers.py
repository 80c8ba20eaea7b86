"""Store which answer a message to the editors is about.

Revision ID: 0013
Revises: 0012
"""

from alembic import op
import sqlalchemy as sa


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("contact_message") as batch:
        batch.add_column(sa.Column("answer_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_contact_message_answer_id"), "answer", ["answer_id"], ["id"], ondelete="SET NULL"
        )


def downgrade():
    with op.batch_alter_table("contact_message") as batch:
        batch.drop_constraint(op.f("fk_contact_message_answer_id"), type_="foreignkey")
        batch.drop_column("answer_id")
