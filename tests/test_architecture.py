"""Imports point down only, and below the views nobody touches the request."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WEBAPP = ROOT / "webapp"
# From the ground up: a package imports packages to its left only. ``__init__`` and ``gunicorn_conf`` put all together.
ORDER = [
    "parsing",
    "config",
    "languages",
    "db",
    "models",
    "content",
    "web",
    "catalog",
    "mail",
    "safety",
    "publishing",
    "search",
    "accounts",
    "papers",
    "exports",
    "pages",
    "letters",
    "newsletter",
    "feedback",
    "answers",
    "articles",
    "visit_pack",
    "jobs",
    "editor",
    "operations",
    "cli",
]
TOP_LAYER = ("views", "forms", "page", "commands")
# These read what only views may: whoever is signed in is known by the session, a letter is written by templates,
# and the copy of the site makes requests of its own.
MAY_TOUCH_REQUEST = {
    "exports/site_copy.py": {"g", "render_template", "request"},
    "letters/emails.py": {"render_template"},
    "accounts/passkeys.py": {"session"},  # a challenge belongs to one browser
    "accounts/oidc.py": {"session"},  # so does a request to the provider
    "accounts/sign_ins.py": {"g", "session"},
    "accounts/editor_access.py": {"g", "request", "session"},
}
REQUEST_NAMES = {"request", "session", "flash", "redirect", "render_template", "g"}
ONLY_FOR_TYPES = {"_typeshed"}


@cache
def modules() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(WEBAPP)): ast.parse(path.read_text(encoding="utf-8"))
        for path in WEBAPP.rglob("*.py")
        if "migrations" not in path.parts
    }


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package_of(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


def is_top(stem: str) -> bool:
    """Views, forms, pages put together from both, and commands, also as the end of a name (``people_views``)."""
    return stem.rsplit("_", maxsplit=1)[-1] in TOP_LAYER


def is_domain(path: str) -> bool:
    is_feature = "/" in path and package_of(path) not in ("db", "models", "web")
    return is_feature and Path(path).stem != "__init__" and not is_top(Path(path).stem)


def is_top_module(dotted: str) -> bool:
    """Is it a view, form or command of a feature? ``web.forms`` is what all forms are made of."""
    parts = dotted.split(".")
    return parts[0] == "webapp" and len(parts) > 2 and parts[1] != "web" and is_top(parts[2])


def test_packages_import_only_packages_to_their_left() -> None:
    for path, tree in modules().items():
        package = package_of(path)
        if package in ("__init__", "gunicorn_conf"):
            continue
        used = {name.split(".")[1] for name in imported(tree) if name.startswith("webapp.")} - {package}
        upward = {name for name in used if ORDER.index(name) > ORDER.index(package)}
        assert not upward, f"{path} imports {upward}"


def test_every_package_has_its_place_in_the_order() -> None:
    assert {package_of(path) for path in modules()} - {"__init__", "gunicorn_conf"} == set(ORDER)


def test_every_package_says_in_a_sentence_what_lives_there() -> None:
    for path, tree in modules().items():
        if path.endswith("/__init__.py"):
            assert (ast.get_docstring(tree) or "").endswith("."), path


def test_a_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for path, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path)
    assert len(places) > 300
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_nothing_below_imports_a_view_form_or_command() -> None:
    for path, tree in modules().items():
        if "/" in path and not is_top(Path(path).stem):
            upward = set(filter(is_top_module, imported(tree)))
            assert not upward, f"{path} imports {upward}"


def test_a_feature_uses_no_other_features_views_or_forms() -> None:
    for path, tree in modules().items():
        if is_top(Path(path).stem) and "/" in path:
            foreign = {
                name
                for name in filter(is_top_module, imported(tree))
                if name.split(".")[1] != package_of(path)
            }
            assert not foreign, f"{path} imports {foreign}"


def test_domain_modules_do_not_touch_the_request() -> None:
    for path, tree in modules().items():
        if not is_domain(path):
            continue
        touched = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "flask"
            for alias in node.names
        } & REQUEST_NAMES
        assert touched <= MAY_TOUCH_REQUEST.get(path, set()), f"{path} touches {touched}"


def test_only_writing_commits_and_rolls_back() -> None:
    """Everything that changes the database says so with ``writing()``, which alone ends a transaction."""
    for path, tree in modules().items():
        if path.startswith("db/"):
            continue
        ends = [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in ("commit", "rollback")
            and ast.unparse(node.value) in ("db.session", "db.session()", "session")
        ]
        assert not ends, ends


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {distribution_name(requirement) for requirement in requirements}
    known = packages_distributions()
    for path, tree in modules().items():
        packages = {name.split(".")[0] for name in imported(tree)} - sys.stdlib_module_names
        for package in packages - {"webapp", *ONLY_FOR_TYPES}:
            assert declared & set(map(distribution_name, known[package])), f"{path} imports {package}"


def distribution_name(requirement: str) -> str:
    """The normal form of the name in a requirement (PEP 503)."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def test_any_server_can_run_the_site() -> None:
    for path, tree in modules().items():
        if path != "gunicorn_conf.py":
            assert "gunicorn" not in {name.split(".")[0] for name in imported(tree)}, path


def test_only_htmx_py_knows_htmx_headers() -> None:
    for path in WEBAPP.rglob("*.py"):
        if path.name not in ("htmx.py", "http.py"):
            assert '"HX-' not in path.read_text(encoding="utf-8"), path


def test_whoosh_stays_in_one_module() -> None:
    for path, tree in modules().items():
        if path != "search/segments.py":
            # the stemmer is a function on words, not a part of the engine
            used = {name for name in imported(tree) if name.split(".")[0] == "whoosh"}
            assert not {name for name in used if not name.startswith("whoosh.lang")}, path


@pytest.mark.proves("Web: no inline script or style, and every script and style sheet is our own and pinned")
def test_templates_use_data_attributes_and_nothing_inline() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for forbidden in (" hx-", "data-hx-on", " style=", " onclick=", "javascript:"):
            assert forbidden not in text, f"{path.name} has {forbidden.strip()}"
