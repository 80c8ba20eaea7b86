"""What both engines do alike: answer from the newest generation of the index, and wait for the right to write it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

from webapp.search.backends.posting_arrays import Collection
from webapp.search.plan import Found, Plan

WRITE_PATIENCE = 10.0  # seconds
TRY_AGAIN = 0.02  # seconds

T = TypeVar("T")


class SearchUnavailable(Exception):
    """The index is missing, damaged or busy; the database has to answer."""


class SearchBusy(SearchUnavailable):
    """Another process has the right to write or to rebuild."""


class Generation(Protocol):
    """The whole index as of one commit."""

    @property
    def collection(self) -> Collection:
        """Its documents, ready to be searched."""

    @property
    def frequency(self) -> Callable[[str], int]:
        """In how many documents a whole word stands."""

    @property
    def completions(self) -> Callable[[str, int], tuple[str, ...]]:
        """The words that start so, most frequent first."""

    @property
    def near(self) -> Callable[[str, int], tuple[tuple[str, int, int], ...]]:
        """Words at most so many typing errors away: (word, errors, in how many documents)."""


class Answering(ABC):
    """The reading half of ``Backend``, for an engine that knows its newest generation."""

    @abstractmethod
    def _reading(self, answer: Callable[[Generation], T]) -> T:
        """Ask the newest generation; raises only SearchUnavailable."""

    def find(self, plan: Plan) -> Found:
        return self._reading(lambda generation: generation.collection.find(plan))

    def frequency(self, word: str) -> int:
        return self._reading(lambda generation: generation.frequency(word))

    def knows_stem(self, term: str) -> bool:
        return self._reading(lambda generation: len(generation.collection.contributions(term).documents) > 0)

    def completions(self, start: str, count: int) -> tuple[str, ...]:
        return self._reading(lambda generation: generation.completions(start, count))

    def near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        return self._reading(lambda generation: generation.near(word, most))

    def entries(self) -> dict[int, int]:
        """Every article in the index and the revision of it."""

        def read(generation: Generation) -> dict[int, int]:
            columns = generation.collection.columns
            alive = columns.is_alive
            return dict(
                zip(columns.article_ids[alive].tolist(), columns.revisions[alive].tolist(), strict=True)
            )

        return self._reading(read)


def wait_for_turn(take: Callable[[], bool], patience: float) -> None:
    """Try to take a lock until it is there; raises SearchBusy after so many seconds."""
    until = time.monotonic() + patience
    while not take():
        if time.monotonic() >= until:
            raise SearchBusy("another process is writing the index")
        time.sleep(TRY_AGAIN)
