"""Catalogs of messages: collected from templates, code and data files, renewed, and checked.

In a template a message is `{{ _("…") }}` or stands in `{% trans %}`; in code it is the argument of gettext(), of
gettext_noop() where it is translated later, or a label of a `Labeled` list. Nouns that are counted are arguments of plural().
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from webapp.languages.language import Language, is_translated

ROOT = Path(__file__).resolve().parent.parent.parent
# Editors write in English.
FOR_EDITORS = ("accounts", "db", "editor", "languages", "migrations", "operations", "papers", "publishing")
EDITORS_MODULES = (
    "models/editor.py",
    "models/review.py",
    "models/saved_text.py",
    "models/watch.py",
    "newsletter/next_issue_views.py",
)
EDITORS_TEMPLATES = (
    "accounts",
    "editor",
    "email/account_notice",
    "email/desk_digest",
    "email/issues_stopped",
    "email/password_",
    "email/review_",
    "feedback/_message.html",
    "feedback/overview.html",
    "newsletter/_next.html",
    "newsletter/bounces.html",
    "newsletter/next_issue",
    "newsletter/overview.html",
    "newsletter/preview.html",
    "newsletter/send.html",
)
# Data files whose values readers see, with the keys that hold words.
DATA = {
    "webapp/newsletter/privacy.toml": ("title", "why", "until", "fields"),
    "webapp/web/errors.toml": ("title", "sentence"),
    "webapp/starter/site.toml": ("strapline", "welcome", "mission"),
    "webapp/starter/categories.toml": ("name", "description"),
}
SCRIPT = ROOT / "static" / "js" / "site.js"
FUNCTIONS = {"_", "gettext", "gettext_noop", "ngettext"}

Id = str | tuple[str, str]


def read(language: Language) -> Catalog:
    """The catalog of a language as it is on the disk."""
    assert language.folder is not None
    with (language.folder / "messages.po").open("rb") as file:
        return read_po(file, language.locale)


def renew(language: Language) -> str:
    """Write the catalog anew; returns a line that says what is left to translate."""
    assert language.folder is not None
    catalog, template = read(language), extracted()
    template.creation_date = catalog.creation_date
    catalog.update(template, no_fuzzy_matching=True)
    with (language.folder / "messages.po").open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True)
    return f"{language.name}: {len(catalog)} messages, {len(untranslated(catalog))} to translate"


def untranslated(catalog: Catalog) -> list[str]:
    """The messages without a translation, or with a form of it missing."""
    return [str(message.id) for message in catalog if message.id and not is_translated(message)]


def extracted() -> Catalog:
    """All messages, each with the files that it stands in."""
    catalog = Catalog()
    for path in readers_templates():
        _add(catalog, path, template_messages(parsed(path)))
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        name = path.relative_to(ROOT / "webapp").as_posix()
        if (
            not name.startswith(tuple(f"{package}/" for package in FOR_EDITORS))
            and name not in EDITORS_MODULES
        ):
            _add(catalog, path, code_messages(ast.parse(path.read_text(encoding="utf-8"))))
    _add(catalog, SCRIPT, script_messages())
    for file, keys in DATA.items():
        path = ROOT / file
        _add(catalog, path, data_messages(tomllib.loads(path.read_text(encoding="utf-8")), keys))
    return catalog


def readers_templates() -> list[Path]:
    """The templates of pages and mails for readers."""
    folder = ROOT / "templates"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in paths if not path.relative_to(folder).as_posix().startswith(EDITORS_TEMPLATES)]


def parsed(template: Path) -> nodes.Template:
    """The syntax tree of a template, read as the site reads it."""
    environment = Environment(  # noqa: S701  # renders nothing
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    return environment.parse(template.read_text(encoding="utf-8"))


def template_messages(tree: nodes.Template) -> Iterator[Id]:
    """The messages of a template."""
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in FUNCTIONS:
            yield from _message(call.node.name, [_constant(arg) for arg in call.args])
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name == "plural":
            yield from _message("plural", [None, *map(_constant, filtered.args)])
        elif filtered.name == "translated":
            yield from _message("gettext", [_constant(filtered.node)])


def code_messages(tree: ast.Module) -> Iterator[Id]:
    """The messages of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            arguments = [getattr(arg, "value", None) for arg in node.args]
            if isinstance(node.func, ast.Name):
                yield from _message(node.func.id, arguments)
            elif ast.unparse(node.func) == "super().__init__" and isinstance(
                next(iter(arguments), None), int
            ):
                yield from _message(
                    "SiteError", arguments
                )  # of a class of its own: a status, and what it says
        elif isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Labeled" for base in node.bases):
            for line in node.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
                    yield ast.literal_eval(line.value)[1]


@cache
def script_messages() -> tuple[str, ...]:
    """What the script of readers' pages says."""
    return tuple(dict.fromkeys(re.findall(r'\b_\("([^"]+)"', SCRIPT.read_text(encoding="utf-8"))))


def data_messages(values: Any, keys: tuple[str, ...]) -> Iterator[Id]:
    """The words under these keys of a TOML file, however deep."""
    if isinstance(values, list):
        for value in values:
            yield from data_messages(value, keys)
    elif isinstance(values, dict):
        for key, value in values.items():
            is_words = key in keys and isinstance(value, dict)
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from data_messages(value, tuple(value) if is_words else keys)


def _message(function: str, arguments: list[Any]) -> Iterator[Id]:
    match function, arguments:
        case "plural", [_, str(one)]:
            yield one, f"{one}s"
        case "plural", [_, str(one), str(many)]:
            yield one, many
        case "ngettext", [str(one), str(many), *_]:
            yield one, many
        case (("_" | "gettext" | "gettext_noop"), [str(message), *_]):
            yield message
        case "SiteError", [_, *sentences]:  # it translates what it says
            yield from filter(None, sentences)


def _constant(node: nodes.Expr | None) -> Any:
    return node.value if isinstance(node, nodes.Const) else None


def _add(catalog: Catalog, path: Path, messages: Iterable[Id]) -> None:
    for message in messages:
        flags = ("python-format",) if "%(" in str(message) else ()
        catalog.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)], flags=flags)
