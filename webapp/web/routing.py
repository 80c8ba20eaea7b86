"""Numbers in addresses."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map


class RowNumber(IntegerConverter):
    """A number of a row, no larger than a database can keep: above that there is no such page."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **{"max": 2**31 - 1} | options)


def init_app(app: Flask) -> None:
    """Read ``<int:…>`` in addresses so."""
    app.url_map.converters["int"] = RowNumber
