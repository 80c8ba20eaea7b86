"""A small library in a fresh index, and the starter library in its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import config_in, pushed
from tests.factories import add_article
from webapp.models import Article
from webapp.search import indexing

Adds = Callable[..., Article]


@pytest.fixture
def add(app: Flask) -> Adds:
    """Publish an article and let the index follow."""

    def added(**changes: Any) -> Article:
        article = add_article(**changes)
        indexing.catch_up()
        return article

    return added


@pytest.fixture(scope="module")
def library(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the starter library in its index."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(starter, folder, dirs_exist_ok=True)
    with pushed(config_in(folder)) as app, app.test_request_context():
        yield app
