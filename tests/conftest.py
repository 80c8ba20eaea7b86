"""What every test may ask for: an application on a fresh database, a client that checks pages, and made-up articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.factories import add_categories
from tests.pages import PageClient
from webapp import create_app
from webapp.accounts import passwords, second_factor
from webapp.config import Config
from webapp.extensions import Base, db

KEY = "a-key-for-tests-that-is-long-enough-to-pass"
SITE_URL = "http://localhost"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings that point into an empty folder."""
    return Config.from_environ(
        {
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
