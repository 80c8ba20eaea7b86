"""Values that every process holds in memory, made from the database: read again only after a public change."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from flask import current_app, has_app_context, has_request_context, request
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.change_log import ChangesUnknown
from webapp.db.session import db
from webapp.models import SitePart, SiteText

# Where the page cache leaves the change that it asked for: a page is made from the values as of that one change.
NEWEST_CHANGE = "webapp.newest_change"

Stored = TypeVar("Stored")
Value = TypeVar("Value")
Text = TypeVar("Text")

log = logging.getLogger(__name__)


@dataclass
class _Held(Generic[Stored, Value]):
    """What an application holds of a value: made of what was ``stored`` as of a change."""

    value: Value
    stored: Stored | None = None
    change: int = -1


class LiveValue(Generic[Stored, Value]):
    """A value of each application, as of the newest public change. If it cannot be read, the one from before stays in use.

    It begins as ``starter``, which counts outside of an application, too. ``read`` gives what is stored, quickly; ``build`` makes the
    value of it, and runs only if something else is stored.
    """

    def __init__(
        self,
        name: str,
        starter: Callable[[], Value],
        read: Callable[[], Stored],
        build: Callable[[Stored], Value],
    ) -> None:
        self._name, self._starter, self._read, self._build = name, starter, read, build

    def current(self) -> Value:
        """The value that readers see now."""
        if not has_app_context():
            return self._starter()
        known = current_app.extensions
        held: _Held[Stored, Value] = known.get(self._name) or known.setdefault(
            self._name, _Held(self._starter())
        )
        try:
            change = request.environ.get(NEWEST_CHANGE) if has_request_context() else None
            if change is None:
                change = known["newest_change"]()
            if change != held.change:
                stored = self._read()
                if stored != held.stored:
                    held.value, held.stored = self._build(stored), stored
                held.change = change
        except ChangesUnknown:  # the database does not answer, which the page itself will meet
            log.warning("%s could not be read; what was read before is shown", self._name, exc_info=True)
        except SQLAlchemyError:
            log.exception("%s could not be read; what was read before is shown", self._name)
        return held.value


def newest_texts(part: SitePart) -> dict[str, Any]:
    """The newest content of each text of the site that was changed, by its key; None for one that was deleted.

    They are read on a connection of their own: the transaction of the request may have begun before the newest change.
    """
    newest = select(func.max(SiteText.id)).where(SiteText.part == part).group_by(SiteText.key)
    texts = select(SiteText.key, SiteText.content).where(SiteText.id.in_(newest)).order_by(SiteText.id)
    with db.engine.connect() as connection:
        return {key: content for key, content in connection.execute(texts)}  # noqa: C416 - a row is no pair for a type checker


def with_stored(
    starter: Mapping[str, Text], stored: Mapping[str, Any], kind: type[Text], name: str
) -> dict[str, Text]:
    """The texts that came with the site, by their keys, with ``newest_texts`` in the place of some."""
    texts = dict(starter)
    for key, content in stored.items():
        try:
            if content is None:
                texts.pop(key, None)
            else:
                texts[key] = msgspec.convert(content, kind)
        except msgspec.ValidationError:
            what = f"{name} {key}".rstrip()
            log.exception("the stored %s cannot be used; what came with the site is shown", what)
    return texts
