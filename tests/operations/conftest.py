"""A site whose tables the migrations made, as in production."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from tests.conftest import KEY
from tests.factories import add_categories
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with the tables and the twelve categories."""
    folder = tmp_path_factory.mktemp("migrated")
    config = Config.from_environ({"INSTANCE_PATH": str(folder), "SECRET_KEY": KEY})
    with create_app(config).app_context():
        flask_migrate.upgrade()
        add_categories()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return folder


@pytest.fixture
def app(config: Config, migrated: Path) -> Iterator[Flask]:
    """The application on a migrated database, its context pushed."""
    shutil.copytree(migrated, config.instance_path)
    yield from pushed(config)


@pytest.fixture
def elsewhere(config: Config, tmp_path: Path) -> Config:
    """The settings of a second, empty machine."""
    return replace(
        config, instance_path=tmp_path / "other" / "instance", search_index=tmp_path / "other" / "index"
    )


def pushed(config: Config) -> Iterator[Flask]:
    """Make an application with these settings and push its context."""
    app = create_app(config)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
