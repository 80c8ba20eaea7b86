"""``flask check``: each kind of damage is reported, and a sound site passes."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, text

from tests.drills.site import ROOT
from tests.factories import NOW, add_article
from tests.newsletter.steps import subscribed
from webapp import config as settings
from webapp.config import Config
from webapp.db.session import db
from webapp.models import (
    Article,
    ArticleSlug,
    Frequency,
    MailState,
    OutboxMessage,
    PublicChange,
)
from webapp.newsletter import digests
from webapp.operations import integrity
from webapp.search import indexing


def refer_to_nothing() -> None:
    db.session.commit()
    connection = db.session.connection().connection
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("INSERT INTO article_slug VALUES ('old', 999)")
    connection.execute("PRAGMA foreign_keys=ON")


def lose_a_change() -> None:
    add_article()
    db.session.execute(delete(PublicChange))


def count_a_recipient_too_many() -> None:
    subscribed(now=NOW)
    digests.make_issue(Frequency.WEEKLY, NOW).recipient_count += 1


def leave_a_mail_half_way() -> None:
    subscribed(now=NOW)
    digests.make_issue(Frequency.WEEKLY, NOW)
    message = db.session.query(OutboxMessage).one()
    message.state, message.claimed_at = MailState.SENDING, NOW - timedelta(hours=1)


def take_an_old_address() -> None:
    article = db.session.query(Article).one()
    db.session.add(ArticleSlug(slug=article.slug, article_id=article.id))


def lose_the_migration() -> None:
    db.session.execute(text("DELETE FROM alembic_version"))


@pytest.mark.parametrize(
    ("break_something", "said"),
    [
        (refer_to_nothing, "database: row"),
        (lose_a_change, "is not in it"),
        (count_a_recipient_too_many, "issue 1 does not add up: 2 recipients = 0 sent"),
        (leave_a_mail_half_way, "left half way"),
        (take_an_old_address, "a summary has it as its own"),
        (lose_the_migration, "but the code needs"),
    ],
)
def test_each_kind_of_damage_is_reported(app: Flask, break_something: Callable[[], None], said: str) -> None:
    add_article()
    indexing.catch_up()
    break_something()
    db.session.commit()
    (problem,) = integrity.problems(NOW)
    assert said in problem


def test_the_command_passes_a_sound_site_and_fails_a_damaged_one(app: Flask, config: Config) -> None:
    add_article()
    indexing.catch_up()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["check"]).output == "Everything is as it must be.\n"
    shutil.rmtree(config.search_index)
    damaged = runner.invoke(args=["check"])
    assert damaged.exit_code == 1
    assert damaged.output.startswith("search index: the index cannot be opened")


def test_checks_that_the_database_refuses_do_not_pass(app: Flask) -> None:
    indexing.catch_up()
    db.session.execute(text("DROP TABLE article_slug"))
    db.session.commit()
    checked = app.test_cli_runner().invoke(args=["check"])
    assert checked.exit_code == 1
    assert checked.output.startswith("database: not everything could be checked: ")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command scrh, as `make install` leaves it."""
    (tmp_path / "installed").write_text("/usr/local/bin/scrh\n", encoding="ascii")
    monkeypatch.setattr(settings, "INSTALLED", tmp_path / "installed")


@pytest.mark.usefixtures("installed")
def test_hints_name_the_command_that_is_installed(app: Flask, config: Config) -> None:
    indexing.catch_up()
    shutil.rmtree(config.search_index)
    for command in (["check"], ["search", "status"], ["search", "check"]):
        assert ": scrh search rebuild\n" in app.test_cli_runner().invoke(args=command).output


def test_no_hint_says_what_nobody_typed() -> None:
    hint = re.compile(r"(run|with): flask", re.IGNORECASE)
    assert not [path for path in (ROOT / "webapp").rglob("*.py") if hint.search(path.read_text("utf-8"))]


@pytest.mark.usefixtures("installed")
def test_an_installed_site_reads_the_addresses_of_other_databases(app: Flask) -> None:
    copied = app.test_cli_runner().invoke(args=["db-copy", "mysql://localhost/x"])
    assert copied.output.startswith("Nothing was copied. DATABASE_URL: ")


def test_changes_that_the_index_is_about_to_follow_are_no_damage(app: Flask) -> None:
    add_article()
    indexing.catch_up()
    add_article()
    assert integrity.problems(NOW) == []


def test_a_failed_unit_is_reported_by_mail_while_the_database_is_away(app: Flask, config: Config) -> None:
    (config.instance_path / "site.sqlite3").unlink()
    assert app.test_cli_runner().invoke(args=["report-failure", "scrh-backup"]).exit_code == 0
    (mail,) = (config.instance_path / "mail").glob("*.eml")
    assert f"To: {config.admin_mail}" in mail.read_text("utf-8")
    assert "Subject: scrh-backup failed on " in mail.read_text("utf-8")
    assert "journalctl -u scrh-backup" in mail.read_text("utf-8")
