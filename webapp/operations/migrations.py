"""Which migration the database is at, and which ones this code knows."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection

from webapp.db.session import db


def current(connection: Connection | None = None) -> str | None:
    """The migration that a database (the site's own, if none is given) is at; None if it has no tables yet."""
    return MigrationContext.configure(connection or db.session.connection()).get_current_revision()


def newest() -> str | None:
    """The migration that this code needs."""
    return _scripts().get_current_head()


def known() -> set[str]:
    """Every migration that this code can start from."""
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)
