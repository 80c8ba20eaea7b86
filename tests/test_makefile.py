"""The Makefile and its recipes also run where the tools are BSD's, as on macOS."""

import re
import shutil
import subprocess

import pytest

from tests.settings import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ONLY_GNU = {
    "sed -i wants a suffix on BSD": r"\bsed\b[^|;&\n]* -i(?:\s|$)",
    "BSD sed does not know escapes like \\t": r"\bsed\b[^|;&\n]*\\[tnwsb+?|]",
    "grep -P": r"\bgrep\b[^|;&\n]* -\w*P",
    "find -printf": r"\bfind\b[^|;&\n]*-(?:printf|regextype)",
    "xargs -r": r"\bxargs\b[^|;&\n]* -\w*[rd]\b",
    "date -d": r"\bdate\b[^|;&\n]* -\w*d\b",
    "readlink -f, realpath": r"\breadlink\b[^|;&\n]* -f|\brealpath\b",
    "install -D, install -t": r"\binstall\b[^|;&\n]* -[Dt]\b",
    "a long option of a basic tool": r"\b(?:awk|cp|cut|grep|head|install|ls|mkdir|mv|rm|sed|sort|tail|touch|tr|xargs)\b(?: +-\w+)* +--\w",
}


@pytest.mark.parametrize("what", ONLY_GNU)
def test_no_recipe_asks_for_what_only_gnu_tools_do(what: str) -> None:
    recipes = "\n".join(re.findall(r"^\t.*|^ +.*", MAKEFILE, re.M))
    assert re.findall(ONLY_GNU[what], recipes.replace("pip install", "").replace("(PIP) install", "")) == []


def test_help_lists_every_target_with_what_it_does() -> None:
    targets = re.findall(r"^([a-z-]+):.*## (.+)$", MAKEFILE, re.M)
    # a make that runs these tests asks its own makes to say which folder they enter
    command = ["make", "--no-print-directory", "help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "".join(f"{name:14}{about}\n" for name, about in targets)
    assert {"run", "test", "help"} <= dict(targets).keys()


def test_help_works_with_a_small_awk() -> None:
    """mawk knows little more than POSIX asks for, as the awk of macOS does."""
    awk = shutil.which("original-awk") or shutil.which("mawk")
    if awk is None:
        pytest.skip("needs mawk: apt-get install mawk")
    (recipe,) = re.findall(r"^\t@awk (.+) \$\(MAKEFILE_LIST\)$", MAKEFILE, re.M)
    command = f"{awk} {recipe.replace('$$', '$')} Makefile"
    told = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("help          Show what can be done here\n")


def test_the_hook_before_a_commit_runs_what_make_lint_runs() -> None:
    assert re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text("utf-8")) == ["make lint"]
