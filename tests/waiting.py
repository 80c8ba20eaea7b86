"""Waiting for what happens in the background. How long it takes is measured in bench/, never asserted here."""

import time
from collections.abc import Callable

PAUSE = 0.05  # seconds between looks
MOST_LOOKS = 2_400  # then it will never happen


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fails if it never is."""
    for _ in range(MOST_LOOKS):
        if is_so():
            return
        time.sleep(PAUSE)
    raise AssertionError("it did not happen")


def seconds_until(is_so: Callable[[], bool]) -> float:
    """How long it took, for a drill to print; fails if it never is so."""
    started = time.monotonic()
    wait_until(is_so)
    return time.monotonic() - started
