"""The search engines behind one Protocol."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol, Self, cast

from flask import Flask, current_app

from webapp.config import Config
from webapp.db.session import db
from webapp.search.backends.answering import SearchBusy, SearchUnavailable
from webapp.search.backends.postgres import PostgresBackend
from webapp.search.backends.whoosh import WhooshBackend
from webapp.search.plan import Found, IndexDocument, Plan

__all__ = ["Backend", "SearchBusy", "SearchUnavailable", "engine", "init_app"]


class Backend(Protocol):
    """What a search engine does for the site. The only exception any of it may raise is SearchUnavailable."""

    def find(self, plan: Plan) -> Found:
        """Articles that match, best or newest first, with counts for the filters."""

    def frequency(self, word: str) -> int:
        """In how many articles a whole folded word stands."""

    def knows_stem(self, term: str) -> bool:
        """Does any article have this stem?"""

    def completions(self, start: str, count: int) -> tuple[str, ...]:
        """The words of the library that start so, most frequent first."""

    def near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        """Words of the library at most so many typing errors away: (word, errors, in how many articles)."""

    def entries(self) -> dict[int, int]:
        """Every article in the index, and which revision of it."""

    def byte_count(self) -> int:
        """Size of the index."""

    def cursor(self) -> int:
        """The last public change that the index contains."""

    def move_cursor(self, change_id: int) -> None:
        """Note that the index contains every change up to this one."""

    def is_intact(self) -> bool:
        """Can the index be used as it is?"""

    def writing(self, patience: float = ...) -> AbstractContextManager[None]:
        """Hold the right to write, across processes."""

    def rebuilding(self) -> AbstractContextManager[None]:
        """Hold the right to rebuild, across processes."""

    def apply(self, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
        """Bring these articles up to date and take those out, in one commit."""

    def start_beside(self) -> Self:
        """A new empty index beside the live one."""

    def switch_to(self, beside: Self) -> None:
        """Make the index beside the live one."""


def init_app(app: Flask, config: Config) -> None:
    """Give the application the search engine that goes with its database. Nothing is opened yet: no handle survives a fork."""
    if config.is_postgresql:
        with app.app_context():
            app.extensions["search"] = PostgresBackend(db.engine)
    else:
        app.extensions["search"] = WhooshBackend(config.search_index)


def engine() -> Backend:
    """The search engine of the current application."""
    return cast(Backend, current_app.extensions["search"])
