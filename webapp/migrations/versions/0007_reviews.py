"""Store reviews, who may be asked for them, and the sign-offs that readers see.

Revision ID: 0007
Revises: 0006
"""

from alembic import op
import sqlalchemy as sa


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("signed_at", sa.DateTime(), nullable=True),
        sa.Column("keeps_name", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_review_draft_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["editor.id"], name=op.f("fk_review_reviewer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["editor.id"], name=op.f("fk_review_asked_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    for name in ("draft_id", "reviewer_id", "signed_at"):
        op.create_index(op.f(f"ix_review_{name}"), "review", [name])
    op.add_column("article", sa.Column("sign_offs", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("editor", sa.Column("reviewer_kind", sa.String(length=32), nullable=True))
    op.add_column("editor", sa.Column("printed_role", sa.String(length=120), nullable=True))


def downgrade():
    with op.batch_alter_table("editor") as batch_op:
        batch_op.drop_column("printed_role")
        batch_op.drop_column("reviewer_kind")
    with op.batch_alter_table("article") as batch_op:
        batch_op.drop_column("sign_offs")
    op.drop_table("review")
