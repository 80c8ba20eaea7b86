"""Values that every process holds in memory, made from the database: read again only after a public change."""

import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from flask import current_app, has_request_context, request
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.change_log import ChangesUnknown
from webapp.db.session import db
from webapp.models import SitePart, SiteText

# Where the page cache leaves the change that it asked for: a page is made from the values as of that one change.
NEWEST_CHANGE = "webapp.newest_change"

Stored = TypeVar("Stored")
Value = TypeVar("Value")

log = logging.getLogger(__name__)


class LiveValue(Generic[Stored, Value]):
    """A value as of the newest public change. If it cannot be read, the one from before, or ``starter``, stays in use.

    ``read`` gives what is stored, quickly; ``build`` makes the value of it, and runs only if something else is stored.
    """

    def __init__(
        self, name: str, starter: Value, read: Callable[[], Stored], build: Callable[[Stored], Value]
    ) -> None:
        self._name, self._read, self._build = name, read, build
        self._value = starter
        self._stored: Stored | None = None
        self._change = -1

    def current(self) -> Value:
        """The value that readers see now."""
        try:
            change = request.environ.get(NEWEST_CHANGE) if has_request_context() else None
            if change is None:
                change = current_app.extensions["newest_change"]()
            if change != self._change:
                stored = self._read()
                if stored != self._stored:
                    self._value, self._stored = self._build(stored), stored
                self._change = change
        except ChangesUnknown:  # the database does not answer, which the page itself will meet
            log.warning("%s could not be read; what was read before is shown", self._name, exc_info=True)
        except SQLAlchemyError:
            log.exception("%s could not be read; what was read before is shown", self._name)
        return self._value


def newest_texts(part: SitePart) -> dict[str, Any]:
    """The newest content of each text of the site that was changed, by its key; None for one that was deleted.

    They are read on a connection of their own: the transaction of the request may have begun before the newest change.
    """
    newest = select(func.max(SiteText.id)).where(SiteText.part == part).group_by(SiteText.key)
    texts = select(SiteText.key, SiteText.content).where(SiteText.id.in_(newest)).order_by(SiteText.id)
    with db.engine.connect() as connection:
        return {key: content for key, content in connection.execute(texts)}  # noqa: C416 - a row is no pair for a type checker
