"""The ``flask search`` commands."""

from flask import Flask

from tests.engines import both_engines
from tests.factories import NOW, add_article
from tests.search.conftest import Adds
from webapp.db.session import db
from webapp.publishing.publication import withdraw
from webapp.search import indexing

pytestmark = both_engines


def test_status_tells_size_and_what_waits(app: Flask, add: Adds) -> None:
    add()
    indexing.catch_up()
    add_article()
    result = app.test_cli_runner().invoke(args=["search", "status"])
    assert result.exit_code == 0
    assert "1 articles in the index" in result.output
    assert "1 changes wait" in result.output


def test_check_is_content_when_index_and_database_are_equal(app: Flask, add: Adds) -> None:
    add()
    result = app.test_cli_runner().invoke(args=["search", "check"])
    assert (result.exit_code, result.output) == (0, "The index equals the database.\n")


def test_check_fails_with_every_difference(app: Flask, add: Adds) -> None:
    gone = add()
    withdraw(gone, "Wrong.", NOW)
    missing = add_article()
    db.session.commit()
    gone_id, missing_id = gone.id, missing.id
    result = app.test_cli_runner().invoke(args=["search", "check"])
    assert result.exit_code == 1
    assert f"article {missing_id}: not in the index" in result.output
    assert f"article {gone_id}: in the index but not public" in result.output


def test_rebuild_repairs_a_missing_index(app: Flask) -> None:
    add_article()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["search", "status"]).exit_code == 1
    assert runner.invoke(args=["search", "check"]).exit_code == 1
    assert "1 articles in the new index" in runner.invoke(args=["search", "rebuild"]).output
    assert runner.invoke(args=["search", "check"]).exit_code == 0
