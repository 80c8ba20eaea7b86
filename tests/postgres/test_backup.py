"""``flask backup`` and ``flask restore`` with PostgreSQL's own programs."""

from contextvars import Context
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from tests.engines import postgresql_only
from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.postgres.server import Server
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.models import Article
from webapp.operations import backups

pytestmark = postgresql_only


def restore(app: Flask, *arguments: str | Path) -> Result:
    """The command, as from a terminal: nothing of the test's own is connected."""
    db.session.remove()
    db.engine.dispose()
    return Context().run(app.test_cli_runner().invoke, args=["restore", *map(str, arguments)])


@pytest.fixture
def backup(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A backup of a site with one summary. What a restore keeps beside goes to the test's folder, too."""
    monkeypatch.chdir(tmp_path)
    add_article(plain_title="A made-up pill in the backup")
    db.session.remove()
    return backups.back_up(tmp_path / "backups", NOW)


def test_what_is_backed_up_is_restored_into_another_new_database(
    backup: Path, config: Config, postgresql: Server
) -> None:
    assert backup.name == "site-20261124T093000Z.dump"
    with postgresql.database() as url:
        other = create_app(replace(config, database_url=Config.from_environ({"DATABASE_URL": url}).database))
        result = restore(other, backup)
        assert result.exit_code == 0, result.output
        assert "Summaries in the search index: 1" in result.output
        assert "in the backup</a>" in PageClient(other).get("/search?q=pill").text
        with other.app_context():
            db.engine.dispose()


def test_a_full_site_is_replaced_only_on_demand_and_kept_beside(
    app: Flask, backup: Path, tmp_path: Path
) -> None:
    add_article()
    refused = restore(app, backup)
    assert refused.exit_code == 1 and "not empty" in refused.output
    assert db.session.scalar(select(func.count(Article.id))) == 2
    result = restore(app, backup, "--yes")
    assert result.exit_code == 0, result.output
    assert db.session.scalar(select(func.count(Article.id))) == 1
    (beside,) = tmp_path.glob("before-restore-*.dump")
    again = restore(app, beside, "--yes")
    assert again.exit_code == 0, again.output
    assert db.session.scalar(select(func.count(Article.id))) == 2


def test_a_site_that_is_running_is_not_replaced(app: Flask, backup: Path, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url):
        result = restore(app, backup, "--yes")
    assert result.exit_code == 1 and "Stop it first" in result.output


def test_a_damaged_or_foreign_dump_is_refused_and_nothing_changes(
    app: Flask, backup: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.dump"
    whole = backup.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    foreign = tmp_path / "foreign.dump"
    foreign.write_text("not a dump" * 100, encoding="ascii")
    for file in (damaged, foreign):
        result = restore(app, file, "--yes")
        assert result.exit_code == 1 and "Nothing was restored" in result.output
    assert db.session.scalar(select(func.count(Article.id))) == 1
