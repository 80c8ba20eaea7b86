"""Commands of the site that end, or stand still, at one exact moment, told by Python's audit events and by SQL.

No code of the site is changed for it: the process kills itself with -9 right before it does what the moment names.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event

from flask.cli import main
from sqlalchemy import Engine, event

from tests.drills.site import Site, processes

SECONDS = 60.0


@dataclass(frozen=True)
class Moment:
    """Right before an event (of Python, or ``sql``) whose details hold a text, for the nth time."""

    event: str
    part: str
    times: int = 1


def dies(site: Site, moment: Moment, *arguments: str) -> bool:
    """Run one of the site's commands that is killed at a moment; False if it came to its end before."""
    process = _start(site, moment, None, arguments)
    process.join(SECONDS)
    assert process.exitcode in (0, -signal.SIGKILL), "the command failed by itself"
    return process.exitcode != 0


@contextmanager
def standing_still(site: Site, moment: Moment, *arguments: str) -> Iterator[ForkServerProcess]:
    """One of the site's commands, which has come to a moment and goes no further."""
    is_there = processes.Event()
    process = _start(site, moment, is_there, arguments)
    try:
        assert is_there.wait(SECONDS)
        yield process
    finally:
        process.kill()
        process.join()


def _start(
    site: Site, moment: Moment, is_there: Event | None, arguments: tuple[str, ...]
) -> ForkServerProcess:
    process = processes.Process(target=_run, args=(site.environment, moment, is_there, arguments))
    process.start()
    return process


def _run(
    environment: Mapping[str, str], moment: Moment, is_there: Event | None, arguments: tuple[str, ...]
) -> None:
    """In the process itself: the command, watched."""
    os.environ.update(environment)
    left = moment.times

    def come_to(name: str, details: object) -> None:
        nonlocal left
        if name == moment.event and moment.part in repr(details):
            left -= 1
            if left == 0:
                _stop(is_there)

    sys.addaudithook(come_to)
    event.listen(Engine, "before_cursor_execute", lambda *given: come_to("sql", given[2]))
    sys.argv = ["flask", "--app", "wsgi", *arguments]
    main()


def _stop(is_there: Event | None) -> None:
    if is_there is None:
        os.kill(os.getpid(), signal.SIGKILL)
        return
    is_there.set()
    time.sleep(SECONDS)
