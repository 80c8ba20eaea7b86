"""``flask backup`` and what belongs to it, ``check``, ``report-failure`` and ``db-copy``."""

import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from webapp.config import Config, ConfigError, command_line
from webapp.db import heartbeats
from webapp.db.heartbeats import Task
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.mail.smtp import Letter, mailer_for, new_message_id
from webapp.operations import backups, database_copy, health, integrity
from webapp.operations.bucket import Bucket
from webapp.operations.sqlite_files import CannotBackUp, CannotRestore
from webapp.search import indexing
from webapp.search.index import SearchUnavailable

folder_argument = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)


@click.command("backup")
@folder_argument
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="Keep this many of the newest backups, and the last one of as many days; remove the others.",
)
@click.option("--to", help="Bucket to store it in as well, like s3://bucket/prefix (default: BACKUP_TO).")
@click.option(
    "--made-elsewhere",
    is_flag=True,
    help="Another program has made one: in FOLDER, within BACKUP_HOURS, if FOLDER is given.",
)
@with_appcontext
def backup(folder: Path | None, keep: int | None, to: str | None, made_elsewhere: bool) -> None:
    """Write the database to a new file in FOLDER (default: backups in the instance folder), while the site runs."""
    place, now = folder or default_folder(), datetime.now(UTC)
    most_age = timedelta(hours=current_app.extensions["config"].backup_hours)
    try:
        if not made_elsewhere:
            path = backups.back_up(place, now, keep)
            click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
        elif folder or keep is not None:
            backups.made_within(place, most_age, now)
            if keep is not None:
                backups.remove_outdated(place, keep)
    except (CannotBackUp, OSError) as error:
        sys.exit(f"No backup was made. {error}")
    try:
        if bucket := find_bucket(to):
            path = backups.made_within(place, most_age, now)
            backups.store(path, bucket, keep)
            click.echo(f"{bucket.address}/{path.name}")
    except (CannotBackUp, OSError) as error:
        sys.exit(f"The backup is in {place} only. {error}")
    note(Task.BACKUP)


@click.command("verify-backups")
@folder_argument
@with_appcontext
def verify_backups(folder: Path | None) -> None:
    """Read every backup in FOLDER and in the bucket BACKUP_TO, and name those that are damaged."""
    try:
        damaged = backups.damaged(folder or default_folder(), find_bucket())
    except (CannotBackUp, OSError) as error:
        sys.exit(f"The backups could not be read. {error}")
    if damaged:
        sys.exit("\n".join(damaged))
    click.echo("Every backup is whole.")


@click.command("fetch-backup")
@folder_argument
@with_appcontext
def fetch_backup(folder: Path | None) -> None:
    """Download the newest backup in the bucket BACKUP_TO to FOLDER."""
    try:
        if bucket := find_bucket():
            click.echo(backups.newest(folder or default_folder(), bucket))
        else:
            sys.exit("Set BACKUP_TO to the address of the bucket.")
    except (CannotBackUp, OSError) as error:
        sys.exit(f"Nothing was downloaded. {error}")


@click.command("restore-drill")
@folder_argument
@with_appcontext
def restore_drill(folder: Path | None) -> None:
    """Restore the newest backup of the bucket BACKUP_TO, or else of FOLDER, into a scratch folder, and check the result."""
    try:
        with TemporaryDirectory(prefix="restore-drill-") as scratch:
            bucket = find_bucket()
            tried = backups.newest(Path(scratch) if bucket else folder or default_folder(), bucket)
            backups.try_restore(tried, Path(scratch))
    except (CannotBackUp, CannotRestore, OSError) as error:
        sys.exit(f"The newest backup could not be restored. {error}")
    note(Task.RESTORE_DRILL)
    click.echo(f"{tried.name} was restored and checked in a scratch folder.")


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
        click.echo(f"The former database is saved as {former}")
    _finish_restore()


