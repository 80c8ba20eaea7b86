"""Imports that change a summary in work: the draft treats them like a colleague's save, and nothing is lost."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import changed, complete, fields_of, form_of, opened, press, send_sheet
from tests.editor.test_schedule import publish_due
from tests.factories import NOW, add_article
from tests.pages import PageClient
from webapp.content.article_content import to_toml
from webapp.db.session import db
from webapp.models import Article, Draft, Schedule
from webapp.models.values import ArticleStatus
from webapp.publishing.library import LibraryRefused, import_library
from webapp.publishing.publication import content_of, withdraw

Import = Callable[..., None]


@pytest.fixture
def path(client: PageClient) -> str:
    """Sign an editor in; returns the path of a published article's form."""
    article_id = add_article(harms="Dry mouth.", funding="A fund").id
    add_editor()
    sign_in(client)
    return form_of(client, article_id)


@pytest.fixture
def bring_in(tmp_path: Path) -> Import:
    """Make a function that imports the article with changes, as ``flask articles import`` does."""

    def bring_in(**changes: str) -> None:
        article = db.session.scalars(select(Article)).one()
        file = tmp_path / "article.toml"
        file.write_text(to_toml(msgspec.structs.replace(content_of(article), **changes)), encoding="utf-8")
        report = import_library(file, NOW)
        assert report.changed == 1
        db.session.commit()

    return bring_in


def begun(client: PageClient, path: str, **changes: str) -> str:
    """Save changes to the article's draft; returns its path."""
    location = press(client, path, opened(client, path, **changes), "save").location
    return str(location).split("?")[0]


def test_an_unsaved_form_conflicts_with_the_import(client: PageClient, path: str, bring_in: Import) -> None:
    sent = opened(client, path, harms="Mine.", participants="Mine too.")
    bring_in(harms="Theirs.", funding="Another fund")
    page = press(client, path, sent, "save", status=409).text
    shown = fields_of(page)
    assert "<dd>Dry mouth.</dd>" in page and "<dd>Theirs.</dd>" in page and "<dd>Mine.</dd>" in page
    assert (shown["harms"], shown["funding"], shown["participants"]) == ("Mine.", "Another fund", "Mine too.")


def test_an_open_form_of_a_draft_conflicts_with_the_import(
    client: PageClient, path: str, bring_in: Import
) -> None:
    edit = begun(client, path, participants="Saved by me.")
    sent = opened(client, edit, harms="Mine.")
    bring_in(harms="Theirs.", funding="Another fund")
    page = press(client, edit, sent, "save", status=409).text
    shown = fields_of(page)
    assert "<dd>Theirs.</dd>" in page and "<dd>Mine.</dd>" in page
    assert (shown["participants"], shown["funding"]) == ("Saved by me.", "Another fund")


def test_a_draft_without_changes_follows_the_import(client: PageClient, path: str, bring_in: Import) -> None:
    edit = begun(client, path, harms="Mine.")
    press(client, edit, opened(client, edit), "publish")
    bring_in(harms="Theirs.")
    page = client.get(edit).text
    assert fields_of(page)["harms"] == "Theirs." and "Published. Readers see this text." in page
    assert "Imported" in client.get(f"{edit}/history").text


def test_changes_elsewhere_in_the_draft_are_merged(client: PageClient, path: str, bring_in: Import) -> None:
    edit = begun(client, path, participants="Saved by me.")
    bring_in(harms="Theirs.")
    page = client.get(edit).text
    shown = fields_of(page)
    assert (shown["participants"], shown["harms"]) == ("Saved by me.", "Theirs.")
    assert 'id="conflict"' not in page and "Published. Readers see this text." not in page


def test_a_field_changed_in_draft_and_import_is_a_conflict(
    client: PageClient, path: str, bring_in: Import
) -> None:
    edit = begun(client, path, harms="Saved by me.", participants="Mine.")
    bring_in(harms="Theirs.")
    bring_in(harms="Theirs, once more.", funding="Another fund")
    page = client.get(edit).text
    shown = fields_of(page)
    assert "The library saved a newer text in the meantime" in page
    assert (
        "<dd>Dry mouth.</dd>" in page
        and "<dd>Theirs, once more.</dd>" in page
        and "<dd>Saved by me.</dd>" in page
    )
    assert (shown["harms"], shown["participants"], shown["funding"]) == (
        "Saved by me.",
        "Mine.",
        "Another fund",
    )
    assert "with changes that readers don’t see yet" in client.get("/editor/summaries").text
    taken = press(client, edit, shown, "take", "harms", status=200).text
    press(client, edit, fields_of(taken), "save")
    page = client.get(edit).text
    shown = fields_of(page)
    assert (shown["harms"], shown["participants"]) == ("Theirs, once more.", "Mine.")
    assert 'id="conflict"' not in page


def test_an_outdated_form_shows_the_conflict_too(client: PageClient, path: str, bring_in: Import) -> None:
    edit = begun(client, path, harms="Saved by me.", participants="Mine.")
    sent = opened(client, edit, funding="Typed by me")
    bring_in(harms="Theirs.")
    page = press(client, edit, sent, "save", status=409).text
    shown = fields_of(page)
    assert "<dd>Theirs.</dd>" in page and "<dd>Saved by me.</dd>" in page
    assert (shown["harms"], shown["participants"], shown["funding"]) == (
        "Saved by me.",
        "Mine.",
        "Typed by me",
    )
    press(client, edit, shown, "save")
    assert 'id="conflict"' not in client.get(edit).text


def test_a_scheduled_text_does_not_undo_the_import(
    client: PageClient, app: Flask, path: str, bring_in: Import
) -> None:
    edit = begun(client, path, harms="Saved by me.")
    press(client, edit, changed(opened(client, edit), **complete()), "save")
    send_sheet(client, f"{edit}/publish", publish_at="2099-01-01T09:00")
    bring_in(funding="Another fund")
    assert publish_due(app, db.session.scalars(select(Schedule.publish_at)).one()) == "Nothing is due.\n"
    assert "The summary changed in the meantime." in client.get(f"{edit}/history").text
    assert db.session.scalars(select(Article.funding)).one() == "Another fund"


def test_revision_numbers_of_a_draft_continue_those_of_the_article(
    client: PageClient, path: str, bring_in: Import
) -> None:
    bring_in(harms="Second.")
    bring_in(harms="Third.")
    edit = begun(client, path, harms="Mine.")
    assert db.session.scalars(select(Draft.revision_number)).one() == 4
    assert "What changed from revision 3 to 4" in client.get(f"{edit}/compare").text


def test_an_import_leaves_a_withdrawn_summary_withdrawn(app: Flask, tmp_path: Path) -> None:
    article = add_article()
    said = msgspec.structs.replace(content_of(article), harms="Imported words.")
    withdraw(article, "Wrong.", NOW)
    db.session.commit()
    file = tmp_path / "article.toml"
    file.write_text(to_toml(said), encoding="utf-8")
    with pytest.raises(LibraryRefused, match="withdrawn"):
        import_library(file, NOW)
    assert article.status is ArticleStatus.WITHDRAWN
