"""The engine itself: opens each new commit, writes and rebuilds, and lets nothing out but SearchUnavailable."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar

from whoosh.index import FileIndex

from webapp.search.backends.answering import WRITE_PATIENCE, Answering, SearchUnavailable
from webapp.search.backends.posting_arrays import CACHE_BYTES, PostingCache
from webapp.search.backends.whoosh.files import Storage, size_of
from webapp.search.backends.whoosh.folders import Folders
from webapp.search.backends.whoosh.generation import Generation
from webapp.search.backends.whoosh.schema import SCHEMA
from webapp.search.backends.whoosh.segment import Segment
from webapp.search.backends.whoosh.writing import write
from webapp.search.plan import IndexDocument

log = logging.getLogger(__name__)

OPEN_TRIES, OPEN_PAUSE = 10, 0.02  # opening during another process's commit fails now and then

T = TypeVar("T")


class WhooshBackend(Answering):
    """The index in one folder of a root. Readers never wait for the writer; every method raises only SearchUnavailable."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self._folders = Folders(root, folder)
        self._cache = PostingCache(CACHE_BYTES)
        self._lock = Lock()
        self._generation: Generation | None = None
        self._segments: dict[str, Segment] = {}
        self._is_suspect = False

    def byte_count(self) -> int:
        """Size of the index on disk."""
        return self._guarded(lambda: sum(file.stat().st_size for file in self._folders.in_use().iterdir()))

    def cursor(self) -> int:
        """The last public change that the index contains; 0 where that is not known."""
        try:
            return int((self._folders.in_use() / "cursor").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def move_cursor(self, change_id: int) -> None:
        """Note that the index contains every change up to this one."""
        folder = self._folders.in_use()
        made = folder / "cursor.new"
        made.write_text(str(change_id), encoding="ascii")
        made.replace(folder / "cursor")

    def is_intact(self) -> bool:
        """Can the index be opened, and are its files as they were when they were read?

        After a search or a commit failed the whole index is read once, which takes seconds: for a thread in the background.
        """
        try:
            generation = self._newest()
        except SearchUnavailable:
            return False
        if self._is_suspect:
            self._is_suspect = False
            if not WhooshBackend(self.root).reads_whole():
                return False
        for _ in range(OPEN_TRIES):
            if all(size_of(generation.folder / name) == size for name, size in generation.file_sizes.items()):
                return True
            time.sleep(OPEN_PAUSE)  # a commit may be replacing files just now
            if self._folders.commit() != (generation.folder, generation.number):
                return True
        return False

    def reads_whole(self) -> bool:
        """Can everything in the index be read?"""
        try:
            self._newest().read_whole()
        except Exception as error:
            log.warning("the search index is damaged", exc_info=error)
            return False
        return True

    # Writing: one process at a time, held by the caller through ``writing``

    @contextmanager
    def writing(self, patience: float = WRITE_PATIENCE) -> Iterator[None]:
        """Hold the right to write, across processes; raises SearchBusy if another keeps it for longer."""
        with self._folders.locked("writer.lock", patience):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Hold the right to build a new index beside the live one; raises SearchBusy if it is being done."""
        with self._folders.locked("rebuild.lock", patience=0):
            yield

    def apply(self, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
        """Bring these articles up to date and take those out, in one commit."""
        try:
            write(self._folders.in_use(), changed, removed)
        except Exception as error:
            if not isinstance(error, OSError):  # no room, or no right to write, is no damage
                self._forget(self._generation)
            raise SearchUnavailable(f"the index cannot be written: {error!r}") from error

    def start_beside(self) -> "WhooshBackend":
        """An empty index in a new folder beside the live one, to be filled with ``apply`` and then ``switch_to``.

        What rebuilds that were broken off left behind is removed, so ask only while holding ``rebuilding``.
        """

        def make() -> "WhooshBackend":
            folder = self._folders.make_beside()
            Storage(folder).create_index(SCHEMA)
            return WhooshBackend(self.root, folder)

        return self._guarded(make)

    def switch_to(self, beside: "WhooshBackend") -> None:
        """Make the index beside the live one, and remove all others."""
        self._guarded(lambda: self._folders.switch_to(beside._folders.in_use()))

    def _reading(self, answer: Callable[[Generation], T]) -> T:
        generation = self._newest()
        try:
            return answer(generation)
        except Exception as error:
            log.warning("the search index cannot be read", exc_info=error)
            self._forget(generation)
            raise SearchUnavailable(f"the index cannot be read: {error!r}") from error

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:
            raise SearchUnavailable(f"the index cannot be used: {error!r}") from error

    def _newest(self) -> Generation:
        """The generation of the last commit, opened if this process has not seen it yet."""
        error: BaseException | None = None
        for _ in range(OPEN_TRIES):
            try:
                commit = self._folders.commit()
                kept = self._generation
                if kept is not None and (kept.folder, kept.number) == commit:
                    return kept
                with self._lock:
                    if (
                        self._generation is None
                        or (self._generation.folder, self._generation.number) != commit
                    ):
                        self._generation = self._open(commit[0])
                    return self._generation
            except Exception as problem:
                error = problem
                if not self._folders.is_any():
                    break
                time.sleep(OPEN_PAUSE)
        raise SearchUnavailable(f"the index cannot be opened: {error!r}") from error

    def _open(self, folder: Path) -> Generation:
        info = FileIndex(Storage(folder), schema=SCHEMA)._read_toc()
        kept, deleted = [], []
        for part in info.segments:
            own = self._segments.get(part.segment_id())
            if own is None:
                reader = FileIndex._reader(Storage(folder), SCHEMA, [part], info.generation)
                own = Segment(reader)
            kept.append(own)
            deleted.append(set(part.deleted_docs()))
        self._segments = {segment.reader._segid: segment for segment in kept}
        return Generation(folder, info.generation, kept, deleted, self._cache)

    def _forget(self, generation: Generation | None) -> None:
        with self._lock:
            self._is_suspect = True
            if self._generation is generation:
                self._generation = None
                self._segments = {}
