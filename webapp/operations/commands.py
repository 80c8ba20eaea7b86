"""``flask backup``, ``restore``, ``after-restore``, ``check`` and ``db-copy``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext

from webapp.config import Config, ConfigError
from webapp.db.writing import writing
from webapp.operations import backups, checks, moving
from webapp.operations.sqlite_files import CannotBackUp, CannotRestore
from webapp.search import indexing
from webapp.search.index import SearchUnavailable


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but so many of the newest backups.")
@with_appcontext
def backup(folder: Path | None, keep: int | None) -> None:
    """Write the database to a new file in FOLDER (default: backups in the instance folder), while the site runs."""
    try:
        made = backups.back_up(folder or Path(current_app.instance_path) / "backups", datetime.now(UTC), keep)
    except (CannotBackUp, OSError) as error:
        sys.exit(f"No backup was made. {error}")
    click.echo(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="The database here may be replaced.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Put the backup in FILE in place of the database, bring it up to date, and build the search index anew."""
    try:
        former = backups.restore(file, datetime.now(UTC), may_replace=yes)
    except (CannotRestore, OSError) as error:
        sys.exit(f"Nothing was restored. {error}")
    if former.exists():
        click.echo(f"What was here before is kept as {former}")
    _finish_restore()


@click.command("after-restore")
@with_appcontext
def after_restore() -> None:
    """Finish what pg_restore began: migrate, sign everybody out, hold back old mail, build the search index anew."""
    _finish_restore()


@click.command("check")
@with_appcontext
def check() -> None:
    """Look whether everything is as it must be: database, references, migrations, search index, outbox, addresses."""
    found = checks.problems(datetime.now(UTC))
    for problem in found:
        click.echo(problem)
    if found:
        sys.exit(1)
    click.echo("Everything is as it must be.")


@click.command("db-copy")
@click.argument("target")
@click.option("--from", "source", help="Another database than the one in DATABASE_URL.")
@with_appcontext
def db_copy(target: str, source: str | None) -> None:
    """Copy the whole site to the empty, migrated database at TARGET (postgresql://…). Stop the site before."""
    try:
        origin = _address(source) if source else current_app.extensions["config"].database
        goal = _address(target)
        with click.progressbar(length=1, label="Copying") as bar:

            def report(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            sums = moving.copy(origin, goal, report)
    except (ConfigError, moving.CannotCopy) as error:
        sys.exit(f"Nothing was copied. {error}")
    for one in sums:
        click.echo(f"{one.table:20} {one.count:>9} rows  {one.checksum}")
    click.echo(
        "Every table has the same rows and checksums on both sides. The search index is built at the start."
    )


def _address(given: str) -> str:
    """An address as SQLAlchemy wants it; raises ConfigError."""
    return Config.from_environ({"DATABASE_URL": given}).database


def _finish_restore() -> None:
    flask_migrate.upgrade()
    with writing():
        doubtful = backups.mistrust_what_is_old()
    if doubtful:
        click.echo(
            f"Mails that waited in the backup and may have gone out since: {doubtful}. Run: flask newsletter settle LOG"
        )
    try:
        click.echo(f"Restored. Summaries in the search index: {indexing.rebuild(lambda _done, _total: None)}")
    except SearchUnavailable as error:
        sys.exit(f"Restored, but the search index was not built: {error}. Run: flask search rebuild")
