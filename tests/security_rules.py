"""The tests that prove what SECURITY.md promises: ``python -m tests.security_rules`` writes docs/security-tests.md.

A test names the rules that it proves in its mark: ``@pytest.mark.proves("Promise 2: …", "ASVS 3.7.2")``.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "security-tests.md"
HEAD = """# The tests behind SECURITY.md

Made by `python -m tests.security_rules` from the marks `@pytest.mark.proves(…)`; do not edit it by hand. A test fails when
it is out of date. SECURITY.md says what the promises and the requirements of ASVS are.
"""
TITLES = {
    "Promise 1": "Promise 1: nothing acknowledged is lost or doubled",
    "Promise 2": "Promise 2: no draft and no withdrawn text is shown",
    "Promise 3": "Promise 3: bad input gets a clear answer",
    "Promise 4": "Promise 4: nobody reaches what is not theirs",
    "Web": "How the web side is protected",
    "ASVS": "OWASP ASVS 5.0.0",
}


def proofs() -> dict[str, list[str]]:
    """Every rule with the tests that prove it."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for rule in _rules(node):
                    found[rule].append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def document() -> str:
    """The text of docs/security-tests.md. Raises KeyError for a rule that stands under none of the titles."""
    sections: dict[str, list[str]] = {title: [] for title in TITLES.values()}
    for rule, tests in sorted(proofs().items(), key=lambda proof: _sorted_by_number(proof[0])):
        group, _, text = rule.partition(" " if rule.startswith("ASVS ") else ": ")
        listed = ", ".join(f"`{test}`" for test in tests)
        sections[TITLES[group]].append(f"| {text} | {listed} |\n")
    return HEAD + "".join(
        f"\n## {title}\n\n| rule | proved by |\n| --- | --- |\n{''.join(rows)}"
        for title, rows in sections.items()
    )


def _rules(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves":
            yield from map(ast.literal_eval, mark.args)


def _sorted_by_number(rule: str) -> list[str]:
    """A key that puts 1.2.10 after 1.2.4."""
    return [part.zfill(3) if part.isdigit() else part for part in re.split(r"(\d+)", rule)]


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
