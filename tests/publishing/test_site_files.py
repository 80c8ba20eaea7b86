"""``flask texts``: all that the site says of itself goes out and in as files."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.accounts.people import add_editor
from tests.factories import STARTER
from tests.pages import PageClient
from webapp.db.change_log import newest
from webapp.db.session import db
from webapp.models import Role

WORD = '\n[[words]]\nword = "zorble"\nmeaning = "A made-up word."\n'
# What is changed in each file, and the page on which readers see it.
CHANGES = {
    "site.toml": ("Spinal Cord Research Help", "A Made-up Site", "/"),
    "pages/about.toml": ("Why this site exists", "Why we are here", "/about"),
    "categories.toml": ("Pain Management", "Aches and Pains", "/categories"),
    "safety.toml": (
        "Burned skin you can’t feel? Cool it for 20 minutes and get it seen.",
        "A made-up title",
        "/emergency",
    ),
}


@pytest.fixture
def admin_address(app: Flask) -> str:
    return add_editor(role=Role.ADMIN).email


def run(app: Flask, *args: str | Path) -> Result:
    result = app.test_cli_runner().invoke(args=["texts", *map(str, args)])
    db.session.rollback()
    return result


def test_what_was_written_changes_nothing_when_it_is_loaded(
    app: Flask, admin_address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "texts"
    assert run(app, "export", folder).output == f"9 files written to {folder}.\n"
    before = newest()
    assert run(app, "import", folder, "--by", admin_address).output == "0 files changed what readers see.\n"
    assert newest() == before


def change_everything(folder: Path) -> None:
    for name, (old, new, _) in CHANGES.items():
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    words = folder / "words.toml"
    words.write_text(words.read_text(encoding="utf-8") + WORD, encoding="utf-8")


def test_a_folder_is_loaded_as_a_whole(
    app: Flask, client: PageClient, admin_address: str, tmp_path: Path
) -> None:
    run(app, "export", tmp_path)
    change_everything(tmp_path)
    broken = tmp_path / "pages" / "start.toml"
    whole = broken.read_text(encoding="utf-8")
    broken.write_text(whole.replace("{#week}", ""), encoding="utf-8")
    refused = run(app, "import", tmp_path, "--by", admin_address)
    assert refused.exit_code == 1
    assert f"Nothing was changed. {broken}: “This week”: add an address" in refused.output
    assert not any(new in client.get(path).text for _, new, path in CHANGES.values())
    broken.write_text(whole, encoding="utf-8")
    done = run(app, "import", tmp_path, "--by", admin_address)
    assert done.output.endswith("\n5 files changed what readers see.\n") and done.exit_code == 0
    assert all(new in client.get(path).text for _, new, path in CHANGES.values())
    assert "zorble" in client.get("/glossary").text


def test_one_file_can_be_loaded_alone(
    app: Flask, client: PageClient, admin_address: str, tmp_path: Path
) -> None:
    run(app, "export", tmp_path)
    change_everything(tmp_path)
    about = tmp_path / "pages" / "about.toml"
    assert run(app, "import", about, "--by", admin_address).output.startswith(f"Changed: {about}\n")
    assert "Why we are here" in client.get("/about").text and "A Made-up Site" not in client.get("/").text


def test_what_came_with_the_site_can_be_loaded(app: Flask, admin_address: str) -> None:
    assert run(app, "import", STARTER, "--by", admin_address).output == "0 files changed what readers see.\n"


@pytest.mark.parametrize("name", [*CHANGES, "words.toml"])
@pytest.mark.parametrize("body", [b"x = ", b"\xff", b'x = "y"'])
def test_a_file_that_cannot_be_used_is_named(
    app: Flask, admin_address: str, tmp_path: Path, name: str, body: bytes
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(body)
    refused = run(app, "import", file, "--by", admin_address)
    assert refused.exit_code == 1 and f"Nothing was changed. {file}:" in refused.output


def test_files_of_other_names_are_not_taken_for_texts(app: Flask, admin_address: str, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "settings.toml"):
        (tmp_path / "settings.toml").write_text('name = "A"', encoding="utf-8")
        refused = run(app, "import", path, "--by", admin_address)
        assert refused.exit_code == 1 and "there is nothing to load" in refused.output


def test_only_an_admin_can_be_named(app: Flask, tmp_path: Path) -> None:
    editor = add_editor(role=Role.EDITOR)
    run(app, "export", tmp_path)
    for address in (editor.email, "nobody@example.org"):
        refused = run(app, "import", tmp_path, "--by", address)
        assert refused.exit_code == 1 and f"No admin has the address {address}." in refused.output
