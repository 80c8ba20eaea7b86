"""Compiled templates, routes and SQL statements, shared by the applications of one test process; templates by all processes.

Each test has an application of its own. Compiling the same things again took most of its time.
"""

from contextlib import suppress
from types import CodeType, MethodType

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

# Names the folder of the templates' code to the processes of sites that tests start.
TEMPLATE_CODE = "TESTS_TEMPLATE_CODE"


class TemplateCode(FileSystemBytecodeCache):
    """Keeps the code of templates in files for the other processes, and in memory, under their name and a checksum of their source."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            super().load_bytecode(bucket)
            self._keep(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._keep(bucket)
        with suppress(OSError):  # a drill's site may write no file
            super().dump_bytecode(bucket)

    def _keep(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


class ReusedRule(Rule):
    """A route that takes over what an equal route of an earlier application was compiled to."""

    _compiled: dict[tuple[object, ...], Rule] = {}  # noqa: RUF012 - shared on purpose

    def compile(self) -> None:
        # None of it holds an application: converters know their map of routes only, and addresses are built through ``self``.
        key = (
            self.rule,
            self.subdomain,
            self.merge_slashes,
            repr(self.defaults),
            *self.map.converters.values(),
        )
        equal = self._compiled.get(key)
        if equal is None:
            super().compile()
            self._compiled[key] = self
            return
        self._parts, self._trace, self._converters = equal._parts, equal._trace, equal._converters
        self.arguments |= equal.arguments
        self._build = MethodType(equal._build.__func__, self)  # type: ignore[attr-defined]
        self._build_unknown = MethodType(equal._build_unknown.__func__, self)  # type: ignore[attr-defined]


_engines: dict[str, Engine] = {}  # the first one for each kind of database


def share_statements(engine: Engine) -> None:
    """Use the statements that the first engine of this kind compiled. They are kept under its dialect, so that is shared, too."""
    first = _engines.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