@click.command("after-restore")
@with_appcontext
def after_restore() -> None:
    """Finish what pg_restore began: migrate, sign everybody out, hold back old mail, build the search index anew."""
    _finish_restore()


@click.command("check")
@with_appcontext
def check() -> None:
    """Look whether everything is as it must be: database, references, migrations, search index, outbox, addresses, health."""
    now = datetime.now(UTC)
    failed = [check for check in health.checks(now) if not check.passed and check.value is not None]
    problems = [f"{check.name}: {check.value} ({check.about})" for check in failed]
    try:
        problems = integrity.problems(now) + problems
    except SQLAlchemyError as error:
        reason, _, _ = str(error).partition("\n")  # the query follows
        problems.append(f"database: not everything could be checked: {reason}")
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo("Everything is as it must be.")


@click.command("report-failure")
@click.argument("unit")
@with_appcontext
def report_failure(unit: str) -> None:
    """Mail the administrators that UNIT failed; systemd runs this. Nothing is read from the database, which may be down."""
    config: Config = current_app.extensions["config"]
    text = f"{unit} failed on {gethostname()}. Its log says why: journalctl -u {unit}\n"
    letter = Letter(
        sender=config.mail_from,
        recipient=config.admin_mail,
        subject=f"{unit} failed on {gethostname()}",
        text=text,
        html=None,
        message_id=new_message_id(config),
        written_at=datetime.now(UTC),
    )
    with closing(mailer_for(config)) as mailer:
        mailer.send(letter)


@click.command("db-copy")
@click.argument("target")
@click.option("--from", "source", help="Another database than the one in DATABASE_URL.")
@with_appcontext
def db_copy(target: str, source: str | None) -> None:
    """Copy the whole site to the empty, migrated database at TARGET (postgresql://…). Stop the site before."""
    try:
        source_url = _database_url(source) if source else current_app.extensions["config"].database
        target_url = _database_url(target)
        with click.progressbar(length=1, label="Copying") as bar:

            def report(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            checksums = database_copy.copy(source_url, target_url, report)
    except (ConfigError, database_copy.CannotCopyDatabase) as error:
        sys.exit(f"Nothing was copied. {error}")
    for row in checksums:
        click.echo(f"{row.table:20} {row.count:>9} rows  {row.checksum}")
    click.echo(
        "Every table has the same rows and checksums on both sides. The search index is built at the start."
    )


def default_folder() -> Path:
    return Path(current_app.instance_path) / "backups"


def note(task: Task) -> None:
    """Note for monitors that a task was done, unless the database cannot be written: it can still be backed up."""
    with suppress(SQLAlchemyError), writing() as now:
        heartbeats.beat(task, "", now)


def find_bucket(address: str | None = None) -> Bucket | None:
    """The bucket at an address, by default that of BACKUP_TO; None without either. Raises CannotBackUp."""
    config: Config = current_app.extensions["config"]
    address = address or config.backup_to
    return Bucket(address, config) if address else None


def _database_url(text: str) -> str:
    """Validate a database URL as the configuration does; raises ConfigError."""
    return Config.from_environ({"DATABASE_URL": text, "INSTANCE_PATH": current_app.instance_path}).database


def _finish_restore() -> None:
    flask_migrate.upgrade()
    with writing():
        held_count = backups.expire_restored_state()
    if held_count:
        click.echo(
            f"Mails that waited in the backup and may have gone out since: {held_count}. "
            f"Run: {command_line('newsletter settle LOG')}"
        )
    try:
        click.echo(f"Restored into {db.engine.url!r}. Summaries in the search index: {indexing.rebuild()}")
    except SearchUnavailable as error:
        rebuild = command_line("search rebuild")
        sys.exit(f"Restored, but the search index was not built: {error}. Run: {rebuild}")
    if problems := integrity.problems(datetime.now(UTC)):
        sys.exit("\n".join(["Restored, but not everything is as it must be:", *problems]))
