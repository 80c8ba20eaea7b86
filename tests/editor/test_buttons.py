"""The buttons of the authoring form: an address each, so that logs and metrics tell an autosave from a publish."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import complete, fields_of, opened, press
from tests.pages import H, PageClient, parsed
from webapp.accounts import editor_access
from webapp.content import checks, plain_language
from webapp.content.article_content import ArticleContent
from webapp.content.problems import Problem
from webapp.db.session import db
from webapp.db.writing import writing as take_turn
from webapp.editor import fields
from webapp.models import Draft
from webapp.publishing import publication

NEW = "/editor/summaries/new"
VERBS = {
    "save", "preview", "publish", "schedule", "unschedule", "check", "fill", "autosave", "discard", "move", "swap", "take",
    "assign", "comment",
}  # fmt: skip


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft that can be published."""
    press(client, NEW, opened(client, NEW, **complete()), "save")
    return f"/editor/summaries/{db.session.scalar(select(Draft.id))}"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[ArticleContent]:
    """The texts that were checked."""
    texts: list[ArticleContent] = []

    def errors(content: ArticleContent, *rest: Any) -> Iterator[Problem]:
        texts.append(content)
        return checks.errors(content, *rest)

    monkeypatch.setattr(publication, "errors", errors)
    return texts


def addresses(page: str) -> Iterator[str]:
    """The addresses to which the form's buttons and its autosave send it."""
    form = next(form for form in parsed(page).iter(f"{H}form") if form.get("id") == "summary-form")
    for element in form.iter():
        by_htmx, plain = element.get("data-hx-post"), element.get("formaction")
        assert not (by_htmx and plain) or by_htmx == plain, element.attrib
        if by_htmx or plain:
            yield str(by_htmx or plain)


def test_every_button_has_an_address_that_names_it(app: Flask, client: PageClient, edit: str) -> None:
    press(client, edit, opened(client, edit, publish_at="2199-01-01T09:00"), "schedule")
    mine = opened(client, edit, harms="Mine.", simple_explanation="An intervention.")
    client.post_fragment(f"{edit}/autosave", mine)
    reopened = client.get(edit).text
    press(client, edit, opened(client, edit, harms="Theirs."), "save")
    conflict = press(client, edit, mine, "save", status=409).text
    found = {*addresses(reopened), *addresses(conflict)}
    assert found == {f"{edit}/{verb}" for verb in (*VERBS, "delete", "duplicate")}
    endpoints = {app.url_map.bind("localhost").match(path, "POST")[0] for path in found}
    assert endpoints == {*(f"authoring.{verb}" for verb in VERBS), "editor.delete", "editor.duplicate"}


def test_the_enter_key_saves(client: PageClient, edit: str) -> None:
    form = next(f for f in parsed(client.get(edit).text).iter(f"{H}form") if f.get("id"))
    first = next(form.iter(f"{H}button"))
    assert (form.get("action"), first.get("formaction"), first.get("name")) == (edit, None, None)
    client.post(edit, opened(client, edit, harms="By the Enter key."))
    assert fields_of(client.get(edit).text)["harms"] == "By the Enter key."


@pytest.mark.parametrize("verb", sorted(VERBS - {"discard"}))
def test_a_form_whose_draft_is_gone_is_a_404_whatever_it_says(
    client: PageClient, edit: str, verb: str
) -> None:
    sent = opened(client, edit) | {"paper-status_on": "no date", "move": "no such row"}
    client.post("/editor/summaries/999/" + verb, sent, status=404)


def test_publishing_checks_the_text_once(
    client: PageClient, edit: str, checked: list[ArticleContent]
) -> None:
    press(client, edit, opened(client, edit), "publish")
    assert len(checked) == 1


def test_a_refused_publish_checks_the_text_once(
    client: PageClient, edit: str, checked: list[ArticleContent]
) -> None:
    press(client, edit, opened(client, edit, harms=""), "publish", status=422)
    assert len(checked) == 1


def test_an_autosave_computes_only_what_it_shows(
    client: PageClient, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = opened(client, edit, harms="Typed.")

    def too_much(*_: object) -> None:
        raise AssertionError("computed and thrown away")

    monkeypatch.setattr(plain_language, "plain_check", too_much)
    monkeypatch.setattr(fields, "category_choices", too_much)
    assert "Your typing is saved" in client.post_fragment(f"{edit}/autosave", sent)


def test_an_autosave_without_htmx_leads_to_the_form(client: PageClient, edit: str) -> None:
    answer = press(client, edit, opened(client, edit, harms="Typed."), "autosave")
    assert answer.location == edit
    assert fields_of(client.get(edit).text)["harms"] == "Typed."


def test_a_colleague_who_saves_right_after_a_refusal_is_not_overwritten(
    client: PageClient, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = opened(client, edit, harms="", funding="Mine."), opened(client, edit, funding="Theirs.")
    turns = iter((lambda: None, lambda: press(client, edit, theirs, "save")))

    @contextmanager
    def writing() -> Iterator[datetime]:
        next(turns, lambda: None)()
        with take_turn() as now:
            yield now

    monkeypatch.setattr(editor_access, "writing", writing)
    page = press(client, edit, mine, "publish", status=409).text
    assert "<dd>Theirs.</dd>" in page and fields_of(page)["funding"] == "Mine."
