"""Phrases that a native speaker would not use, in the starter library and on the pages."""

import re

from tests.factories import STARTER

AWKWARD = re.compile(
    r"\b(?:went with|nor did|by chance|chance decided|very unsure|not open to you|pooing|had an interest|standing question|"
    r"put right|once more|whom or what|does not belong together)\b",
    re.IGNORECASE,
)


def test_no_text_for_people_has_an_awkward_phrase() -> None:
    files = [
        *STARTER.rglob("*.toml"),
        *STARTER.parents[1].glob("templates/**/*.html"),
        *STARTER.parents[1].glob("templates/**/*.txt"),
        STARTER.parent / "web" / "errors.toml",
    ]
    assert len(files) > 150
    found = [
        (file.name, phrase) for file in files for phrase in AWKWARD.findall(file.read_text(encoding="utf-8"))
    ]
    assert found == []
