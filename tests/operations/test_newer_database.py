"""Old code on the database of a newer release, and what a migration may not do."""

from dataclasses import replace
from datetime import UTC, datetime

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Column, MetaData, String, Table, text

from tests.conftest import pushed
from tests.drills.site import ROOT
from tests.factories import add_article
from tests.operations.test_health import TOKEN, details
from tests.pages import PageClient
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.operations import integrity


def losses(before: MetaData, after: MetaData) -> list[str]:
    """What the code of the release before would miss or not fill in after a migration; the tables are as reflected."""
    found = []
    for table in before.tables.values():
        if table.name not in after.tables:
            found.append(f"{table.name} is gone")
            continue
        changed = after.tables[table.name]
        found += [
            f"{table.name}.{column.name} is gone" for column in table.columns if column.name not in changed.c
        ]
        found += [
            f"{table.name}.{column.name} must be filled in"
            for column in changed.columns
            if not (column.nullable or column.server_default or column.name in table.c)
        ]
    return found


def made_up(tables: MetaData, columns: list[str]) -> None:
    """A table in which only ``must`` has to be filled in."""
    own = [Column(name, String, nullable=name != "must") for name in columns]
    Table("made_up", tables, *own)


def migrate_like_a_newer_release() -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = 'of-a-newer-release'"))
    db.session.commit()


def test_old_code_goes_on_working_with_a_newer_database(app: Flask, config: Config) -> None:
    add_article()
    db.session.execute(text("ALTER TABLE article ADD COLUMN added_later VARCHAR(20)"))
    migrate_like_a_newer_release()
    with pushed(replace(config, ops_token=TOKEN)) as old:
        checks = details(PageClient(old))["checks"]
        assert checks["migration"] == {"passed": True, "value": "of-a-newer-release"}
        assert [problem for problem in integrity.problems(datetime.now(UTC)) if "database" in problem] == []
        assert old.test_cli_runner().invoke(args=["prepare"]).exit_code == 0
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == "of-a-newer-release"


def test_old_code_refuses_a_newer_database_without_what_it_uses(client: PageClient) -> None:
    db.session.execute(text("ALTER TABLE article DROP COLUMN harms"))
    migrate_like_a_newer_release()
    client.get("/readyz", status=503)
    (problem,) = integrity.problems(datetime.now(UTC))
    assert problem == "database: a newer release has removed article.harms. Install that release"


@pytest.mark.parametrize("arguments", [["check"], ["search", "status"], ["editors", "add", "A", "a@b.org"]])
def test_only_migrations_make_a_database(elsewhere: Config, arguments: list[str]) -> None:
    other = create_app(replace(elsewhere, secret_key="t" * 40))
    refused = other.test_cli_runner().invoke(args=arguments, input="a long enough passphrase\n" * 2)
    assert refused.exit_code == 1
    assert "flask prepare" in f"{refused.output}{refused.exception}"
    assert not (elsewhere.instance_path / "site.sqlite3").exists()


def test_no_migration_takes_anything_from_the_release_before(elsewhere: Config) -> None:
    """The rule is in CONTRIBUTING.md: a migration only adds; what nothing uses any more is removed a release later."""
    scripts = ScriptDirectory(str(ROOT / "webapp/migrations")).walk_revisions()
    chain = [script.revision for script in scripts][::-1]
    with pushed(replace(elsewhere, secret_key="t" * 40)):
        before = MetaData()
        for revision in chain:
            flask_migrate.upgrade(revision=revision)
            after = MetaData()
            after.reflect(db.engine)
            assert losses(before, after) == [], revision
            before = after


@pytest.mark.parametrize(
    ("columns", "lost"),
    [
        (["id", "title"], []),
        (["id", "title", "note"], []),
        (["id"], ["made_up.title is gone"]),
        (["id", "title", "must"], ["made_up.must must be filled in"]),
        (None, ["made_up is gone"]),
    ],
)
def test_the_rule_sees_what_would_be_lost(columns: list[str] | None, lost: list[str]) -> None:
    before, after = MetaData(), MetaData()
    made_up(before, ["id", "title"])
    if columns:
        made_up(after, columns)
    assert losses(before, after) == lost
