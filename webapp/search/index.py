"""The search index of this machine: a folder of Whoosh's files that is opened, written and rebuilt here.

``<root>/CURRENT`` names the folder in use; a rebuild fills another one and switches. The index is derived from the
database and can be deleted at any time. Readers never wait for the writer. Every failure is a SearchUnavailable.
"""

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import cast

from flask import Flask, current_app

from webapp.config import Config
from webapp.db import change_log
from webapp.parsing import int_from
from webapp.search import segments
from webapp.search.documents import IndexDocument
from webapp.search.posting_arrays import Snapshot
from webapp.search.segments import SearchUnavailable

__all__ = ["SearchBusy", "SearchIndex", "SearchUnavailable", "init_app", "is_behind", "search_index"]

log = logging.getLogger(__name__)

VERSION = 9  # of what is in a folder; a folder of another version counts as missing
CURRENT, CURSOR = "CURRENT", "cursor"
MOST_CHANGES = 2**31 - 1  # the largest id that a database gives
OPEN_TRIES, OPEN_PAUSE = 10, 0.02  # opening during another process's commit fails now and then
WRITE_PATIENCE, LOCK_PAUSE = 10.0, 0.02  # seconds


class SearchBusy(SearchUnavailable):
    """Another process holds the right to write or to rebuild."""


def init_app(app: Flask, config: Config) -> None:
    """Give the application its search index. Nothing is opened yet: no handle survives a fork."""
    app.extensions["search"] = SearchIndex(config.search_index)


def search_index() -> "SearchIndex":
    """The search index of the current application."""
    return cast(SearchIndex, current_app.extensions["search"])


def is_behind() -> bool:
    """Is there an index, and does it lack a public change that this transaction sees?"""
    cursor = search_index().cursor()
    return cursor is not None and cursor < change_log.newest()


def last_commit(folder: Path) -> int:
    """The number of the last commit of an index; raises OSError or ValueError if there is none."""
    names = os.listdir(folder)  # noqa: PTH208 - names are enough
    return max(int(name[6:-4]) for name in names if name.startswith("_MAIN_") and name.endswith(".toc"))


