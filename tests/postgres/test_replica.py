"""Which requests are answered from the copy of the database: told apart by what only the copy says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from tests.conftest import KEY, SITE_URL
from tests.factories import add_article, add_categories
from tests.pages import PageClient
from tests.postgres.server import Server
from webapp import create_app
from webapp.config import Config, ConfigError
from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.web.forms import press_token

COPY = "This stands in the copy only"


class Copy:
    """A database, and the one that it is a copy of."""

    def __init__(self, url: str, original: str) -> None:
        self.url, self.original = url, original
        self.name = url.rpartition("/")[2]
        self.engine = create_engine(Config.from_environ({"DATABASE_URL": url}).database)

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.fixture
def copy(postgresql: Server) -> Iterator[Copy]:
    """A copy that says who it is in the title of each article."""
    with postgresql.database() as first:
        environ = {"DATABASE_URL": first, "SECRET_KEY": KEY, "INSTANCE_PATH": "/nonexistent"}
        with create_app(Config.from_environ(environ)).app_context():
            add_categories()
            add_article(slug="one")
            db.session.remove()
            db.engine.dispose()
        with postgresql.database(first.rpartition("/")[2]) as url:
            copy = Copy(url, first)
            copy.run(f"UPDATE article SET plain_title = '{COPY}'")
            yield copy
            copy.engine.dispose()


@pytest.fixture
def app(copy: Copy, tmp_path: Path) -> Iterator[Flask]:
    """A site with a copy."""
    environ = {
        "DATABASE_URL": copy.original,
        "DATABASE_REPLICA_URL": copy.url,
        "INSTANCE_PATH": str(tmp_path),
        "SECRET_KEY": KEY,
        "SITE_URL": SITE_URL,
        "PAGE_CACHE_MB": "0",
    }
    app = create_app(Config.from_environ(environ))
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def test_public_pages_are_read_from_the_copy(client: PageClient) -> None:
    for path in ("/", "/research", "/research/one", "/categories/pain-management", "/feed.atom"):
        assert COPY in client.flask.get(path).text, path


def test_what_a_reader_sends_or_sent_is_not(client: PageClient) -> None:
    assert COPY not in client.flask.get("/research/one/report").text
    client.post("/research/one/feedback", {"answer": "yes", "token": press_token()})
    assert COPY not in client.flask.get("/research/one/feedback").text


def test_a_search_that_is_counted_writes_to_the_database_itself(client: PageClient) -> None:
    client.flask.get("/search?q=xylophones")
    assert db.session.query(SearchMiss).one().text == "xylophones"


def test_a_copy_that_lags_behind_a_change_is_not_asked(client: PageClient) -> None:
    add_article(slug="two")
    assert client.flask.get("/research/two").status_code == 200
    assert COPY not in client.flask.get("/research").text


def test_a_copy_that_has_caught_up_is_asked_again(client: PageClient, copy: Copy) -> None:
    add_article(slug="two")
    assert COPY not in client.flask.get("/research").text
    copy.run("UPDATE site_state SET generation = generation + 1")
    assert COPY in client.flask.get("/research").text


def test_a_page_that_the_copy_fails_to_give_is_read_from_the_database_itself(
    client: PageClient, copy: Copy
) -> None:
    copy.run(f"ALTER DATABASE {copy.name} SET lock_timeout = 100")
    with copy.engine.begin() as connection:
        connection.execute(
            text("LOCK TABLE article")
        )  # as a copy does that has to replay a change of the table
        page = client.get("/research/one").text
    assert COPY not in page
    assert "made-up pill" in page


def test_without_its_copy_the_site_goes_on(
    client: PageClient, copy: Copy, postgresql: Server, app: Flask
) -> None:
    assert COPY in client.flask.get("/research").text
    postgresql.run(f"ALTER DATABASE {copy.name} ALLOW_CONNECTIONS false")
    postgresql.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{copy.name}'")
    text = client.flask.get("/research").text
    assert COPY not in text
    assert "made-up pill" in text


def test_a_copy_needs_a_database_to_be_a_copy_of() -> None:
    with pytest.raises(ConfigError, match=r"^DATABASE_REPLICA_URL: "):
        Config.from_environ({"DATABASE_REPLICA_URL": "postgresql://localhost/copy"})
