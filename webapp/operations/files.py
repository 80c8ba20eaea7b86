"""A database as one file: what SQLite and PostgreSQL each do to be written out, looked at, and read back."""

import os
from pathlib import Path
from typing import Protocol


class CannotBackUp(Exception):
    """The backup was not made; the message says why and what to do."""


class CannotRestore(Exception):
    """Nothing was restored; the message says why and what to do."""


class DatabaseFiles(Protocol):
    """One kind of database, as files."""

    ending: str

    def write(self, target: Path) -> None:
        """Write the whole database, as it is at one moment, to a new file; raises CannotBackUp."""

    def revision_in(self, file: Path) -> str:
        """Which migration the site in a file is at; raises CannotRestore unless the file is whole and holds a site."""

    def is_in_use(self) -> bool:
        """Does another process have the database open?"""

    def replace(self, file: Path, beside: Path) -> None:
        """Put the file's content in place of the database, and keep what was there at ``beside``; raises CannotRestore."""


def keep_on_disk(path: Path) -> None:
    """Return only when a file (or the names in a folder) would survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
