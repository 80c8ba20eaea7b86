"""Rebuilds that were broken off leave nothing that grows."""

from flask import Flask

from tests.search.conftest import Adds
from webapp.config import Config
from webapp.search.index import search_index


def test_a_broken_off_rebuild_is_cleared_away_by_the_next_one(app: Flask, config: Config, add: Adds) -> None:
    article = add()
    for _ in range(3):
        with search_index().rebuilding():
            search_index().create_replacement()
    assert len(list(config.search_index.glob("v*-*"))) == 2
    assert article.id in search_index().snapshot().entries()
