"""A page asks the database a few times, however long the library is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories import add_answer, add_article
from tests.pages import PageClient
from webapp.config import Config
from webapp.db.session import db
from webapp.search import indexing

MOST = 6
PATHS = (
    "/",
    "/research",
    "/research/the-article",
    "/research/the-article/history",
    "/answers",
    "/answers/the-answer",
    "/categories",
    "/categories/pain-management",
    "/search?q=pain",
    "/corrections",
    "/glossary",
    "/what-papers-leave-out",
    "/data",
    "/data/changes",
    "/sitemap.xml",
    "/feed.atom",
)


@pytest.fixture
def config(config: Config) -> Config:
    """Without finished pages: what counts here is how a page is made."""
    return Config.from_environ(
        {
            "INSTANCE_PATH": str(config.instance_path),
            "SEARCH_INDEX": str(config.search_index),
            "SECRET_KEY": config.secret_key,
            "SITE_URL": config.site_url,
            "PAGE_CACHE_MB": "0",
        }
    )


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements of the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def counts(client: PageClient) -> dict[str, int]:
    found = {}
    for path in PATHS:
        client.get(path)  # what is kept for good is kept now
        db.session.remove()
        with counted() as statements:
            client.get(path)
        found[path] = len(statements)
    return found


def test_pages_ask_few_times_and_no_more_in_a_long_library(client: PageClient, app: Flask) -> None:
    add_article(slug="the-article")
    add_answer("the-article", slug="the-answer")
    indexing.catch_up()
    short = counts(client)
    for _ in range(12):
        add_article()
    indexing.catch_up()
    assert counts(client) == short
    assert {path: count for path, count in short.items() if count > MOST} == {}
