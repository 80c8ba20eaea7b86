"""``flask backup`` and ``flask restore``."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import add_editor
from tests.conftest import pushed
from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.terminal import run
from webapp import create_app
from webapp.config import Config
from webapp.db import heartbeats
from webapp.db.heartbeats import Task
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import Article, MailKind, MailState, OutboxMessage, SignIn
from webapp.operations import backups


@pytest.fixture
def backup(app: Flask, tmp_path: Path) -> Path:
    """A backup of a site with one summary."""
    add_article(plain_title="A made-up pill in the backup")
    return backups.back_up(tmp_path / "backups", NOW)


@pytest.mark.proves("Promise 1: a backup restored into an empty folder serves the newest articles")
def test_what_is_backed_up_is_restored_on_another_machine(backup: Path, elsewhere: Config) -> None:
    app = create_app(elsewhere)
    result = run(app, "restore", backup)
    assert result.exit_code == 0, result.output
    assert "Summaries in the search index: 1" in result.output
    assert "in the backup</a>" in PageClient(app).get("/search?q=pill").text


def test_a_backup_is_one_whole_file_for_its_owner_only(backup: Path) -> None:
    assert [path.name for path in backup.parent.iterdir()] == ["site-20261124T093000Z.sqlite3"]
    assert backup.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(backup)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_command_makes_the_folder_and_says_where_the_backup_is(app: Flask, config: Config) -> None:
    result = run(app, "backup")
    assert result.exit_code == 0, result.output
    (made,) = (config.instance_path / "backups").iterdir()
    assert str(made) in result.output


@pytest.mark.parametrize("arguments", [(), ("--made-elsewhere",)])
def test_monitors_see_when_the_last_backup_was_made(
    app: Flask, config: Config, arguments: tuple[str]
) -> None:
    assert Task.BACKUP not in heartbeats.latest()
    db.session.rollback()
    assert run(app, "backup", *arguments).exit_code == 0
    assert Task.BACKUP in heartbeats.latest()
    assert (config.instance_path / "backups").exists() == (not arguments)


def test_an_old_backup_is_none_that_another_program_has_just_made(app: Flask, tmp_path: Path) -> None:
    names = [f"site-{datetime.now(UTC) - timedelta(hours=hours):%Y%m%dT%H%M%SZ}.dump" for hours in (27, 30)]
    for name in names:
        (tmp_path / name).touch()
    result = run(app, "backup", tmp_path, "--made-elsewhere", "--keep", "1")
    assert result.exit_code == 1
    assert f"{names[0]}, is older than 26 hours" in result.output
    assert {path.name for path in tmp_path.glob("*.dump")} == {*names}
    assert Task.BACKUP not in heartbeats.latest()


def test_dumps_that_nobody_can_read_are_not_called_whole(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-20261124T093000Z.dump").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    verified = run(app, "verify-backups", tmp_path)
    assert verified.exit_code == 1 and "pg_restore is not installed" in verified.output


def test_a_folder_without_a_site_has_no_backup(elsewhere: Config) -> None:
    result = run(create_app(elsewhere), "backup")
    assert result.exit_code == 1 and "There is no site" in result.output
    assert not elsewhere.instance_path.exists()


def test_only_the_owner_may_read_a_database_whatever_the_umask(config: Config, elsewhere: Config) -> None:
    former = os.umask(0)
    try:
        with pushed(elsewhere):
            flask_migrate.upgrade()
            assert {stat.S_IMODE(file.stat().st_mode) for file in elsewhere.instance_path.iterdir()} == {
                0o600
            }
    finally:
        os.umask(former)


def test_a_further_connection_leaves_the_locks_of_the_first(app: Flask, config: Config) -> None:
    """They are the process's own, and go when it closes the file: another process shows whether they are there."""
    db.session.scalar(select(func.count(Article.id)))
    with db.engine.connect() as further:
        further.execute(select(Article.id))
    leave = f"import sqlite3; sqlite3.connect({str(config.instance_path / 'site.sqlite3')!r}, 0.2).execute('PRAGMA journal_mode=DELETE')"
    done = subprocess.run([sys.executable, "-c", leave], capture_output=True, text=True, check=False)
    assert "database is locked" in done.stderr


def test_the_name_of_a_backup_may_have_signs_of_addresses(backup: Path, elsewhere: Config) -> None:
    result = run(create_app(elsewhere), "restore", backup.rename(backup.with_name("50% #1?.sqlite3")))
    assert result.exit_code == 0, result.output


def test_the_newest_backups_are_kept(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "site-holiday.sqlite3").touch()  # not named by back_up
    for day in range(4):
        backups.back_up(tmp_path, NOW + timedelta(days=day), keep=2)
    names = sorted(path.name for path in tmp_path.glob("site-*"))
    assert names == ["site-20261126T093000Z.sqlite3", "site-20261127T093000Z.sqlite3", "site-holiday.sqlite3"]


