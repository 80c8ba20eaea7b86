"""A SQLite database as one file: copied while the site runs, checked, and put back in one step."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from webapp.db.session import db


class CannotBackUp(Exception):
    """The backup was not made; the message says why and what to do."""


class CannotRestore(Exception):
    """Nothing was restored; the message says why and what to do."""


def write(target: Path) -> None:
    """Copy the application's database, as it is at one moment, to a new file; raises CannotBackUp.

    SQLite's own online backup: writers go on meanwhile.
    """
    source = db.engine.raw_connection()
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.driver_connection.backup(copy)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        problems = problems_of(target)
    except sqlite3.Error as error:
        raise CannotBackUp(f"The database could not be copied: {error}.") from error
    finally:
        source.close()
    if problems:
        raise CannotBackUp(f"The copy is damaged, as the database may be: {problems[0]}. Run: flask check")
    sync(target)


def revision_in(file: Path) -> str:
    """The migration that the site in a file is at; raises CannotRestore unless the file is whole and holds a site."""
    problems = problems_of(file)
    if problems:
        raise CannotRestore(f"{file.name} cannot be used: {problems[0]}.")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
        try:
            (revision,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        except (sqlite3.Error, TypeError):
            raise CannotRestore(f"{file.name} is a database, but not of this site.") from None
    return str(revision)


def is_in_use(path: Path) -> bool:
    """Does another process have the database open? SQLite gives up its write-ahead log only if nobody does."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as own:
            own.execute("PRAGMA journal_mode=DELETE")
            own.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False  # damaged: nobody can work with it
    return False


def replace(path: Path, file: Path, former: Path) -> None:
    """Put a file's content in place of the database at ``path``, and keep what was there at ``former``.

    One step that a power cut cannot divide.
    """
    made = path.with_name(f"{path.name}.restoring")
    made.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(made)) as copy,
    ):
        source.backup(copy)
    sync(made)
    for ending in ("", "-wal", "-shm"):
        old = path.with_name(path.name + ending)
        if old.exists():
            os.link(old, former.with_name(former.name + ending))
            if ending:
                old.unlink()  # before the switch: SQLite would play an old log into the new file
    made.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Return only when a file (or the names in a folder) would survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def problems_of(path: Path) -> list[str]:
    """What SQLite finds wrong with a file; nothing if it is whole."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            found = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            broken = opened.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.Error as error:
        return [str(error)]
    return found + [
        f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in broken
    ]
