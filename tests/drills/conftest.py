"""A site to be maltreated: migrated, with the twelve categories and an editor, not started yet."""

import shutil
from pathlib import Path

import flask_migrate
import pytest

from tests.accounts.people import add_editor
from tests.drills.site import Site, inside
from tests.factories import add_categories
from tests.shared import made_once


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder, made once and copied for each site."""

    def make(folder: Path) -> None:
        with inside(Site(folder)):
            flask_migrate.upgrade()
            add_categories()
            add_editor()

    return made_once(tmp_path_factory, "prepared", make) / "instance"


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Site:
    """A site for one test."""
    return new_site(prepared, tmp_path)


def new_site(prepared: Path, folder: Path) -> Site:
    """Two workers, when it is started, behind a proxy, so that each request can come from a visitor of its own."""
    shutil.copytree(prepared, folder / "instance")
    return Site(folder, TRUSTED_PROXIES="1")