def test_the_last_backups_of_days_are_kept(app: Flask, tmp_path: Path) -> None:
    hours = [f"site-202611{day}T{hour:02}0000Z.sqlite3" for day in (22, 23, 24) for hour in range(24)]
    kept = {*hours} - {*backups.outdated(hours, keep=3)}
    assert kept == {hours[23], hours[47], *hours[-3:]}


def test_the_remains_of_an_interrupted_backup_are_removed(app: Flask, tmp_path: Path) -> None:
    left = tmp_path / "site-20260101T000000Z.sqlite3.part"
    left.write_bytes(b"half")
    backups.back_up(tmp_path, NOW)
    assert not left.exists()


def test_an_unwritable_folder_is_reported(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(app, "backup", tmp_path / "file" / "folder")
    assert result.exit_code == 1
    assert result.output.startswith("No backup was made.")


def test_a_full_site_is_replaced_only_on_demand_and_saved_in_its_folder(
    app: Flask, backup: Path, config: Config
) -> None:
    add_article()
    db.session.remove()
    refused = run(app, "restore", backup)
    assert refused.exit_code == 1 and "not empty" in refused.output
    assert db.session.scalar(select(func.count(Article.id))) == 2
    db.session.remove()
    result = run(app, "restore", backup, "--yes")
    assert result.exit_code == 0, result.output
    assert db.session.scalar(select(func.count(Article.id))) == 1
    (former,) = config.instance_path.glob("before-restore-*")
    with closing(sqlite3.connect(former)) as opened:
        assert opened.execute("SELECT count(*) FROM article").fetchone() == (2,)


def test_a_site_that_is_running_is_not_replaced(app: Flask, backup: Path, config: Config) -> None:
    db.session.remove()
    with closing(sqlite3.connect(config.instance_path / "site.sqlite3")) as server:
        server.execute("SELECT count(*) FROM article").fetchone()
        result = run(app, "restore", backup, "--yes")
        assert result.exit_code == 1 and "Stop it first" in result.output
        assert server.execute("SELECT count(*) FROM article").fetchone() == (1,)


def test_a_damaged_backup_is_refused(app: Flask, backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[8192:40960] = b"\xff" * 32768
    backup.write_bytes(content)
    result = run(app, "restore", backup, "--yes")
    assert result.exit_code == 1 and "cannot be used" in result.output
    assert db.session.scalar(select(func.count(Article.id))) == 1


def test_a_file_that_is_no_backup_is_refused(app: Flask, tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.sqlite3"
    text.write_text("not a database" * 100, encoding="ascii")
    with closing(sqlite3.connect(other)) as opened:
        opened.execute("CREATE TABLE recipe (name)")
    assert "cannot be used" in run(app, "restore", text).output
    assert "not of this site" in run(app, "restore", other).output


def test_a_backup_of_a_newer_version_is_refused(app: Flask, backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999_future'")
    assert "newer version" in run(app, "restore", backup, "--yes").output


def test_a_damaged_database_is_replaced_and_saved(app: Flask, backup: Path, config: Config) -> None:
    db.session.remove()
    db.engine.dispose()
    for path in config.instance_path.glob("site.sqlite3*"):
        path.unlink()
    (config.instance_path / "site.sqlite3").write_bytes(b"\xff" * 40960)
    result = run(app, "restore", backup, "--yes")
    assert result.exit_code == 0, result.output
    assert db.session.scalar(select(func.count(Article.id))) == 1
    (former,) = config.instance_path.glob("before-restore-*")
    assert former.read_bytes() == b"\xff" * 40960


def test_queued_mail_of_a_backup_is_held_back(app: Flask, tmp_path: Path, elsewhere: Config) -> None:
    outbox.enqueue(MailKind.CONTACT, "ana@example.org", datetime.now(UTC), subject="Hello", text="Hello")
    db.session.commit()
    made = backups.back_up(tmp_path, NOW)
    other = create_app(elsewhere)
    assert "gone out since: 1." in run(other, "restore", made).output
    with other.app_context():
        assert db.session.scalars(select(OutboxMessage.state)).all() == [MailState.UNCERTAIN]


def test_nobody_is_signed_in_after_a_restore(app: Flask, tmp_path: Path, elsewhere: Config) -> None:
    editor = add_editor()
    db.session.add(SignIn(secret_hash="x", editor_id=editor.id, started_at=NOW, seen_at=NOW))
    db.session.commit()
    other = create_app(elsewhere)
    run(other, "restore", backups.back_up(tmp_path, NOW))
    with other.app_context():
        assert db.session.scalar(select(func.count(SignIn.id))) == 0
