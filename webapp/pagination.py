"""Lists in pages: which page was asked for, which rows it holds, and what the pager shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

from webapp.errors import SiteError

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
        """Page numbers to show, with None for a gap: first, last, and those beside this one."""
        shown = sorted(
            {1, self.page_count, *range(max(1, self.number - 1), min(self.page_count, self.number + 1) + 1)}
        )
        result: list[int | None] = []
        for number in shown:
            if result and result[-1] is not None and number - result[-1] > 1:
                result.append(None)
            result.append(number)
        return result


def asked_page() -> int:
    """The page number in the address, 1 if there is none; raises SiteError 404 for anything that is no page."""
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= LAST_PAGE or len(text) > 5:  # noqa: PLR2004
        raise SiteError(404)
    return int(text)
