"""The migration that a database is at, and those that this code knows."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection

from webapp.db.session import db


def current(connection: Connection | None = None) -> str | None:
    """The migration of a database, by default of the site's own; None if it has no tables yet."""
    return MigrationContext.configure(connection or db.session.connection()).get_current_revision()


def newest() -> str | None:
    """The migration that the models of this code need."""
    return _scripts().get_current_head()


def known() -> set[str]:
    """All migrations that ``flask db upgrade`` can start from."""
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)