class SearchIndex:
    """The index under ``root``; ``folder`` is one that is not in use yet (see ``create_replacement``)."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self._folder = folder
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._is_suspect = False

    def folder(self) -> Path:
        """The folder in use; raises OSError if no folder of this version exists."""
        if self._folder is not None:
            return self._folder
        name = (self.root / CURRENT).read_text(encoding="ascii").strip()
        if not name.startswith(f"v{VERSION}-") or "/" in name:
            raise FileNotFoundError(f"{name!r} isn’t an index of version {VERSION}")
        return self.root / name

    # Reading

    def snapshot(self) -> Snapshot:
        """The index as of the last commit, opened if this process has not seen that commit yet."""
        error: Exception | None = None
        for _ in range(OPEN_TRIES):
            try:
                folder = self.folder()
                commit = last_commit(folder)
                with self._lock:
                    if self._snapshot is not None and any(one.is_damaged for one in self._snapshot.segments):
                        self._snapshot = None
                        self._is_suspect = True
                    if self._snapshot is None or self._snapshot.commit_id != (folder, commit):
                        self._snapshot = self._open(folder)
                    return self._snapshot
            except Exception as problem:
                error = problem
                if not (self.root / CURRENT).exists():
                    break
                time.sleep(OPEN_PAUSE)
        raise SearchUnavailable(f"the index cannot be opened: {error!r}") from error

    def is_intact(self) -> bool:
        """Can the index be opened, and do its files have the sizes that they had when they were read?

        After a search or a commit failed the whole index is read once, which takes seconds: for a thread in the background.
        """
        try:
            snapshot = self.snapshot()
        except SearchUnavailable:
            return False
        if self._is_suspect:
            self._is_suspect = False
            if not SearchIndex(self.root).reads_whole():
                return False
        folder, _ = snapshot.commit_id
        sizes = {name: size for segment in snapshot.segments for name, size in segment.file_sizes.items()}
        for _ in range(OPEN_TRIES):
            with suppress(OSError, ValueError):  # a commit may be replacing files just now
                if all((folder / name).stat().st_size == size for name, size in sizes.items()):
                    return True
            time.sleep(OPEN_PAUSE)
            with suppress(OSError, ValueError):
                if (self.folder(), last_commit(folder)) != snapshot.commit_id:
                    return True
        return False

    def reads_whole(self) -> bool:
        """Can everything in the index be read?"""
        try:
            for segment in self.snapshot().segments:
                segment.read_whole()
        except SearchUnavailable as error:
            log.warning("the search index is damaged", exc_info=error)
            return False
        return True

    def byte_count(self) -> int:
        """The size of the index on disk."""
        with _guarded("read"):
            return sum(file.stat().st_size for file in self.folder().iterdir())

    def cursor(self) -> int | None:
        """The id of the last public change that the index contains; None if there is no index that says so."""
        try:
            return int_from((self.folder() / CURSOR).read_text(encoding="ascii"), high=MOST_CHANGES)
        except (OSError, ValueError):
            return None

    # Writing: one process at a time, whoever holds ``writing``

    @contextmanager
    def writing(self, patience: float = WRITE_PATIENCE) -> Iterator[None]:
        """Hold the right to write, across processes; raises SearchBusy if another process holds it for longer."""
        with self._locked("writer.lock", patience):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Hold the right to build a replacement; raises SearchBusy if another process is doing it."""
        with self._locked("rebuild.lock", patience=0):
            yield

    def apply(self, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
        """Update these articles and remove those, in one commit. An article in both is updated."""
        numbers = self.snapshot().numbers()
        try:
            with _guarded("written"):
                segments.write(self.folder(), numbers, changed, removed)
        except SearchUnavailable as error:
            if not isinstance(error.__cause__, OSError):  # no room, or no right to write, is no damage
                with self._lock:
                    self._snapshot = None
                    self._is_suspect = True
            raise

    def move_cursor(self, change_id: int) -> None:
        """Note, after a commit, that the index contains every public change up to this one."""
        with _guarded("written"):
            _replace_file(self.folder() / CURSOR, str(change_id))

    def create_replacement(self) -> "SearchIndex":
        """An empty index in a new folder, to be filled with ``apply``; then ``replace_with`` puts it into use.

        What interrupted rebuilds left is removed, so call it only while holding ``rebuilding``.
        """
        with _guarded("created"):
            try:
                self._remove_all_but(self.folder())
            except (OSError, ValueError):
                self._remove_all_but(None)
            folder = self.root / f"v{VERSION}-{token_hex(6)}"
            folder.mkdir(parents=True, mode=0o700)
            segments.create(folder)
            return SearchIndex(self.root, folder)

    def replace_with(self, replacement: "SearchIndex") -> None:
        """Put the replacement into use, and remove all other folders."""
        with _guarded("replaced"):
            folder = replacement.folder()
            _replace_file(self.root / CURRENT, folder.name)
            self._remove_all_but(folder)

    def _open(self, folder: Path) -> Snapshot:
        known = {segment.name: segment for segment in self._snapshot.segments} if self._snapshot else {}
        number, parts = segments.read_commit(folder)
        opened = [known.get(part.segment_id()) or segments.Segment(folder, part) for part in parts]
        return Snapshot(folder, number, opened, [set(part.deleted_docs()) for part in parts])

    @contextmanager
    def _locked(self, name: str, patience: float) -> Iterator[None]:
        """Hold a lock file; the system releases it when the process ends, however it ends."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.root / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SearchUnavailable(f"the index folder cannot be written: {error}") from error
        until = time.monotonic() + patience
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise SearchBusy("another process is writing the index") from None
                    time.sleep(LOCK_PAUSE)
            yield
        finally:
            os.close(handle)

    def _remove_all_but(self, folder: Path | None) -> None:
        for other in self.root.glob("v*-*"):
            if other != folder and other.is_dir():
                shutil.rmtree(other, ignore_errors=True)


@contextmanager
def _guarded(done: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise SearchUnavailable(f"the index cannot be {done}: {error!r}") from error


def _replace_file(path: Path, text: str) -> None:
    """Write a small file in one step: whoever reads it sees the old text or the new one."""
    made = path.with_name(f"{path.name}.new")  # one name: a process killed here leaves it to the next one
    with made.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
