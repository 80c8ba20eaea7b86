"""A site whose tables the migrations made, as in production."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from tests.conftest import KEY, pushed
from tests.factories import add_categories
from tests.shared import made_once
from webapp.config import Config
from webapp.db.session import db


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with the tables and the twelve categories."""

    def make(folder: Path) -> None:
        with pushed(Config.from_environ({"INSTANCE_PATH": str(folder / "instance"), "SECRET_KEY": KEY})):
            flask_migrate.upgrade()
            add_categories()
            db.session.commit()

    return made_once(tmp_path_factory, "migrated", make) / "instance"


@pytest.fixture
def app(config: Config, migrated: Path) -> Iterator[Flask]:
    """The application on a migrated database, its context pushed."""
    shutil.copytree(migrated, config.instance_path)
    with pushed(config) as app:
        yield app


@pytest.fixture
def elsewhere(config: Config, tmp_path: Path) -> Config:
    """The settings of a second, empty machine."""
    return replace(
        config, instance_path=tmp_path / "other" / "instance", search_index=tmp_path / "other" / "index"
    )
