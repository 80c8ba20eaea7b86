"""Store what admins change in safety cards, and who checked it.

Revision ID: 0010
Revises: 0009
"""

from alembic import op
import sqlalchemy as sa


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "safety_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_safety_revision_editor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_revision")),
        sa.UniqueConstraint("card_id", "number", name=op.f("uq_safety_revision_card_id_number")),
    )
    op.create_table(
        "safety_sign_off",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["safety_revision.id"],
            name=op.f("fk_safety_sign_off_revision_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_safety_sign_off_editor_id")),
        sa.PrimaryKeyConstraint("revision_id", "editor_id", name=op.f("pk_safety_sign_off")),
    )


def downgrade():
    op.drop_table("safety_sign_off")
    op.drop_table("safety_revision")
