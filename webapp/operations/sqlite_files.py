"""SQLite database files: online copy, integrity check, and atomic replacement."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from webapp.config import command_line
from webapp.db.session import db


class CannotBackUp(Exception):
    """The backup was not made; the message says why and what to do."""


class CannotRestore(Exception):
    """Nothing was restored; the message says why and what to do."""


def write(target: Path) -> None:
    """Copy a snapshot of the application's database to a new file; raises CannotBackUp.

    Uses SQLite's online backup, so the site can write meanwhile.
    """
    source = db.engine.raw_connection()
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.driver_connection.backup(copy)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode=DELETE")  # otherwise a -wal file would hold part of it
        problems = problems_of(target)
    except sqlite3.Error as error:
        raise CannotBackUp(f"The database could not be copied: {error}.") from error
    finally:
        source.close()
    if problems:
        reason = f"The copy is damaged, as the database may be: {problems[0]}"
        raise CannotBackUp(f"{reason}. Run: {command_line('check')}")
    sync(target)


def revision_in(file: Path) -> str:
    """Return the migration of a backup; raises CannotRestore for a file that is damaged or not a site's."""
    problems = problems_of(file)
    if problems:
        raise CannotRestore(f"{file.name} cannot be used: {problems[0]}.")
    with closing(_read_only(file)) as opened:
        try:
            (revision,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        except (sqlite3.Error, TypeError):
            raise CannotRestore(f"{file.name} is a database, but not of this site.") from None
    return str(revision)


def check_unused(path: Path) -> None:
    """Raise CannotRestore if another process has the database open: then SQLite refuses to leave write-ahead mode."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as own:
            own.execute("PRAGMA journal_mode=DELETE")
            own.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise CannotRestore("A server works with this database. Stop it first.") from error
        raise CannotRestore(f"The database in {path} cannot be written: {error}.") from error
    except sqlite3.DatabaseError:
        return  # damaged, so no server can be using it


def replace(path: Path, file: Path, former: Path) -> None:
    """Replace the database at ``path`` with the content of ``file``, and save the former one at ``former``.

    After a power cut either the former or the new database is there, whole.
    """
    replacement = path.with_name(f"{path.name}.restoring")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replacement.unlink(missing_ok=True)
    replacement.touch(mode=0o600)
    with closing(_read_only(file)) as source, closing(sqlite3.connect(replacement)) as copy:
        source.backup(copy)
    sync(replacement)
    for ending in ("", "-wal", "-shm"):
        old = path.with_name(path.name + ending)
        if old.exists():
            os.link(old, former.with_name(former.name + ending))
            if ending:
                old.unlink()  # before the switch: SQLite would apply the old log to the new file
    replacement.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def problems_of(path: Path) -> list[str]:
    """Run SQLite's checks of a file and of its foreign keys; returns a sentence for each problem."""
    try:
        with closing(_read_only(path)) as opened:
            damage = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            broken = opened.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.Error as error:
        return [str(error)]
    return damage + [
        f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in broken
    ]


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
