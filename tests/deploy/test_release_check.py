"""What must be so before a release is tagged."""

import tomllib

import pytest

from deploy.release_check import problems
from tests.drills.site import ROOT
from webapp.config import VERSION

RELEASED = f"## Unreleased\n\n## {VERSION} - 2026-11-24\n\nAll of it.\n\n## 0.9.0 - 2026-01-01\n"


def test_the_code_and_the_project_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION


@pytest.mark.parametrize(
    ("changelog", "said"),
    [
        (RELEASED, []),
        (
            RELEASED.replace("Unreleased\n", "Unreleased\n\n- A change\n"),
            ["CHANGELOG.md lists changes as unreleased."],
        ),
        (
            RELEASED.replace(VERSION, "9.9.9"),
            [f"CHANGELOG.md begins with 9.9.9 - 2026-11-24, not with {VERSION} and its date."],
        ),
        (
            RELEASED.replace(" - 2026-11-24", ""),
            [f"CHANGELOG.md begins with {VERSION}, not with {VERSION} and its date."],
        ),
    ],
)
def test_the_changelog_begins_with_the_version(changelog: str, said: list[str]) -> None:
    assert problems(changelog, VERSION) == said


def test_another_version_of_the_project_is_named() -> None:
    assert problems(RELEASED, "9.9.9") == [f"pyproject.toml says 9.9.9, webapp/config.py {VERSION}."]
