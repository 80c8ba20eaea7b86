"""``flask db-copy``: a whole site from SQLite to PostgreSQL, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from tests.factories import NOW, STARTER, add_article, add_categories
from tests.pages import PageClient
from tests.postgres.server import Server
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.feedback import votes
from webapp.models import Article, Subscriber
from webapp.models.values import Result
from webapp.newsletter import subscriptions
from webapp.publishing import library
from webapp.search import indexing
from webapp.web.forms import press_token


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """A migrated SQLite site with the starter library."""
    app = create_app(config)
    with app.app_context():
        flask_migrate.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def rows(url: str, table: str) -> int:
    engine = create_engine(Config.from_environ({"DATABASE_URL": url}).database)
    with engine.connect() as connection:
        count: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return count


def copied(app: Flask, *arguments: str) -> tuple[int, str]:
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["db-copy", *arguments])
    return result.exit_code, result.output


def test_a_whole_site_moves_and_answers(app: Flask, config: Config, postgresql_url: str) -> None:
    library.import_library(STARTER, NOW)
    subscriptions.ask("maria@example.org", ["pain-management"], "/subscribe", NOW)
    article = db.session.query(Article).order_by(Article.id).first()
    assert article is not None
    votes.vote(article, "192.0.2.1", True, NOW)
    votes.answer(article, "192.0.2.1", Result.HELPED, NOW)
    db.session.commit()
    slug, number = article.slug, db.session.query(Article).count()

    status, told = copied(app, postgresql_url)

    assert status == 0, told
    assert (
        f"article {number:>22} rows" in told.replace("article  ", "article ", 1) or f"{number} rows" in told
    )
    moved = create_app(
        replace(config, database_url=Config.from_environ({"DATABASE_URL": postgresql_url}).database)
    )
    with moved.app_context():
        indexing.catch_up()
        assert db.session.query(Subscriber).one().email == "maria@example.org"
        client = PageClient(moved)
        assert client.get(f"/research/{slug}").status_code == 200
        assert "for “pain”" in client.get("/search?q=pain").text
        assert add_article().id > number  # the count goes on
        client.post(f"/research/{slug}/feedback", {"answer": "no", "token": press_token()})
        db.session.remove()
        db.engine.dispose()


def test_a_database_that_holds_something_is_refused(app: Flask, postgresql_url: str) -> None:
    add_categories()
    db.session.commit()
    assert copied(app, postgresql_url)[0] == 0
    status, told = copied(app, postgresql_url)
    assert status == 1
    assert "rows already, in category" in told
    assert rows(postgresql_url, "category") == 12


def test_a_database_without_tables_is_refused(app: Flask, postgresql: Server) -> None:
    with postgresql.database("template0") as url:
        status, told = copied(app, url)
    assert status == 1
    assert "flask db upgrade" in told


@pytest.mark.parametrize(
    "address", ["mysql://localhost/x", "sqlite:////nonexistent/x", "postgresql://127.0.0.1:1/x"]
)
def test_an_address_that_leads_nowhere_is_refused(app: Flask, address: str) -> None:
    status, told = copied(app, address)
    assert status == 1
    assert "Nothing was copied" in told


def test_nothing_is_left_of_a_copying_that_failed(app: Flask, postgresql_url: str) -> None:
    add_categories()
    add_article(plain_title="A title that PostgreSQL cannot keep: \0")
    status, told = copied(app, postgresql_url)
    assert status == 1
    assert "NUL" in told
    assert rows(postgresql_url, "category") == 0


def test_a_row_that_came_out_different_is_noticed(
    config: Config, app: Flask, postgresql_url: str, postgresql: Server
) -> None:
    postgresql.run(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END'; "
        "CREATE TRIGGER spoil BEFORE INSERT ON category FOR EACH ROW EXECUTE FUNCTION spoil()",
        postgresql_url.rpartition("/")[2],
    )
    add_categories()
    db.session.commit()
    status, told = copied(app, "--from", config.database, postgresql_url)
    assert status == 1
    assert "category came out different" in told
    assert rows(postgresql_url, "category") == 0
