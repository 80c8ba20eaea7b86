"""A language that was made up for tests: a folder is all it needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.languages import language
from webapp.languages.language import Language, known_languages

DESCRIPTION = """
code = "eo"
locale = "eo"
name = "Esperanto"
invitation = "Legu ĉi tion en Esperanto"
"""
MESSAGES = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Text size and colors"
msgstr "Grandeco kaj koloroj"

msgid "Copied."
msgstr "Kopiita."

msgid "summary"
msgid_plural "summaries"
msgstr[0] "resumo"
msgstr[1] "resumoj"
"""


@pytest.fixture
def esperanto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Language]:
    """A third language, known as long as the test runs."""
    folder = tmp_path / "languages"
    for code in ("eo", "es"):
        (folder / code).mkdir(parents=True)
    (folder / "eo" / "language.toml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "eo" / "messages.po").write_text(MESSAGES, encoding="utf-8")
    for file in ("language.toml", "messages.po"):
        (folder / "es" / file).write_bytes((language.FOLDER / "es" / file).read_bytes())
    monkeypatch.setattr(language, "FOLDER", folder)
    known_languages.cache_clear()
    yield known_languages()["eo"]
    known_languages.cache_clear()
