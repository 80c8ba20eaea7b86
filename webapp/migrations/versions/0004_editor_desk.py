"""Autosaves by tab, drafts that wait for a decision, reading grades, times of indexing, changes of several at once.

Revision ID: 0004
Revises: 0003
"""

from alembic import op
import sqlalchemy as sa

from webapp.text import reading_grade


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 500


def upgrade():
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["editor_id"], ["editor.id"], name=op.f("fk_bulk_change_editor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change")),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading_grade", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("indexed_at", sa.DateTime(), nullable=True))
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merge_base", sa.Integer(), nullable=True))
    with op.batch_alter_table("autosave", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tab", sa.String(length=16), nullable=False, server_default=""))
        batch_op.drop_constraint(batch_op.f("uq_autosave_editor_id_form_key"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_autosave_editor_id_form_key_tab"), ["editor_id", "form_key", "tab"]
        )
    _grade_articles()


def downgrade():
    newest = "SELECT max(id) FROM autosave GROUP BY editor_id, form_key"
    op.execute(f"DELETE FROM autosave WHERE id NOT IN ({newest})")
    with op.batch_alter_table("autosave", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_autosave_editor_id_form_key_tab"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_autosave_editor_id_form_key"), ["editor_id", "form_key"]
        )
        batch_op.drop_column("tab")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_column("merge_base")
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.drop_column("indexed_at")
        batch_op.drop_column("reading_grade")
    op.drop_table("bulk_change")


def _grade_articles():
    """What was published before the grade was kept."""
    article = sa.table(
        "article",
        sa.column("id", sa.Integer),
        sa.column("simple_explanation", sa.Text),
        sa.column("reading_grade", sa.Float),
    )
    connection, last = op.get_bind(), 0
    graded = article.update().where(article.c.id == sa.bindparam("number")).values(reading_grade=sa.bindparam("grade"))
    some = sa.select(article.c.id, article.c.simple_explanation).order_by(article.c.id).limit(AT_ONCE)
    while rows := connection.execute(some.where(article.c.id > last)).all():
        connection.execute(graded, [{"number": row.id, "grade": reading_grade(row.simple_explanation)} for row in rows])
        last = rows[-1].id
