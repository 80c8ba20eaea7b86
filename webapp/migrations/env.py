"""How Alembic reaches the database: through the application, in batch mode where the engine is SQLite."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from webapp.db import engine
from webapp.db.session import db
from webapp.db.writing import OPTION, TAKE


def run_migrations() -> None:
    """Run what was asked for on one connection, in one transaction that has the writer's turn.

    Two nodes that start at once would otherwise make the same tables. SQLite changes a table by copying it; dropping the
    old one would delete the rows that refer to it, so foreign keys are not enforced meanwhile, and all of them are checked
    before the commit.
    """
    engine.create_file(db.engine)
    with db.engine.connect().execution_options(**{OPTION: TAKE}) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            _enforce_foreign_keys(connection, False)
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_item=_render_item,
                transactional_ddl=True,  # SQLite's tables change within a transaction too; Alembic does not trust it to
                **current_app.extensions["migrate"].configure_args,
            )
            with context.begin_transaction():
                if not is_sqlite:
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                context.run_migrations()
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise RuntimeError(f"the migration would leave rows that refer to nothing: {broken[:5]}")
        finally:
            if is_sqlite:
                _enforce_foreign_keys(connection, True)


def _enforce_foreign_keys(connection: Connection, is_on: bool) -> None:
    """Outside any transaction, where alone SQLite heeds it."""
    connection.rollback()
    connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={'ON' if is_on else 'OFF'}")  # type: ignore[union-attr]


def _render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A migration must not depend on our own types, which may change after it was written."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


run_migrations()
