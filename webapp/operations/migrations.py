"""The migration that a database is at, and whether this code can work with it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, inspect

from webapp.config import command_line
from webapp.db.session import Base, db


def current(connection: Connection | None = None) -> str | None:
    """The migration of a database, by default of the site's own; None if it has no tables yet."""
    return MigrationContext.configure(connection or db.session.connection()).get_current_revision()


def newest() -> str | None:
    """The migration that the models of this code need."""
    return _scripts().get_current_head()


def known() -> set[str]:
    """All migrations that ``flask db upgrade`` can start from."""
    return {script.revision for script in _scripts().walk_revisions()}


def is_newer_than_code(connection: Connection) -> bool:
    """Tell whether a newer release has migrated the database."""
    revision = current(connection)
    return revision is not None and revision not in known()


def problem(connection: Connection | None = None) -> str:
    """Say why this code cannot work with the database, or return an empty string.

    A newer release's migrations only add (see "Migrations" in CONTRIBUTING.md), so the code of the release before goes on
    working, as long as every table and column that it uses is there.
    """
    connection = connection or db.session.connection()
    if not is_newer_than_code(connection):
        revision = current(connection)
        outdated = f"it is at migration {revision}, but the code needs {newest()}"
        return "" if revision == newest() else f"{outdated}. Run: {command_line('db upgrade')}"
    found = {
        (table, column["name"])
        for (_, table), columns in inspect(connection).get_multi_columns().items()
        for column in columns
    }
    needed = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}
    missing = ", ".join(f"{table}.{column}" for table, column in sorted(needed - found))
    return missing and f"a newer release has removed {missing}. Install that release"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)
