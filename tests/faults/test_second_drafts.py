"""Back, refresh and doubled requests on the form of a new text make one draft."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import Sent, changed, complete, fields_of, opened, press
from tests.faults import fault
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Article, AuditEntry, AuditKind, Draft, Revision

NEW = "/editor/summaries/new"
REQUESTS = 3


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_saving_again_after_back_goes_to_the_same_draft(client: PageClient) -> None:
    assert "Back, change title, Save draft" in (
        fault("30-back-button-makes-a-second-draft") / "steps.txt"
    ).read_text(encoding="utf-8")
    form = opened(client, NEW, plain_title="First title")
    press(client, NEW, form, "save")
    for title in ("Second title", "Third title"):
        edit = press(client, NEW, changed(form, plain_title=title), "save").location
        assert fields_of(client.get(edit).text)["plain_title"] == title
    assert (count(Draft), count(Revision)) == (1, 3)


def test_back_to_the_form_of_a_new_text_leads_to_its_draft(client: PageClient) -> None:
    asked = client.get(NEW, status=303).location
    edit = press(client, NEW, opened(client, asked, plain_title="A title"), "save").location.split("?")[0]
    assert client.get(asked, status=303).location == edit


def test_back_shows_what_another_tab_typed_and_did_not_save(client: PageClient) -> None:
    asked = client.get(NEW, status=303).location
    first, second = (opened(client, asked, plain_title=title) for title in ("In one tab", "In another"))
    press(client, NEW, first, "save")
    press(client, NEW, second, "autosave")
    assert opened(client, asked)["plain_title"] == "In another"


def test_sending_a_form_again_unchanged_saves_nothing_new(client: PageClient) -> None:
    form = opened(client, NEW, plain_title="A title")
    assert press(client, NEW, form, "save").location == press(client, NEW, form, "save").location
    assert (count(Draft), count(Revision)) == (1, 1)


@pytest.mark.parametrize("button", ["save", "preview", "publish", "schedule"])
def test_every_button_after_back_goes_to_the_same_draft(client: PageClient, button: str) -> None:
    form = opened(client, NEW, **complete(), publish_at="2199-01-01T09:00")
    press(client, NEW, form, "save")
    press(client, NEW, changed(form, harms="None."), button)
    assert count(Draft) == 1


def test_a_publish_refused_twice_makes_one_draft(client: PageClient) -> None:
    form = opened(client, NEW, plain_title="Half a summary")
    for _ in range(2):
        press(client, NEW, form, "publish", status=422)
    assert count(Draft) == 1


def test_a_colleagues_text_is_not_overwritten_after_back(client: PageClient, app: Flask) -> None:
    form = opened(client, NEW, **complete())
    edit = press(client, NEW, form, "save").location.split("?")[0]
    add_editor("Bo Other", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    page = press(client, NEW, changed(form, harms="Mine."), "save", status=409).text
    assert "<dd>Theirs.</dd>" in page and count(Draft) == 1


def test_another_tab_with_the_same_key_makes_no_second_draft(client: PageClient) -> None:
    form = opened(client, NEW, plain_title="In one tab")
    press(client, NEW, form, "save")
    press(client, NEW, changed(form, tab="0" * 16, plain_title="In another"), "save", status=409)
    assert count(Draft) == 1


@pytest.mark.parametrize(("button", "articles"), [("save", 0), ("publish", 1)])
def test_three_requests_at_once_make_one_draft(
    client: PageClient, app: Flask, button: str, articles: int
) -> None:
    form, start = opened(client, NEW, **complete()), Barrier(REQUESTS)
    clients = [EditorClient(app) for _ in range(REQUESTS)]
    for one in clients:
        sign_in(one)
    tokens = [opened(one, NEW)["csrf_token"] for one in clients]

    def send(one: PageClient, sent: Sent) -> str:
        start.wait(10)
        with app.app_context():
            return press(one, NEW, sent, button).location

    with ThreadPoolExecutor(REQUESTS) as pool:
        sent = [changed(form, csrf_token=token) for token in tokens]
        addresses = set(pool.map(send, clients, sent))
    assert len(addresses) == 1
    assert (count(Draft), count(Article), count(Revision)) == (1, articles, 1)
    published = select(func.count()).where(AuditEntry.kind == AuditKind.PUBLISHED)
    assert db.session.scalar(published) == articles
