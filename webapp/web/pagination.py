"""Lists in pages: which page was asked for, which rows it holds, and what the pager shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request
from sqlalchemy import ColumnElement, Select, func, select

from webapp.db.session import db
from webapp.parsing import int_from
from webapp.web.errors import SiteError

T = TypeVar("T")
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list: its rows, its number from 1, and how many there are in all."""

    rows: Sequence[T]
    number: int
    total: int
    size: int

    @property
    def page_count(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def numbers(self) -> list[int | None]:
        """Page numbers to show, with None for a gap: first, last, and those next to this one."""
        shown = sorted(
            {1, self.page_count, *range(max(1, self.number - 1), min(self.page_count, self.number + 1) + 1)}
        )
        result: list[int | None] = []
        for number in shown:
            if result and result[-1] is not None and number - result[-1] > 1:
                result.append(None)
            result.append(number)
        return result


def total_of(query: Select[Any]) -> int:
    """How many rows a query gives."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def page_of(
    query: Select[T], number: int, size: int, total: ColumnElement[int] | int | None = None
) -> Page[T]:
    """One page of a query for one thing each row, in the query's order. ``total``: a quicker way to count its rows, or their number."""
    rows = db.session.scalars(query.limit(size).offset((number - 1) * size)).all()
    if total is None:
        total = total_of(query)
    elif not isinstance(total, int):
        total = db.session.scalar(select(total)) or 0
    return Page(rows, number, total, size)


def existing(page: Page[T]) -> Page[T]:
    """The page, unless it lies beyond the last one; raises SiteError 404."""
    if page.number > page.page_count:
        raise SiteError(404, "There aren’t that many pages. Go back to the first one.")
    return page


def asked_page() -> int:
    """The page number in the address, 1 if there is none; raises SiteError 404 for anything that is no page."""
    number = int_from(request.args.get("page", "1"), 1, LAST_PAGE)
    if number is None:
        raise SiteError(404)
    return number
