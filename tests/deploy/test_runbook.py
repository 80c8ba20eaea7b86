"""The runbook's own lines that back up, restore and upgrade a SQLite site, for a user without privileges."""

import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.rehearse import ABOUT_ITSELF, add_migration, block, blocks, git
from tests.deploy.machine import Machine, open_folder
from tests.drills.site import ROOT

SECTION = "Back up and restore"
BACK_UP = "systemctl start scrh-backup"


@pytest.fixture(scope="module")
def prepared() -> Iterator[Machine]:
    """An installed site with its starter library; each test leaves it whole."""
    with open_folder() as root:
        machine = Machine(root)
        machine.ok("scrh prepare & first=$!; scrh prepare; wait $first")  # two first starts at once
        assert not (machine.instance / "index").exists(), "a start must not wait for an index"
        with machine.preloaded():
            machine.ok("scrh search update")
            yield machine


@pytest.fixture
def machine(prepared: Machine) -> Iterator[Machine]:
    """The site without backups; its database is put back afterwards."""
    for file in (*prepared.backups.iterdir(), *prepared.instance.glob("before-restore-*")):
        file.unlink()
    database = prepared.instance / "site.sqlite3"
    saved = shutil.copy2(database, prepared.root / "saved.sqlite3")
    owner = database.stat()
    yield prepared
    for file in prepared.instance.glob("site.sqlite3*"):
        file.unlink()
    shutil.copy2(saved, database)
    os.chown(database, owner.st_uid, owner.st_gid)


def restore(file: Path) -> str:
    return block(SECTION, "systemctl stop").text.replace("<file>", file.name)


def upgrade(version: str) -> str:
    return block("Upgrade and go back", BACK_UP).text.replace("<version>", version)


def backup_of(machine: Machine) -> Path:
    machine.ok(BACK_UP)
    (made,) = machine.backups.iterdir()
    return made


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as opened:
        names = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(opened.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names
        }


