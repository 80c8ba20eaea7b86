"""SQLite's side of backup and restore."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from webapp.db.session import db
from webapp.operations.files import CannotBackUp, CannotRestore, keep_on_disk

BESIDE = ("", "-wal", "-shm")


class SqliteFiles:
    """The database of the application, a file in the instance folder."""

    ending = "sqlite3"

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, target: Path) -> None:
        """SQLite's own online backup: writers go on meanwhile, and the copy is of one moment."""
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
            raise CannotBackUp(
                f"The copy is damaged, as the database may be: {problems[0]}. Run: flask check"
            )
        keep_on_disk(target)

    def revision_in(self, file: Path) -> str:
        """Looked up after the whole file was read."""
        problems = problems_of(file)
        if problems:
            raise CannotRestore(f"{file.name} cannot be used: {problems[0]}.")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
            try:
                (revision,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
            except (sqlite3.Error, TypeError):
                raise CannotRestore(f"{file.name} is a database, but not of this site.") from None
        return str(revision)

    def is_in_use(self) -> bool:
        """SQLite leaves its write-ahead log only if nobody else has the file open: so it is asked to."""
        db.engine.dispose()
        if not self._path.exists():
            return False
        try:
            with _alone(self._path):
                return False
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False  # damaged: nobody can work with it

    def replace(self, file: Path, beside: Path) -> None:
        """In one step that a power cut cannot divide."""
        made = self._path.with_name(f"{self._path.name}.restoring")
        made.unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(made)) as copy,
        ):
            source.backup(copy)
        keep_on_disk(made)
        for ending in BESIDE:
            former = self._path.with_name(self._path.name + ending)
            if former.exists():
                os.link(former, beside.with_name(beside.name + ending))
                if ending:
                    former.unlink()  # before the switch: SQLite would play an old log into the new file
        made.replace(self._path)
        keep_on_disk(self._path.parent)


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


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as own:
        own.execute("PRAGMA journal_mode=DELETE")
        own.execute("BEGIN EXCLUSIVE")
        yield
