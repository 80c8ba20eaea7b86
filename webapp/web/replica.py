"""Public pages read from a copy of the database, where there is one that has caught up.

A copy follows the database by streaming, a moment later. It is asked only while it holds the same generation of what
readers can see, so a withdrawn text is shown by no copy; whoever changes something, editors, and readers who look at
what they themselves have just sent are answered from the database itself.
"""

import logging
import time
from collections.abc import Callable

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from webapp.db.change_log import GenerationUnknown, reader_of
from webapp.db.session import db

log = logging.getLogger(__name__)

BIND = "replica"
READING_METHODS = ("GET", "HEAD", "OPTIONS")
# Features whose pages are the same for everybody. Not among them: what shows a reader their own vote or choices.
PUBLIC_FEATURES = frozenset(("articles", "exports", "pages", "search", "visit_pack"))
REST_SECONDS = 10.0  # a copy that did not answer is left alone for so long


def init_app(app: Flask) -> None:
    """Choose for each request where it reads, and repeat it on the database if the copy fails it."""
    copy = _Copy(app)

    @app.before_request
    def choose() -> None:
        if request.method in READING_METHODS and request.blueprint in PUBLIC_FEATURES and copy.is_level():
            g.reading_engine = db.engines[BIND]

    app.dispatch_request = _repeating(app.dispatch_request, copy)  # type: ignore[method-assign]


class _Copy:
    """What this process knows of the copy."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self._primary, self._replica = reader_of(db.engine), reader_of(db.engines[BIND])
        self._resting_until = 0.0

    def is_level(self) -> bool:
        """Does it hold everything that readers can see now?"""
        if time.monotonic() < self._resting_until:
            return False
        try:
            return self._primary.current() == self._replica.current()
        except GenerationUnknown:
            self.rest()
            return False

    def rest(self) -> None:
        """It did not answer."""
        self._resting_until = time.monotonic() + REST_SECONDS
        log.warning("the copy of the database does not answer; pages are read from the database itself")


def _repeating(dispatch: Callable[[], ResponseReturnValue], copy: _Copy) -> Callable[[], ResponseReturnValue]:
    def dispatch_request() -> ResponseReturnValue:
        try:
            return dispatch()
        except OperationalError:
            if g.pop("reading_engine", None) is None:
                raise
        copy.rest()
        db.session.remove()
        return dispatch()

    return dispatch_request
