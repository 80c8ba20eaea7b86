"""A small library in a fresh index."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

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
