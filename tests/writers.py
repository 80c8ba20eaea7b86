"""Somebody else who writes, for tests of who waits for whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from flask import Flask

from webapp.db.writing import writing


@contextmanager
def another_writer(app: Flask) -> Iterator[None]:
    """Another thread holds the writer's turn for as long as the block lasts."""
    has_turn, is_over = Event(), Event()

    def write() -> None:
        with app.app_context(), writing():
            has_turn.set()
            is_over.wait(60)

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        assert has_turn.wait(10)
        try:
            yield
        finally:
            is_over.set()
    written.result()
