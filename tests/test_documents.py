"""What the documents name is there: files, links, functions, commands of flask, and targets of make."""

import ast
import re
from pathlib import Path

import click
import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("", "docs", "deploy", "search_index")
DOCUMENTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
PATH = re.compile(
    r"(?<![\w/.-])(?:(?:webapp|templates|static|tests|bench|deploy|docs|requirements|\.ci)/[\w./*-]*[\w*/]|[A-Z]+\.md)"
)
FUNCTION = re.compile(r"`([\w.]+)\(\)`\s+in\s+`([\w/]+\.py)`")
COMMAND = re.compile(r"(?:\bflask(?: --app wsgi)?|(?m:^) *scrh) +([a-z][a-z-]*)(?: +([a-z][a-z-]*))?")
TARGET = re.compile(r"(?:^|&& ) *make (?:-C \S+ )?([a-z-]+)", re.M)

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS]
)


def code_in(document: Path) -> list[str]:
    """Everything in a document that stands there as code: indented blocks, fenced blocks, and spans."""
    text = document.read_text(encoding="utf-8")
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S)
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return [*fenced, *re.findall(r"^    .+", text, re.M), *re.findall(r"`([^`]+)`", text)]


def functions_in(path: str) -> set[str]:
    """Functions of a module, and methods with the name of their class."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    methods = {
        f"{kind.name}.{node.name}"
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for node in kind.body
        if isinstance(node, ast.FunctionDef)
    }
    return methods | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def is_command(app: Flask, name: str, sub_command: str) -> bool:
    command = app.cli.get_command(click.Context(app.cli), name)
    if isinstance(command, click.Group) and sub_command:
        return sub_command in command.commands
    return command is not None


@each_document
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = set(PATH.findall(document.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []


@each_document
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@each_document
def test_every_function_is_in_the_file_that_is_named_with_it(document: Path) -> None:
    named = FUNCTION.findall(document.read_text(encoding="utf-8"))
    assert [f"{name}() in {path}" for name, path in named if name not in functions_in(path)] == []


@each_document
def test_every_command_of_flask_exists(document: Path, app: Flask) -> None:
    named = [match for code in code_in(document) for match in COMMAND.findall(code)]
    assert [" ".join(match) for match in named if not is_command(app, *match)] == []


@each_document
def test_every_target_of_make_exists(document: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    named = {target for code in code_in(document) for target in TARGET.findall(code)}
    assert named <= set(targets)


def test_the_documents_name_what_is_looked_for_here() -> None:
    """Otherwise a changed way of writing would leave these tests with nothing to look at."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    code = "\n".join(part for path in DOCUMENTS for part in code_in(path))
    assert len(PATH.findall(text)) > 100
    assert len(FUNCTION.findall(text)) > 10
    assert len(COMMAND.findall(code)) > 30
    assert len(TARGET.findall(code)) > 10
