"""The migrations make exactly the tables that the models describe, and can be undone, on either kind of database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import JSON, Column, MetaData, inspect, select, text

from tests.engines import both_engines
from tests.postgres.server import Server
from webapp import create_app
from webapp.accounts import second_factor
from webapp.config import Config
from webapp.db.session import Base, db
from webapp.models import Article, Editor, Passkey
from webapp.models.values import Registration

pytestmark = both_engines


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address at which there is no table yet."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database("template0") as url:
        yield url


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application before any migration."""
    app = create_app(config)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def filler(column: Column[Any]) -> object:
    """A value that a column takes, whatever it means."""
    if isinstance(column.type, JSON):
        return []
    kind = column.type.python_type
    return datetime.now() if kind is datetime else kind()  # noqa: DTZ005  # as the column stores it


def test_migrations_and_models_do_not_differ(app: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_foreign_keys_are_enforced_after_a_migration(app: Flask, config: Config) -> None:
    flask_migrate.upgrade()
    if not config.is_postgresql:
        assert db.session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_recovery_codes_made_before_passkeys_still_work(app: Flask) -> None:
    flask_migrate.upgrade(revision="0003")
    secret, code = "JBSWY3DPEHPK3PXP", "k7qdm-2xa9f"
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO editor (id, name, email, password_hash, role, created_at)"
                " VALUES (1, 'Ana', 'ana@example.org', '', 'editor', '2026-01-09 09:00:00')"
            )
        )
        connection.execute(
            text("INSERT INTO second_factor VALUES (1, :secret, 0, '2026-01-09 09:00:00')"),
            {"secret": secret},
        )
        connection.execute(
            text("INSERT INTO recovery_code (editor_id, code_hash) VALUES (1, :code_hash)"),
            {"code_hash": second_factor.recovery_hash(secret, code)},
        )
    flask_migrate.upgrade()
    ana = db.session.get(Editor, 1)
    assert ana is not None
    assert ana.second_factor is not None
    ana.passkeys.append(
        Passkey(name="Phone", credential_id=b"1", public_key=b"", sign_count=0, added_at=datetime.now(UTC))
    )
    second_factor.remove(ana, ana.second_factor)
    db.session.commit()
    assert second_factor.use_recovery_code(ana, second_factor.recovery_hash_of(ana, code))


def test_the_registration_of_a_trial_becomes_a_list(app: Flask) -> None:
    flask_migrate.upgrade(revision="0005")
    former = {
        1: ("NCT01234567, ISRCTN12345678", "https://example.org/1"),
        2: (None, "https://example.org/2"),
        3: (None, None),
    }
    with db.engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for number, (trial_number, trial_url) in former.items():
            for table in ("paper", "article"):
                given = {"id": number, "paper_id": number, "slug": f"a-{number}", "title": "T"}
                given |= {"trial_number": trial_number, "trial_url": trial_url}
                columns = tables.tables[table].columns
                row = {c.name: filler(c) for c in columns if not c.nullable and c.name not in given}
                row |= {name: value for name, value in given.items() if name in columns}
                connection.execute(tables.tables[table].insert().values(row))
    flask_migrate.upgrade()
    found = {
        row.id: row.registrations for row in db.session.execute(select(Article.id, Article.registrations))
    }
    assert found == {
        1: [
            Registration(number="NCT01234567", url="https://example.org/1"),
            Registration(number="ISRCTN12345678"),
        ],
        2: [Registration(url="https://example.org/2")],
        3: [],
    }


def test_migrations_can_be_undone_and_done_again(app: Flask) -> None:
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]
    flask_migrate.upgrade()
    assert "article" in inspect(db.engine).get_table_names()
