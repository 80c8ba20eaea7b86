"""Compiled templates, routes, safety cards and SQL statements, shared by the applications of one test process; templates by all processes.

Each test has an application of its own. Compiling the same things again took most of its time.
"""

from contextlib import suppress
from copy import copy
from operator import attrgetter
from types import CodeType
from typing import Any

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Map, Rule, RuleFactory

from webapp.languages.language import known_languages
from webapp.safety import live
from webapp.safety.cards import SafetyCards

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


# What tells routes apart, besides their methods and defaults.
PLAIN_PARTS = attrgetter(
    "rule",
    "endpoint",
    "subdomain",
    "host",
    "strict_slashes",
    "merge_slashes",
    "build_only",
    "redirect_to",
    "alias",
    "websocket",
    "provide_automatic_options",
)


class ReusedMap(Map):
    """The routes of an application, which takes over what an earlier one made of equal routes.

    Routes know nothing of an application. Those that are added are bound to no map, only copies of them to the shared one:
    so an application with one more route gets a map of its own.
    """

    _made: dict[tuple[object, ...], Map] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, **options: Any) -> None:
        self._added: list[Rule] = []
        self._options = options
        super().__init__(**options)

    def add(self, rulefactory: RuleFactory) -> None:
        self._added += rulefactory.get_rules(self)
        self._remap = True

    def update(self) -> None:
        if not self._remap:
            return
        with self._remap_lock:
            if self._remap:
                equal = self._equal()
                self._matcher, self._rules_by_endpoint = equal._matcher, equal._rules_by_endpoint
                self._remap = False

    def _equal(self) -> Map:
        """A map of equal routes, made if there is none yet; others see it only once it is whole."""
        routes = (
            (*PLAIN_PARTS(rule), frozenset(rule.methods or ()), repr(rule.defaults)) for rule in self._added
        )
        key = (*routes, *self.converters.items(), repr(self._options))
        if key not in self._made:
            made = Map(**self._options)
            made.converters = self.converters
            for rule in self._added:
                made.add(copy(rule))
            made.update()
            self._made[key] = made
        return self._made[key]


class ReusedCards:
    """The safety cards in every language, made once of the same files: no application changes them."""

    def __init__(self) -> None:
        self._make = live.in_every_language
        self._made: dict[tuple[SafetyCards, int], tuple[object, dict[str, SafetyCards]]] = {}

    def __call__(self, english: SafetyCards) -> dict[str, SafetyCards]:
        languages = known_languages()
        key = english, id(languages)
        if key not in self._made:
            # The languages are kept as well, so that no others can get their id.
            self._made[key] = languages, self._make(english)
        return self._made[key][1]


_engines: dict[str, Engine] = {}  # the first one for each kind of database


def share_statements(engine: Engine) -> None:
    """Use the statements that the first engine of this kind compiled. They are kept under its dialect, so that is shared, too."""
    first = _engines.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