def assert_private(machine: Machine, folder: Path) -> None:
    """Every file is its owner's alone, and the owner is the site's user."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        assert file.owner() == machine.user, file


@pytest.mark.proves("Promise 1: a backup restored into an empty folder serves the newest articles")
def test_the_runbooks_lines_back_up_and_restore_a_site(machine: Machine) -> None:
    made = backup_of(machine)
    before = rows(made)
    assert before["article"]
    with closing(sqlite3.connect(machine.instance / "site.sqlite3")) as opened, opened:
        opened.execute("DELETE FROM article_category")
    said = machine.ok(restore(made))
    assert str(machine.instance / "site.sqlite3") in said
    assert rows(machine.instance / "site.sqlite3") == before
    assert_private(machine, machine.instance)
    assert_private(machine, machine.backups)
    (former,) = machine.instance.glob("before-restore-*.sqlite3")
    assert rows(former)["article_category"] == []
    assert machine.ok("scrh check") == "Everything is as it must be.\n"


def test_the_runbooks_lines_restore_on_an_empty_machine(machine: Machine) -> None:
    made = backup_of(machine)
    before = rows(made)
    machine.ok(f"rm -r /var/lib/scrh/*\n{restore(made)}")
    assert rows(machine.instance / "site.sqlite3") == before
    assert_private(machine, machine.instance)


def test_an_upgrade_and_the_way_back_lose_nothing(machine: Machine) -> None:
    database = machine.instance / "site.sqlite3"
    before, former = rows(database), git(machine.site, "rev-parse", "HEAD")
    head = add_migration(machine.origin)
    for version, code in ((machine.release(), "made_up"), (former, head)):
        machine.ok(upgrade(version))
        assert git(machine.site, "rev-parse", "HEAD") == version
        assert f'"{code}"' in "".join(
            path.read_text("utf-8") for path in (machine.site / "webapp/migrations/versions").glob("*.py")
        )
        after = rows(database)
        assert after["alembic_version"] == [("made_up",)]
        assert [row[:-1] for row in after["category"]] == before["category"]
        assert all(after[name] == before[name] for name in before.keys() - ABOUT_ITSELF - {"category"})
    assert len(list(machine.backups.iterdir())) == 2
    assert machine.ok("scrh check") == "Everything is as it must be.\n"


def test_an_upgrade_without_a_backup_stops(machine: Machine) -> None:
    database = machine.instance / "site.sqlite3"
    former = git(machine.site, "rev-parse", "HEAD")
    database.rename(machine.instance / "elsewhere.sqlite3")
    try:
        stopped = machine.run(upgrade(machine.release()))
        assert stopped.returncode != 0
        assert "No backup was made." in stopped.stderr
        assert git(machine.site, "rev-parse", "HEAD") == former
        assert not database.exists()
    finally:
        (machine.instance / "elsewhere.sqlite3").rename(database)


def test_every_command_of_the_runbook_is_rehearsed_or_says_why_not() -> None:
    script = (ROOT / "deploy" / "rehearse.py").read_text("utf-8")
    followed = {block(*names) for names in re.findall(r'\.follow\(\s*"([^"]+)",\s*"([^"]+)"', script)}
    assert [found.text for found in blocks() if found not in followed and not found.reason] == []


def test_without_settings_an_installed_site_refuses_commands(machine: Machine) -> None:
    made = backup_of(machine)
    files = set(machine.root.rglob("*"))
    for command in ("prepare", f"restore {made} --yes"):
        refused = machine.run(f"/srv/scrh/.venv/bin/flask --app /srv/scrh/wsgi.py {command}")
        assert refused.returncode == 1
        assert f"with {machine.root}/usr/local/bin/scrh" in refused.stderr
    settings = machine.root / "etc/scrh/environment"
    settings.rename(settings.with_name("elsewhere"))
    try:
        assert "cannot read the settings" in machine.run("scrh check").stderr
    finally:
        settings.with_name("elsewhere").rename(settings)
    assert {path for path in machine.root.rglob("*") if "__pycache__" not in path.parts} <= files


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files of another owner")
def test_root_does_not_work_in_the_folder_of_another_user(machine: Machine) -> None:
    assert machine.instance.owner() == machine.user
    refused = machine.run(
        f"INSTANCE_PATH={machine.instance} /srv/scrh/.venv/bin/flask --app /srv/scrh/wsgi.py check"
    )
    assert refused.returncode == 1 and "Run this as that user, not as root." in refused.stderr


def test_settings_are_read_as_systemd_reads_them(machine: Machine) -> None:
    flask = machine.site / ".venv/bin/flask"
    original = flask.rename(flask.with_name("original"))
    try:
        flask.write_text("#!/bin/sh\nprintf '<%s>' \"$MAIL_FROM\"", encoding="utf-8")
        flask.chmod(0o755)
        for value in ("two words", '"two words"', "'two words'", "a$b&c;d", "a=b", "#no comment", "*"):
            machine.configure(**machine.settings, MAIL_FROM=value)
            assert machine.ok("scrh check") == f"<{value.strip(chr(34) + chr(39))}>"
        machine.configure(**machine.settings, MAIL_FROM="a\\b")
        refused = machine.run("scrh check")
        assert refused.returncode == 1 and "backslash" in refused.stderr
    finally:
        original.rename(flask)
        machine.configure(**machine.settings)


def test_commands_are_forks_only_as_long_as_the_code_is_that_which_was_imported(machine: Machine) -> None:
    code, head = machine.site / "webapp/operations/commands.py", machine.site / ".git/HEAD"
    written, former = code.read_text("utf-8"), head.read_text("ascii")
    try:
        code.write_text(written.replace("as it must be", "as it was"), encoding="utf-8")
        assert machine.ok("scrh check") == "Everything is as it must be.\n"
        head.write_text("another commit\n", encoding="ascii")
        assert machine.ok("scrh check") == "Everything is as it was.\n"
    finally:
        code.write_text(written, encoding="utf-8")
        head.write_text(former, encoding="ascii")
