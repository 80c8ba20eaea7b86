"""Revisions: immutable, compared word by word, restored as a new one."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import complete, form_of, opened, press
from tests.factories import add_article, content
from tests.pages import PageClient
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.comparison import MOST_TOKENS, Change, differences, word_runs
from webapp.content.merging import label
from webapp.db.session import db
from webapp.editor import rows
from webapp.editor.forms import form_for
from webapp.models import Article, Draft, Revision
from webapp.models.values import Finding, TextKind

NEW = "/editor/summaries/new"


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft with two revisions."""
    add_editor()
    sign_in(client)
    press(client, NEW, opened(client, NEW, **complete()), "save")
    path = f"/editor/summaries/{db.session.scalar(select(Draft.id))}"
    press(client, path, opened(client, path, harms="Some people had a very dry mouth and a cough."), "save")
    return path


def restore(client: PageClient, edit: str, number: int, revision: int, status: int = 303) -> str:
    sent = {"number": number, "revision": revision, "csrf_token": token(client, f"{edit}/history")}
    answer = client.post(f"{edit}/restore", sent, status=status)
    return answer.location or answer.text


def test_the_history_names_who_saved_what(client: PageClient, edit: str) -> None:
    page = client.get(f"{edit}/history").text
    assert page.count("<td>Ana Example</td>") == 2
    assert page.count("Restore<span") == 1


def test_two_revisions_are_compared_word_by_word(client: PageClient, edit: str) -> None:
    page = client.get(f"{edit}/compare?old=1&new=2").text
    assert "very " in page.split("<ins>")[1] and "and a cough" in page
    assert "<h2>Harms and side effects</h2>" in page and page.count('class="panel compare') == 1


def test_the_last_two_are_compared_unless_others_are_asked_for(client: PageClient, edit: str) -> None:
    assert "from revision 1 to 2" in client.get(f"{edit}/compare").text
    assert "Nothing is different." in client.get(f"{edit}/compare?old=2&new=2").text


@pytest.mark.parametrize("query", ["old=9&new=1", "old=x", "new=-1", "old=99999999"])
def test_a_revision_that_does_not_exist_is_not_found(client: PageClient, edit: str, query: str) -> None:
    client.get(f"{edit}/compare?{query}", status=404)


def test_a_text_that_nobody_edited_yet_has_its_links_too(starter_app: Flask) -> None:
    add_editor()
    client = EditorClient(starter_app)
    sign_in(client)
    article = db.session.scalars(select(Article).limit(1)).one()
    slug, number = article.slug, article.id
    path = form_of(client, number)
    page = client.get(path).text
    for address in (f"{path}/history", f"/research/{slug}", f"/editor/articles/{number}/withdraw"):
        assert f'href="{address}"' in page
        client.get(address)
    assert "The library</td>" in client.get(f"{path}/history").text


def test_restoring_makes_a_new_revision_and_keeps_the_others(client: PageClient, edit: str) -> None:
    location = restore(client, edit, number=1, revision=2)
    assert "The earlier text is back." in client.get(location).text
    rows = db.session.execute(select(Revision.number, Revision.kind).order_by(Revision.number)).all()
    assert [tuple(row) for row in rows] == [(1, "saved"), (2, "saved"), (3, "restored")]
    texts = db.session.scalars(select(Revision.content).order_by(Revision.number)).all()
    assert texts[2] == texts[0] != texts[1]


def test_restoring_does_not_change_what_readers_see(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    article = add_article(slug="live")
    path = form_of(client, article.id)
    press(client, path, opened(client, path, harms="Nobody was harmed."), "publish")
    restore(client, path, number=1, revision=3)
    assert "Nobody was harmed." in client.get("/research/live").text


def test_restoring_over_a_newer_text_is_stopped(client: PageClient, edit: str) -> None:
    press(client, edit, opened(client, edit, harms="Newer."), "save")
    page = restore(client, edit, number=1, revision=2, status=409)
    assert "Nothing was restored." in page and "Ana Example saved a newer text" in page
    assert db.session.scalar(select(Draft.revision_number)) == 3


def test_restoring_does_not_decide_between_two_texts(client: PageClient, edit: str) -> None:
    draft = db.session.scalars(select(Draft)).one()
    draft.merge_base = 1
    db.session.commit()
    page = restore(client, edit, number=1, revision=2, status=409)
    assert "There are two versions of this text." in page
    db.session.expire_all()
    assert (draft.revision_number, draft.merge_base) == (2, 1)


def test_nonsense_is_refused(client: PageClient, edit: str) -> None:
    sent = {"number": "x", "revision": "2", "csrf_token": token(client, f"{edit}/history")}
    client.post(f"{edit}/restore", sent, status=400)
    client.post(f"{edit}/restore", sent | {"number": "²"}, status=400)
    client.post(f"{edit}/restore", sent | {"number": "7"}, status=404)


def test_the_runs_give_back_both_texts() -> None:
    old, new = "The pill  eased\npain, a bit.", "The pill did not ease\npain at all."
    runs = word_runs(old, new)
    assert "".join(run.text for run in runs if run.change != Change.NEW) == old
    assert "".join(run.text for run in runs if run.change != Change.GONE) == new


def test_a_very_long_text_is_shown_whole() -> None:
    runs = word_runs("a " * MOST_TOKENS, "b")
    assert [run.change for run in runs] == [Change.GONE, Change.NEW]


def test_only_the_row_that_changed_is_shown() -> None:
    old = content(
        slug="x",
        findings=[Finding(text="A.", place="p"), Finding(text="B.", place="p")],
        paper={"doi": "10.1/x"},
    )
    new = content(
        slug="x",
        findings=[Finding(text="A.", place="p"), Finding(text="C.", place="p")],
        paper={"doi": "10.1/x"},
    )
    found = {difference.field: difference.label for difference in differences(old, new)}
    assert found.pop("findings-1") == "Finding 2"
    assert set(found) == {"paper-title", "plain_title"}


def test_every_field_is_called_as_in_the_form(app: Flask) -> None:
    """A new field of an article needs a label that readers of the public history understand."""
    with app.test_request_context("/editor/"):
        form = form_for(TextKind.SUMMARY, None)
    names = [f"paper-{name}" for name in PaperContent.__struct_fields__]
    names += [name for name in ArticleContent.__struct_fields__ if name not in ("paper", *rows.LISTS)]
    labels = {field.id: field.label.text for field in (*form.paper.form, *form)}
    without_a_control = {"published_on": "First published", "corrections": "Corrections"}
    assert {name: label(name) for name in names} == {
        name: (labels | without_a_control)[name] for name in names
    }


def test_words_that_were_replaced_together_stand_together() -> None:
    runs = word_runs("The paper does not say.", "Two people had a cough.")
    assert [(run.change, run.text) for run in runs] == [
        (Change.GONE, "The paper does not say"),
        (Change.NEW, "Two people had a cough"),
        (Change.SAME, "."),
    ]
