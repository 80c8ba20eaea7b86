"""Counts in the memory of a process, which a job writes to the database later: nobody who is counted waits for a writer."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class MemoryCounts(Generic[Key]):
    """How often each key was counted since the last write, for at most ``most`` keys; shared by the threads of a process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[Key] = Counter()
        self._lock = Lock()

    def add(self, key: Key, count: int = 1) -> None:
        """Count something, unless it is new and there are too many keys already."""
        with self._lock:
            if key in self._counts or len(self._counts) < self._most:
                self._counts[key] += count

    def is_any(self) -> bool:
        """Is there something to write?"""
        return bool(self._counts)

    @contextmanager
    def taken(self) -> Iterator[Counter[Key]]:
        """Take all counts out of memory, and put them back if they could not be written: open this before ``writing()``."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        try:
            yield taken
        except BaseException:
            for key, count in taken.items():
                self.add(key, count)
            raise
