"""How large and how tangled the code below ``webapp/`` is, read from its syntax trees; migrations do not count.

    python bench/size.py [--list]

A private helper is a function or method whose name starts with one underscore. Its uses are the places in its own module
that name it, outside of its own body, and the modules that import it by name. Two packages have a two-way tie if each
imports the other, wherever the import stands. ``--list`` prints the helpers and the imports behind each tie.
"""

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

WEBAPP = Path(__file__).resolve().parent.parent / "webapp"
MOST_LINES, MOST_MODULES, MOST_HELPERS, MOST_TIES = 18_500, 6, 120, 0

Modules = dict[Path, ast.Module]  # by path below webapp/
Import = tuple[tuple[str, ...], str]  # parts of the module below webapp, and the name taken from it or ""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imports(tree: ast.Module) -> Iterator[Import]:
    """What a module imports from webapp."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not read here"
            first, *rest = (node.module or "").split(".")
            if first == "webapp":
                yield from ((tuple(rest), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first, *rest = alias.name.split(".")
                if first == "webapp":
                    yield tuple(rest), ""


def named(node: ast.AST) -> Iterator[str]:
    """Every name and attribute that is read in a piece of code."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def helpers_used_once(modules: Modules) -> list[str]:
    """Private functions and methods with exactly one use, as ``path:line name``."""
    imported = [(module, name) for tree in modules.values() for module, name in imports(tree)]
    found = []
    for path, tree in modules.items():
        module = path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts
        names = list(named(tree))
        for node in ast.walk(tree):
            if isinstance(node, Function) and node.name.startswith("_") and not node.name.startswith("__"):
                own = list(named(node)).count(node.name)
                if names.count(node.name) - own + imported.count((module, node.name)) == 1:
                    found.append(f"{path}:{node.lineno} {node.name}")
    return sorted(found)


def ties(modules: Modules) -> dict[tuple[str, str], list[str]]:
    """Pairs of packages that import each other, with the imports."""
    packages = {path.parts[0] for path in modules if len(path.parts) > 1}
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, tree in modules.items():
        for module, name in imports(tree):
            target = (*module, name)[0]
            if path.parts[0] in packages and target in packages and target != path.parts[0]:
                used[path.parts[0], target].add(f"{path} imports {'.'.join(filter(None, (*module, name)))}")
    return {
        (one, other): sorted(used[one, other] | used[other, one])
        for one, other in combinations(sorted(packages), 2)
        if (one, other) in used and (other, one) in used
    }


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    is_long = parser.parse_args().list
    texts = {
        path.relative_to(WEBAPP): path.read_text(encoding="utf-8")
        for path in sorted(WEBAPP.rglob("*.py"))
        if "migrations" not in path.parts
    }
    modules = {path: ast.parse(text) for path, text in texts.items()}
    helpers, tied = helpers_used_once(modules), ties(modules)
    line_count = sum(len(text.splitlines()) for text in texts.values())
    root_count = sum(len(path.parts) == 1 for path in texts)
    for what, count, aim in (
        ("lines of Python", line_count, MOST_LINES),
        ("modules at the root of webapp/", root_count, MOST_MODULES),
        ("private helpers used once", len(helpers), MOST_HELPERS),
        ("two-way ties between packages", len(tied), MOST_TIES),
    ):
        print(f"{what:32} {count:6,} (aim {aim:6,})")
    for helper in helpers if is_long else ():
        print(f"  {helper}")
    for pair, found in tied.items() if is_long else ():
        print(f"  {' and '.join(pair)}:")
        print("".join(f"    {line}\n" for line in found), end="")


if __name__ == "__main__":
    main()
