"""Compiled templates, routes and SQL statements, shared by the applications of one test process.

Each test has an application of its own. Compiling the same things again took most of its time.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule


class TemplateCode(BytecodeCache):
    """Keeps the code of templates in memory, under their name and a checksum of their source."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


class ReusedRule(Rule):
    """A route that takes over the code that builds its addresses from an equal route of an earlier application."""

    _builders: dict[tuple[object, ...], Callable[..., Any]] = {}  # noqa: RUF012 - shared on purpose

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        # The code names its converters through the route it is bound to, so it holds nothing of an application.
        key = (self.rule, append_unknown, repr(self.defaults), *self._trace)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


_engines: dict[str, Engine] = {}  # the first one for each kind of database


def share_statements(engine: Engine) -> None:
    """Use the statements that the first engine of this kind compiled. They are kept under its dialect, so that is shared, too."""
    first = _engines.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
