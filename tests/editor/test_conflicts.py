"""Two people, or two tabs of one, on the same text: nobody overwrites anybody, and nothing is lost."""

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import complete, fields_of, form_of, opened, press
from tests.factories import add_article, content
from tests.pages import PageClient
from webapp.content.article_content import from_json
from webapp.content.merging import clashes, merge, with_field
from webapp.db.session import db
from webapp.models import Article, Draft
from webapp.models.values import Finding

NEW = "/editor/summaries/new"


@pytest.fixture
def other(app: Flask) -> PageClient:
    """Somebody else, in another browser."""
    add_editor("Bo Other", "bo@example.org")
    client = EditorClient(app)
    sign_in(client, "bo@example.org")
    return client


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft."""
    add_editor()
    sign_in(client)
    press(client, NEW, opened(client, NEW, **complete()), "save")
    return f"/editor/summaries/{db.session.scalar(select(Draft.id))}"


def saved(field: str) -> str:
    db.session.rollback()
    text: str = db.session.scalars(select(Draft.content)).one()[field]
    return text


@pytest.mark.proves("Promise 1: two people who save the same field see both texts")
def test_two_people_on_the_same_field_see_both_texts(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    page = press(client, edit, mine, "save", status=409).text
    assert "Bo Other saved a newer text in the meantime" in page
    for text in ("Some people had a dry mouth.", "Theirs.", "Mine."):
        assert f"<dd>{text}</dd>" in page
    assert fields_of(page)["harms"] == "Mine." and saved("harms") == "Theirs."


def test_what_only_one_side_changed_is_merged_already(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="Mine.", funding="My fund")
    press(other, edit, opened(other, edit, participants="44 people", paper__journal="Their Journal"), "save")
    page = press(client, edit, mine, "save", status=409).text
    assert "the form below has both your changes and theirs" in page
    shown = fields_of(page)
    assert (shown["harms"], shown["funding"]) == ("Mine.", "My fund")
    assert (shown["participants"], shown["paper-journal"]) == ("44 people", "Their Journal")
    press(client, edit, shown, "save")
    assert (saved("harms"), saved("participants")) == ("Mine.", "44 people")


def test_taking_theirs_settles_a_field_and_keeps_the_rest(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="Mine.", funding="My fund")
    press(other, edit, opened(other, edit, harms="Theirs.", funding="Their fund"), "save")
    page = press(client, edit, mine, "save", status=409).text
    page = press(client, edit, fields_of(page), "take", "harms", status=200).text
    assert "In 1 field you both changed something" in page
    shown = fields_of(page)
    assert (shown["harms"], shown["funding"]) == ("Theirs.", "My fund")
    press(client, edit, shown, "save")
    assert (saved("harms"), saved("funding")) == ("Theirs.", "My fund")


@pytest.mark.proves("Promise 1: two tabs of one person are kept apart")
def test_two_tabs_of_one_person_are_kept_apart_too(client: PageClient, edit: str) -> None:
    first, second = opened(client, edit, harms="First tab."), opened(client, edit, harms="Second tab.")
    press(client, edit, first, "save")
    page = press(client, edit, second, "save", status=409).text
    assert (
        "Ana Example saved a newer text in the meantime" in page and fields_of(page)["harms"] == "Second tab."
    )


@pytest.mark.parametrize("button", ["publish", "preview"])
def test_other_buttons_are_stopped_as_well(
    client: PageClient, other: PageClient, edit: str, button: str
) -> None:
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    page = press(client, edit, mine, button, status=409).text
    assert fields_of(page)["harms"] == "Mine." and saved("harms") == "Theirs."
    assert db.session.scalar(select(Article)) is None


def test_a_third_save_meanwhile_is_noticed_again(client: PageClient, other: PageClient, edit: str) -> None:
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    page = press(client, edit, mine, "save", status=409).text
    press(other, edit, opened(other, edit, harms="Theirs again."), "save")
    page = press(client, edit, fields_of(page), "save", status=409).text
    assert "<dd>Theirs again.</dd>" in page and fields_of(page)["harms"] == "Mine."


@pytest.mark.parametrize("is_htmx", [False, True])
def test_a_saved_decision_ends_the_conflict(
    client: PageClient, other: PageClient, edit: str, is_htmx: bool
) -> None:
    mine, theirs = opened(client, edit, harms="Mine."), opened(other, edit, harms="Theirs.")
    press(other, edit, theirs, "save")
    client.post_fragment(f"{edit}/autosave", mine)
    decided = fields_of(press(client, edit, mine, "save", status=409).text)
    if (
        is_htmx
    ):  # the whole form comes again: otherwise its conflict would stay, and come back with the next autosave
        answer = client.post(f"{edit}/save", decided, headers={"HX-Request": "true"}, status=200)
        assert answer.headers["HX-Redirect"] == f"{edit}?done=saved"
    else:
        press(client, edit, decided, "save")
    page = client.get(edit).text
    assert "conflict-title" not in page and "did not save" not in page
    assert fields_of(page)["harms"] == "Mine."


def test_a_publish_refused_in_a_conflict_ends_the_conflict(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="", funding="Mine.")
    press(other, edit, opened(other, edit, funding="Theirs."), "save")
    decided = fields_of(press(client, edit, mine, "save", status=409).text)
    page = press(client, edit, decided, "publish", status=422).text
    assert "conflict-title" not in page and fields_of(page)["funding"] == "Mine."


def test_moving_a_row_in_a_conflict_keeps_the_question_open(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    page = press(client, edit, mine, "save", status=409).text
    page = press(client, edit, fields_of(page), "move", "findings-1-up", status=200).text
    assert "<dd>Theirs.</dd>" in page and "<dd>Mine.</dd>" in page


def test_htmx_hears_of_the_conflict_and_the_fields_stay(
    client: PageClient, other: PageClient, edit: str
) -> None:
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    fragment = client.post_fragment(f"{edit}/save", mine, status=409)
    assert "Bo Other saved a newer text in the meantime." in fragment and "See both texts" in fragment
    assert 'name="revision" value="1"' in fragment


def test_htmx_gets_the_new_revision_after_a_good_save(client: PageClient, edit: str) -> None:
    fragment = client.post_fragment(f"{edit}/save", opened(client, edit, harms="Mine."))
    assert fragment.strip().startswith('<div class="status" id="save-status">')
    assert 'name="revision" value="2"' in fragment and "Draft saved" in fragment
    assert saved("harms") == "Mine."


def test_an_article_taken_up_by_two_people_is_one_draft(client: PageClient, other: PageClient) -> None:
    add_editor()
    sign_in(client)
    path = form_of(client, add_article().id)
    mine, theirs = opened(client, path, harms="Mine."), opened(other, path, harms="Theirs.")
    press(other, path, theirs, "save")
    page = press(client, path, mine, "save", status=409).text
    assert fields_of(page)["harms"] == "Mine." and saved("harms") == "Theirs."


def test_rows_that_different_people_changed_are_both_kept() -> None:
    base = content(findings=[Finding(text="A", place="p"), Finding(text="B", place="p")])
    theirs = with_field(
        base, content(findings=[Finding(text="A2", place="p"), Finding(text="B", place="p")]), "findings-0"
    )
    yours = with_field(
        base, content(findings=[Finding(text="A", place="p"), Finding(text="B2", place="p")]), "findings-1"
    )
    merged = merge(base, theirs, yours)
    assert [finding.text for finding in merged.findings] == ["A2", "B2"]
    assert clashes(base, theirs, merged) == []


def test_a_list_that_both_made_longer_is_a_clash() -> None:
    base = content(limitations=["a"])
    theirs = msgspec.structs.replace(base, limitations=["a", "b"])
    yours = msgspec.structs.replace(base, limitations=["a", "c", "d"])
    found = clashes(base, theirs, merge(base, theirs, yours))
    assert [(clash.field, clash.theirs, clash.yours) for clash in found] == [
        ("limitations", "1. a\n2. b", "1. a\n2. c\n3. d")
    ]


def test_an_unknown_field_changes_nothing() -> None:
    text = content()
    assert with_field(text, content(), "no-such-field") is text
    assert from_json({}) == with_field(from_json({}), text, "findings-0")
