"""The runbook's own lines for backing up and restoring PostgreSQL, run as they stand there."""

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from deploy.rehearse import block
from tests.conftest import pushed
from tests.deploy.machine import Machine, open_folder
from tests.drills.site import ROOT
from tests.engines import postgresql_only
from tests.factories import NOW, add_article, add_categories
from tests.pages import PageClient
from tests.postgres.server import Server
from webapp import create_app
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import Article, MailKind, MailState, OutboxMessage
from webapp.operations.backups import ON_POSTGRESQL

SECTION = "Back up and restore PostgreSQL"


class PostgresMachine(Machine):
    """A machine whose site works with the database ``scrh``, as its owner, who may do nothing else."""

    def __init__(self, server: Server, root: Path) -> None:
        self.url = server.url("scrh").replace("postgres@", "scrh@")
        super().__init__(root, DATABASE_URL=self.url)
        parts = psycopg.conninfo.conninfo_to_dict(self.url)
        self.environment |= {"PGHOST": str(parts["host"]), "PGPORT": str(parts["port"]), "PGUSER": "scrh"}

    def back_up(self) -> Path:
        """Run the unit's lines with systemd's doubled signs made single; returns the file."""
        commands = [
            f"as_user {line.removeprefix('ExecStart=').replace('%%', '%').replace('$$', '$')}"
            for line in block(SECTION, "install -d").text.splitlines()
            if line.startswith("ExecStart=/")
        ]
        self.ok("\n".join(["umask 077", *commands]))
        (made,) = self.backups.iterdir()
        return made

    def restore(self, file: Path) -> subprocess.CompletedProcess[str]:
        return self.run(block(SECTION, "systemctl stop").text.replace("<file>", file.name))


@pytest.fixture(scope="module")
def prepared(postgresql: Server) -> Iterator[PostgresMachine]:
    """A migrated site with one summary; its database is the template of each test's own, whose owner may do nothing else."""
    postgresql.run("CREATE ROLE scrh LOGIN")
    postgresql.run("CREATE DATABASE scrh OWNER scrh TEMPLATE template0")
    try:
        with open_folder() as root:
            machine = PostgresMachine(postgresql, root)
            machine.ok("scrh db upgrade")
            with pushed(machine.config()):
                add_categories()
                add_article(plain_title="A made-up pill in the backup")
                outbox.enqueue(MailKind.CONTACT, "ana@example.org", NOW, subject="Hello", text="Hello")
                db.session.commit()
            postgresql.run("ALTER DATABASE scrh RENAME TO scrh_prepared")
            with machine.preloaded():
                yield machine
    finally:
        for name in ("scrh", "scrh_prepared"):
            postgresql.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgresql.run("DROP ROLE scrh")


@pytest.fixture
def machine(prepared: PostgresMachine, postgresql: Server) -> Iterator[PostgresMachine]:
    """The site without backups, on a database of this test's own."""
    for file in prepared.backups.iterdir():
        file.unlink()
    postgresql.run("CREATE DATABASE scrh OWNER scrh TEMPLATE scrh_prepared")
    yield prepared
    for name in ("scrh", "scrh_before", "scrh_restored"):
        postgresql.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_the_runbooks_lines_back_up_and_restore_a_site(machine: PostgresMachine) -> None:
    made = machine.back_up()
    assert re.fullmatch(r"site-\d{8}T\d{6}Z\.dump", made.name)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    with psycopg.connect(machine.url) as connection:
        assert connection.execute("SELECT task FROM heartbeat").fetchall() == [("backup",)]
    with psycopg.connect(machine.url) as connection:
        connection.execute("DELETE FROM article_category")
        connection.execute("DELETE FROM outbox_message")
    result = machine.restore(made)
    assert result.returncode == 0, result.stderr
    assert "gone out since: 1." in result.stdout
    assert "Summaries in the search index: 1" in result.stdout
    app = create_app(machine.config())
    assert "in the backup</a>" in PageClient(app).get("/search?q=pill").text
    with app.app_context():
        assert db.session.scalar(select(func.count(Article.id))) == 1
        assert db.session.scalars(select(OutboxMessage.state)).all() == [MailState.UNCERTAIN]
        db.session.remove()
        db.engine.dispose()
    with psycopg.connect(f"{machine.url}_before") as connection:
        assert connection.execute("SELECT count(*) FROM outbox_message").fetchone() == (0,)


def test_a_site_that_is_running_is_not_replaced(machine: PostgresMachine) -> None:
    made = machine.back_up()
    with psycopg.connect(machine.url) as server:
        result = machine.restore(made)
        assert result.returncode != 0 and "being accessed by other users" in result.stderr
        assert server.execute("SELECT count(*) FROM outbox_message").fetchone() == (1,)


def test_half_a_dump_is_refused_and_nothing_changes(machine: PostgresMachine) -> None:
    made = machine.back_up()
    whole = made.read_bytes()
    assert machine.run(f"scrh verify-backups {machine.backups}").stdout == "Every backup is whole.\n"
    made.write_bytes(whole[: len(whole) // 2])
    verified = machine.run(f"scrh verify-backups {machine.backups}")
    assert verified.returncode == 1 and "could not read from input file: end of file" in verified.stderr
    assert machine.restore(made).returncode != 0
    with psycopg.connect(machine.url) as connection:
        assert connection.execute("SELECT count(*) FROM article").fetchone() == (1,)


@postgresql_only
@pytest.mark.parametrize("command", [("backup", "."), ("restore", str(ROOT / "README.md"), "--yes")])
def test_the_sites_own_commands_name_the_runbook(app: Flask, command: tuple[str, ...]) -> None:
    result = app.test_cli_runner().invoke(args=[*command])
    assert result.exit_code == 1 and ON_POSTGRESQL in result.output
    assert f"“{SECTION}” in deploy/README.md" in ON_POSTGRESQL
