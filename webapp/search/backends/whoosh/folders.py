"""Where an index lies: ``<root>/CURRENT`` names the folder in use; a rebuild fills another one and switches."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from webapp.search.backends.answering import SearchUnavailable, wait_for_turn

VERSION = 2  # of what is in a folder; a folder of another version counts as missing
CURRENT = "CURRENT"


class Folders:
    """The folders under a root, and the locks of those who change them. ``fixed``: the one in use, whatever CURRENT says."""

    def __init__(self, root: Path, fixed: Path | None = None) -> None:
        self.root = root
        self._fixed = fixed

    def in_use(self) -> Path:
        """The folder in use; raises OSError if there is none of this version."""
        if self._fixed is not None:
            return self._fixed
        name = (self.root / CURRENT).read_text(encoding="ascii").strip()
        if not name.startswith(f"v{VERSION}-") or "/" in name:
            raise FileNotFoundError(f"{name!r} is not an index of version {VERSION}")
        return self.root / name

    def is_any(self) -> bool:
        """Was an index ever built here?"""
        return (self.root / CURRENT).exists()

    def commit(self) -> tuple[Path, int]:
        """The folder in use and the number of its last commit."""
        folder = self.in_use()
        numbers = [
            int(name[6:-4])
            for name in os.listdir(folder)  # noqa: PTH208 - names are enough
            if name.startswith("_MAIN_") and name.endswith(".toc")
        ]
        return folder, max(numbers)

    def make_beside(self) -> Path:
        """A new folder. What rebuilds that were broken off left behind is removed."""
        self._keep_only(self._named())
        folder = self.root / f"v{VERSION}-{token_hex(6)}"
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def switch_to(self, folder: Path) -> None:
        """Make it the one in use, and remove all others."""
        made = self.root / f"{CURRENT}.new"  # one name: whoever is killed here leaves it to the next
        with made.open("w", encoding="ascii") as file:
            file.write(folder.name)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.root / CURRENT)
        self._keep_only(folder)

    @contextmanager
    def locked(self, name: str, patience: float) -> Iterator[None]:
        """Hold a lock file; the system lets go of it when the process ends, however it ends."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.root / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SearchUnavailable(f"the index folder cannot be written: {error}") from error
        try:
            wait_for_turn(lambda: _takes(handle), patience)
            yield
        finally:
            os.close(handle)

    def _named(self) -> Path | None:
        try:
            return self.in_use()
        except (OSError, ValueError):
            return None

    def _keep_only(self, folder: Path | None) -> None:
        for other in self.root.glob("v*-*"):
            if other != folder and other.is_dir():
                shutil.rmtree(other, ignore_errors=True)


def _takes(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
