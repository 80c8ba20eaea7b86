"""What every test may ask for: an application on a fresh database, a client that checks pages, and made-up articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.factories import add_categories
from tests.pages import PageClient
from tests.postgres import server
from webapp import create_app
from webapp.accounts import passwords, second_factor
from webapp.config import Config
from webapp.db.session import Base, db

KEY = "a-key-for-tests-that-is-long-enough-to-pass"
SITE_URL = "http://localhost"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[server.Server]:
    """A PostgreSQL server of this process's own."""
    with server.running() as running:
        yield running


@pytest.fixture
def postgresql_url(postgresql: server.Server) -> Iterator[str]:
    """The address of an empty, migrated PostgreSQL database."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of the database: SQLite in the test's folder, or what a test asks for with ``tests.engines``."""
    url: str = (
        request.getfixturevalue("postgresql_url") if getattr(request, "param", "") == "postgresql" else ""
    )
    return url


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    """Settings that point into an empty folder."""
    return Config.from_environ(
        {
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "SEARCH_INDEX": str(tmp_path / "search_index"),
            "SECRET_KEY": KEY,
            "SITE_URL": SITE_URL,
        }
    )


@pytest.fixture
def app(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with empty tables, the twelve categories, and its context pushed; hashing costs little."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(second_factor, "_COST", 2)
    config.instance_path.mkdir(parents=True, exist_ok=True)
    app = create_app(config)
    with app.app_context():
        if not config.is_postgresql:  # there the tables are made already, by the migrations
            Base.metadata.create_all(db.engine)
        add_categories()
        db.session.commit()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript; it checks every page it is given."""
    return PageClient(app)
