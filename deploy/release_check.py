"""Check that a release can be tagged: one version everywhere, a dated section in CHANGELOG.md, and nothing uncommitted."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from webapp.config import VERSION  # noqa: E402


def problems(changelog: str, project_version: str) -> list[str]:
    """Say what differs from the version of the code, and what is not listed under a version."""
    unreleased, *releases = re.split(r"^## (?=\d)", changelog.partition("## Unreleased")[2], flags=re.M)
    newest = releases[0].splitlines()[0] if releases else "nothing"
    found = []
    if project_version != VERSION:
        found.append(f"pyproject.toml says {project_version}, webapp/config.py {VERSION}.")
    if not re.fullmatch(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d", newest):
        found.append(f"CHANGELOG.md begins with {newest}, not with {VERSION} and its date.")
    if unreleased.strip():
        found.append("CHANGELOG.md lists changes as unreleased.")
    return found


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    """Print each problem; end well if there is none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found = problems((ROOT / "CHANGELOG.md").read_text("utf-8"), project["project"]["version"])
    if git("status", "--porcelain"):
        found.append("Something is not committed.")
    if git("tag", "--list", f"v{VERSION}"):
        found.append(f"The tag v{VERSION} is there already.")
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    main()
