"""Bulk changes: preview, re-filing and withdrawing, undo, and permissions."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import form_of, opened, press
from tests.factories import NOW, add_article, content
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Article, AuditEntry, AuditKind, BulkChange, Category, Draft, Role
from webapp.models.values import ArticleStatus
from webapp.publishing import bulk, revisions, scheduling
from webapp.publishing.publication import content_of, withdraw

BULK = "/editor/bulk"
Chosen = dict[str, Any]


@pytest.fixture(autouse=True)
def editor(client: PageClient) -> PageClient:
    """A signed-in editor."""
    add_editor()
    sign_in(client)
    return client


def choose(*articles: Article, do: str = "re-file", category: str = "orthopedics", **more: str) -> Chosen:
    chosen: Chosen = {"do": do, "category": category, "chosen": [f"article-{row.id}" for row in articles]}
    return chosen | more


def confirmed(client: PageClient, chosen: Chosen, note: str = "Retracted.") -> str:
    """Open the preview and confirm it; returns the path of the result."""
    page = client.get(BULK, query_string=chosen).text
    return confirm(client, chosen, page, note)


def confirm(client: PageClient, chosen: Chosen, page: str, note: str = "Retracted.") -> str:
    listed = re.findall(r'name="chosen" value="([^"]+)"', page)
    sent = chosen | {"chosen": listed, "note": note, "csrf_token": token(client, "/editor/account")}
    return str(client.post(BULK, sent).location)


def undo(client: PageClient, done: str, status: int = 303) -> str:
    sent = {"csrf_token": token(client, "/editor/account")}
    answer = client.post(f"{done}/undo", sent, status=status)
    return client.get(answer.location).text if status == 303 else answer.text


def filed(article_id: int) -> list[str]:
    db.session.rollback()
    article = db.session.get_one(Article, article_id)
    return [category.slug for category in article.categories]


def test_the_preview_lists_changes_and_changes_nothing(client: PageClient) -> None:
    one = add_article(plain_title="One", categories=["pain-management", "rehabilitation"])
    there = add_article(plain_title="There", categories=["orthopedics"])
    page = client.get(BULK, query_string=choose(one, there)).text
    will, will_not = page.split("This won’t change")
    assert "Pain Management, Rehabilitation" in will and "Orthopedics, Rehabilitation" in will
    assert "There" in will_not and "It is filed there already." in will_not
    assert "Re-file 1 summary?" in page
    assert filed(one.id) == ["pain-management", "rehabilitation"]


def test_refiling_is_done_shown_and_undone(client: PageClient) -> None:
    ids = [add_article(categories=["pain-management", "rehabilitation"]).id for _ in range(2)]
    done = confirmed(client, choose(*(db.session.get_one(Article, number) for number in ids)))
    assert [filed(number) for number in ids] == [["orthopedics", "rehabilitation"]] * 2
    assert "Re-filed: 2 summaries" in client.get(done).text
    assert "Undone for 2 summaries" in undo(client, done)
    assert [filed(number) for number in ids] == [["pain-management", "rehabilitation"]] * 2
    kinds = db.session.scalars(select(AuditEntry.kind).where(AuditEntry.detail != "")).all()
    assert kinds.count(AuditKind.REFILED) == 2 and kinds.count(AuditKind.UNDONE) == 2


def test_withdrawing_is_done_and_undone(client: PageClient) -> None:
    article = add_article(plain_title="A lantern")
    slug = article.slug
    done = confirmed(client, choose(article, do="withdraw"), "The journal took it back.")
    assert "The journal took it back." in client.get(f"/research/{slug}", status=410).text
    undo(client, done)
    assert "A lantern" in client.get(f"/research/{slug}").text


def test_withdrawing_needs_a_note_and_keeps_the_choice(client: PageClient) -> None:
    chosen = choose(add_article(plain_title="A lantern"), do="withdraw")
    sent = chosen | {"note": " ", "csrf_token": token(client, "/editor/account")}
    page = client.post(BULK, sent, status=422).text
    assert "Tell readers in a sentence" in page and "A lantern" in page
    assert db.session.scalar(select(func.count()).select_from(BulkChange)) == 0


def test_each_skipped_text_has_its_reason(client: PageClient) -> None:
    editor_id = 1
    gone, waiting = add_article(plain_title="Gone"), add_article(plain_title="Waiting")
    withdraw(gone, "Gone.", NOW)
    never = revisions.save(revisions.new_draft(), content(plain_title="Never"), 0, editor_id, NOW)
    draft = revisions.draft_of(article_id=waiting.id)
    now, draft.change_note = datetime.now(UTC), "Newer words."
    scheduling.schedule(
        draft, content_of(waiting), 1, editor_id, now, publish_at=now + timedelta(days=1), accepted={}
    )
    db.session.commit()
    choices = [f"article-{gone.id}", f"article-{waiting.id}", f"draft-{never.id}", "article-999", "nonsense"]
    page = client.get(BULK, query_string=choose() | {"chosen": choices}, status=422).text
    assert "Nothing would change" in page
    for reason in ("It is withdrawn.", "A newer text of it is scheduled.", "It was never published."):
        assert reason in page


def test_one_checkbox_chooses_all_shown(client: PageClient) -> None:
    for _ in range(3):
        add_article()
    shown = re.findall(r'name="shown" value="([^"]+)"', client.get("/editor/summaries").text)
    page = client.get(BULK, query_string=choose(all="yes") | {"shown": shown}).text
    assert "Re-file 3 summaries?" in page


def test_a_text_changed_after_the_preview_is_skipped(client: PageClient) -> None:
    article, other = add_article(plain_title="One"), add_article(plain_title="Two")
    chosen = choose(article, other)
    page = client.get(BULK, query_string=chosen).text
    path = form_of(client, article.id)
    press(client, path, opened(client, path, harms="Changed."), "publish")
    done = client.get(confirm(client, chosen, page)).text
    assert "One: Someone changed it in the meantime." in done and "Re-filed: 1 summary" in done
    assert filed(article.id) == ["pain-management"] and filed(other.id) == ["orthopedics"]


def test_undo_skips_texts_changed_since(client: PageClient) -> None:
    article, other = add_article(plain_title="One"), add_article(plain_title="Two")
    done = confirmed(client, choose(article, other))
    path = form_of(client, article.id)
    press(client, path, opened(client, path, harms="Changed."), "publish")
    page = undo(client, done)
    assert "Undone for 1 summary" in page and "<b>No.</b> Someone changed it in the meantime." in page
    assert filed(article.id) == ["orthopedics"] and filed(other.id) == ["pain-management"]
    assert "Changed." in client.get(f"/research/{db.session.get_one(Article, article.id).slug}").text


def test_undo_works_once_and_for_a_day(client: PageClient) -> None:
    first = confirmed(client, choose(add_article()))
    undo(client, first)
    undo(client, first, status=409)
    article = add_article()
    second = confirmed(client, choose(article))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        sign_in(client)
        assert "too late to undo this" in undo(client, second, status=409)
    assert filed(article.id) == ["orthopedics"]


def test_a_draft_with_changes_is_refiled_with_its_article(client: PageClient) -> None:
    article = add_article()
    path = form_of(client, article.id)
    edit = press(client, path, opened(client, path, harms="Mine."), "save").location.split("?")[0]
    confirmed(client, choose(article))
    page = client.get(edit).text
    assert 'id="conflict"' not in page
    said = db.session.scalars(select(Draft.content)).one()
    assert (said["harms"], said["categories"]) == ("Mine.", ["orthopedics"])


@pytest.mark.parametrize(
    ("chosen", "status", "sentence"),
    [
        ({"do": "re-file", "category": "orthopedics"}, 422, "No summary was chosen."),
        ({"do": "re-file", "chosen": "article-1"}, 422, "No category was chosen."),
        ({"do": "delete", "chosen": "article-1"}, 400, "Choose what to do"),
    ],
)
def test_what_is_missing_is_said(client: PageClient, chosen: Chosen, status: int, sentence: str) -> None:
    add_article()
    assert sentence in client.get(BULK, query_string=chosen, status=status).text


def test_a_writer_has_no_permission(app: Flask) -> None:
    add_editor("Wes Writer", "wes@example.org", Role.WRITER)
    writer = EditorClient(app)
    sign_in(writer, "wes@example.org")
    chosen = choose(add_article())
    writer.get(BULK, query_string=chosen, status=403)
    writer.post(BULK, chosen | {"csrf_token": token(writer, "/editor/account")}, status=403)
    assert 'name="chosen"' not in writer.get("/editor/summaries").text


def test_undoing_a_refiling_brings_no_withdrawn_summary_back(app: Flask, client: PageClient) -> None:
    article = add_article(slug="refiled", categories=["pain-management"])
    category = db.session.scalars(select(Category).where(Category.slug == "rehabilitation")).one()
    wanted = bulk.plan(bulk.BulkAction.REFILE, [f"article-{article.id}"], category)
    change = bulk.carry_out(wanted, 1, NOW, "")
    withdraw(article, "A dangerous error.", NOW)
    bulk.undo(change, 1, NOW)
    assert article.status is ArticleStatus.WITHDRAWN
    assert "withdrawn" in change.changed[0]["undo_problem"]
