"""Renaming a summary: every address it ever had leads to it."""

from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import complete, opened, press
from tests.factories import add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Draft

NEW = "/editor/summaries/new"


def rename(client: PageClient, slug: str, status: int = 303) -> str:
    edit = f"/editor/summaries/{db.session.scalar(select(Draft.id).order_by(Draft.id.desc()))}"
    return press(client, edit, opened(client, edit, slug=slug), "publish", status=status).text


def test_renamed_twice_and_back_every_address_leads_to_it_without_a_loop(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    press(client, NEW, opened(client, NEW, **complete() | {"slug": "first"}), "publish")
    rename(client, "second")
    rename(client, "third")
    for old in ("first", "second"):
        assert client.get(f"/research/{old}", status=301).location == "/research/third"
    rename(client, "first")
    client.get("/research/first")
    for old in ("second", "third"):
        assert client.get(f"/research/{old}", status=301).location == "/research/first"


def test_an_address_that_another_summary_has_or_had_is_refused(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    add_article(slug="taken")
    press(client, NEW, opened(client, NEW, **complete() | {"slug": "mine"}), "publish")
    assert "Another summary has this address." in rename(client, "taken", status=422)
    assert "lowercase letters, digits and hyphens" in rename(client, "Not An Address", status=422)
