"""Backup and restore of a SQLite database, in a folder and in a bucket; for PostgreSQL, deploy/README.md shows pg_dump and pg_restore.

A backup holds the database alone: the search index is derived from it, and keys must not be stored with it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, inspect, text, update
from sqlalchemy.exc import DatabaseError

from webapp.config import ROOT
from webapp.db.session import db
from webapp.models import MailState, OutboxMessage, SignIn
from webapp.operations import migrations, sqlite_files
from webapp.operations.bucket import Bucket
from webapp.operations.sqlite_files import CannotBackUp, CannotRestore

BACKUP_STAMP = "%Y%m%dT%H%M%SZ"
# Otherwise a second restore within a second would overwrite the saved database.
FORMER_STAMP = "%Y%m%dT%H%M%S.%fZ"
UNFINISHED = ".part"
BACKUP_NAME = re.compile(r"site-\d{8}T\d{6}Z\.(sqlite3|dump)")
ON_POSTGRESQL = (
    "On PostgreSQL use pg_dump and pg_restore: see “Back up and restore PostgreSQL” in deploy/README.md."
)


def back_up(folder: Path, now: datetime, keep: int | None = None) -> Path:
    """Write a backup named after the time into the folder. With ``keep``, remove what is ``outdated``.

    A file gets its final name only when it is complete, checked and on disk. An interrupted backup leaves a ``.part``
    file, which the next one removes. Raises CannotBackUp.
    """
    if db.engine.dialect.name != "sqlite":
        raise CannotBackUp(ON_POSTGRESQL)
    if not Path(str(db.engine.url.database)).exists() or migrations.current() is None:
        raise CannotBackUp(f"There is no site in {db.engine.url.database}.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for unfinished in folder.glob(f"site-*{UNFINISHED}*"):
        unfinished.unlink()
    backup = folder / f"site-{now.strftime(BACKUP_STAMP)}.sqlite3"
    part = backup.with_name(backup.name + UNFINISHED)
    part.touch(mode=0o600)
    try:
        sqlite_files.write(part)
        part.replace(backup)
    finally:
        part.unlink(missing_ok=True)
    sqlite_files.sync(folder)
    if keep is not None:
        remove_outdated(folder, keep)
    return backup


def store(backup: Path, bucket: Bucket, keep: int | None = None) -> None:
    """Store a backup in a bucket as well. With ``keep``, remove what is ``outdated`` there. Raises CannotBackUp."""
    bucket.upload(backup)
    if keep is not None:
        bucket.delete(outdated(bucket.names(), keep))


def finished(names: Iterable[str]) -> list[str]:
    """Those of the names that are backups, oldest first."""
    return sorted(name for name in names if BACKUP_NAME.fullmatch(name))


def remove_outdated(folder: Path, keep: int) -> None:
    """Remove from a folder what is ``outdated``."""
    for name in outdated((path.name for path in folder.iterdir()), keep):
        (folder / name).unlink()


def outdated(names: Iterable[str], keep: int) -> list[str]:
    """Those of the names that are neither among the newest ``keep`` backups nor the last one of the newest ``keep`` days."""
    all_names = finished(names)
    last_of_day = {name.partition("T")[0]: name for name in all_names}
    kept = {*all_names[-keep:], *list(last_of_day.values())[-keep:]}
    return [name for name in all_names if name not in kept]


def damaged(folder: Path, bucket: Bucket | None) -> list[str]:
    """Read every backup in a folder and a bucket; returns one sentence for each that cannot be used.

    Raises CannotBackUp if either has none: otherwise nothing would pass as whole.
    """
    reported = []
    for path in map(folder.joinpath, names_in(folder)):
        problems = sqlite_files.problems_of(path) if path.suffix == ".sqlite3" else _problems_of_dump(path)
        reported += [f"{path}: {problem}" for problem in problems[:1]]
    if bucket is not None:
        for name in names_in(bucket):
            try:
                bucket.verify(name)
            except CannotBackUp as error:
                reported.append(str(error))
    return reported


def _problems_of_dump(path: Path) -> list[str]:
    """Let pg_restore read a dump to its end, into nothing; returns what it says, if that is anything but success."""
    command = ["pg_restore", "--file=/dev/null", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    except FileNotFoundError:
        return ["It was not read, because pg_restore is not installed."]
    return (
        [done.stderr.strip() or f"pg_restore ended with status {done.returncode}."] if done.returncode else []
    )


def made_within(folder: Path, most_age: timedelta, now: datetime) -> Path:
    """The newest backup in a folder. Raises CannotBackUp if its name says that it is older, or if there is none."""
    path = newest(folder, None)
    made_at = datetime.strptime(path.stem, f"site-{BACKUP_STAMP}").replace(tzinfo=UTC)
    if now - made_at > most_age:
        hours = most_age // timedelta(hours=1)
        raise CannotBackUp(
            f"The newest in {folder}, {path.name}, is older than {hours} hours (BACKUP_HOURS)."
        )
    return path


def newest(folder: Path, bucket: Bucket | None) -> Path:
    """The newest backup: downloaded from the bucket into the folder, or from the folder. Raises CannotBackUp."""
    name = names_in(bucket or folder)[-1]
    return bucket.download(name, folder) if bucket else folder / name


def names_in(place: Path | Bucket) -> list[str]:
    """The names of the backups in a folder or a bucket, oldest first. Raises CannotBackUp if there are none."""
    names = finished(place.names() if isinstance(place, Bucket) else (path.name for path in place.iterdir()))
    if not names:
        raise CannotBackUp(f"There is no backup in {place.address if isinstance(place, Bucket) else place}.")
    return names


def try_restore(backup: Path, scratch: Path) -> None:
    """Restore a backup into an empty folder, as ``flask restore`` does on a new machine; raises CannotRestore."""
    if backup.suffix == ".dump":
        raise CannotRestore(ON_POSTGRESQL)
    settings = {
        "DATABASE_URL": f"sqlite:///{scratch}/instance/site.sqlite3",
        "INSTANCE_PATH": f"{scratch}/instance",
        "SEARCH_INDEX": f"{scratch}/index",
    }
    # A setting may be in a file (DATABASE_URL_FILE), which must not be given as well.
    others = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in settings}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "restore", str(backup)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=others | settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotRestore((done.stdout + done.stderr).strip())


def restore(file: Path, now: datetime, *, may_replace: bool) -> Path:
    """Replace the database with a backup; returns the path under which the former database is saved.

    Raises CannotRestore and changes nothing if the backup is damaged or from a newer version, if the database has rows
    and ``may_replace`` is false, or if a server is running.
    """
    if db.engine.dialect.name != "sqlite":
        raise CannotRestore(ON_POSTGRESQL)
    revision = sqlite_files.revision_in(file)
    if revision not in migrations.known():
        raise CannotRestore(
            f"{file.name} is from a newer version of the site (migration {revision}). Update first."
        )
    if _has_rows() and not may_replace:
        raise CannotRestore(
            "The database here is not empty. To replace it, add --yes; it is saved in its folder."
        )
    db.session.remove()
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    sqlite_files.check_unused(path)
    former = path.with_name(f"before-restore-{now.strftime(FORMER_STAMP)}.sqlite3")
    sqlite_files.replace(path, file, former)
    return former


def expire_restored_state() -> int:
    """End all sign-ins and hold back all unsent mail after a restore; returns how many mails are held back.

    Since the backup was made, somebody may have been signed out, and mail that it lists as queued may have been sent:
    sending it once more would be a duplicate.
    """
    db.session.execute(delete(SignIn))
    waiting = OutboxMessage.state.in_((MailState.QUEUED, MailState.SENDING))
    held = update(OutboxMessage).where(waiting).values(state=MailState.UNCERTAIN).returning(OutboxMessage.id)
    return len(db.session.execute(held).all())


def _has_rows() -> bool:
    """Tell whether a restore would lose rows; a damaged database counts, since it may still be recovered."""
    engine = db.engine
    if not Path(str(engine.url.database)).exists():
        return False
    try:
        with engine.connect() as connection:
            names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
            queries = [text(f'SELECT 1 FROM "{name}" LIMIT 1') for name in names]  # noqa: S608 - names from the catalog
            return any(connection.execute(query).first() for query in queries)
    except DatabaseError:
        return True
