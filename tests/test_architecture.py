"""Imports point down only, and below the views nobody touches the request."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEBAPP = ROOT / "webapp"
TOP_LAYER = ("views", "forms", "commands")


def is_top(stem: str) -> bool:
    """Views, forms and commands, and the parts of a feature's views or forms (``writing_views``)."""
    return stem.rsplit("_", maxsplit=1)[-1] in TOP_LAYER


ONLY_FOR_TYPES = {"_typeshed"}
REQUEST_NAMES = {"request", "session", "flash", "redirect", "render_template", "g"}
# Domain modules live in feature packages; these two read what others may not (architecture: named exceptions).
MAY_TOUCH = {"letters/emails.py": {"render_template"}, "accounts/access.py": REQUEST_NAMES}
FEATURES = (
    "accounts",
    "articles",
    "editor",
    "feedback",
    "letters",
    "mail",
    "newsletter",
    "operations",
    "pages",
    "search",
    "exports",
    "visit_pack",
)


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


def is_domain(path: str) -> bool:
    package, _, name = path.partition("/")
    return (
        package in FEATURES and bool(name) and Path(path).stem != "__init__" and not is_top(Path(path).stem)
    )


def test_nothing_below_imports_a_view_form_or_command() -> None:
    for path, tree in modules().items():
        if path in ("__init__.py", "cli.py") or is_top(Path(path).stem):
            continue
        upward = {
            name
            for name in imported(tree)
            if name.startswith("webapp.") and any(map(is_top, name.split(".")[2:3]))
        }
        assert not upward, f"{path} imports {upward}"


def test_a_feature_uses_no_other_features_views_or_forms() -> None:
    for path, tree in modules().items():
        package = path.split("/")[0]
        if not is_top(Path(path).stem):
            continue
        for name in imported(tree):
            parts = name.split(".")
            if parts[0] == "webapp" and len(parts) > 2 and is_top(parts[2]):
                assert parts[1] == package, f"{path} imports {name}"


def test_mail_knows_nobody_who_sends_it() -> None:
    """Letters say what a mail says, and accounts queue theirs; neither may be needed to deliver."""
    senders = {f"webapp.{name}" for name in FEATURES if name != "mail"}
    above = {
        "mail": senders,
        "accounts": {"webapp.letters", "webapp.newsletter", "webapp.feedback"},
        "letters": {"webapp.newsletter", "webapp.feedback", "webapp.editor", "webapp.operations"},
    }
    for path, tree in modules().items():
        wrong = {name for name in imported(tree) if name in above.get(path.split("/")[0], set())}
        assert not wrong, f"{path} imports {wrong}"


def test_models_import_only_the_database_and_each_other() -> None:
    for path, tree in modules().items():
        if path.startswith("models/"):
            wrong = {name for name in imported(tree) if name.startswith("webapp.")}
            wrong = {name for name in wrong if not name.startswith(("webapp.models", "webapp.db.session"))}
            assert not wrong, f"{path} imports {wrong}"


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
        assert touched <= MAY_TOUCH.get(path, set()), f"{path} touches {touched}"


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
    declared = {distribution_name(requirement) for requirement in project["dependencies"]}
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
        if path.name not in ("htmx.py", "headers.py", "logs.py"):
            assert '"HX-' not in path.read_text(encoding="utf-8"), path


def test_whoosh_stays_in_one_module() -> None:
    for path, tree in modules().items():
        if path != "search/segments.py":
            # the stemmer is a function on words, not a part of the engine
            used = {name for name in imported(tree) if name.split(".")[0] == "whoosh"}
            assert not {name for name in used if not name.startswith("whoosh.lang")}, path


def test_templates_use_data_attributes_and_nothing_inline() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for forbidden in (" hx-", "data-hx-on", " style=", " onclick=", "javascript:"):
            assert forbidden not in text, f"{path.name} has {forbidden.strip()}"
