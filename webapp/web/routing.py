"""Numbers in addresses."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map


class RowNumber(IntegerConverter):
    """A number of a row, no larger than an integer column can hold: above that the page does not exist."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **{"max": 2**31 - 1} | options)


class DraftNumber(RowNumber):
    """A draft's number, or "new", which is 0, for a text that was never saved."""

    regex = r"\d+|new"

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1)

    def to_python(self, value: str) -> int:
        return 0 if value == "new" else int(super().to_python(value))

    def to_url(self, value: int) -> str:
        return str(super().to_url(value)) if value else "new"


def init_app(app: Flask) -> None:
    """Read ``<int:…>`` and ``<draft:…>`` in addresses so."""
    app.url_map.converters |= {"int": RowNumber, "draft": DraftNumber}
