"""The migrations make exactly the tables that the models describe, and can be undone."""

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from webapp import create_app
from webapp.config import Config
from webapp.extensions import Base, db


def test_migrations_and_models_do_not_differ(config: Config) -> None:
    with create_app(config).app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert differences == []
        assert db.session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        db.session.remove()
        db.engine.dispose()


def test_migrations_can_be_undone_and_done_again(config: Config) -> None:
    with create_app(config).app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        flask_migrate.upgrade()
        assert "article" in inspect(db.engine).get_table_names()
        db.engine.dispose()
