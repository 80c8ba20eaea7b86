"""The list of summaries: searching, filtering and sorting it, what it says of drafts, and copies."""

import csv
import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import complete, fields_of, opened, press
from tests.factories import NOW, add_answer, add_article, add_views, content
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Draft, Editor, Review, Role
from webapp.models.values import ReviewerKind
from webapp.publishing import revisions, teamwork

LIST = "/editor/summaries"
NEW = "/editor/summaries/new"
HARD = "Administration of pharmacological interventions demonstrated considerable neurological improvement."


@pytest.fixture(autouse=True)
def editor(client: PageClient) -> Editor:
    editor = add_editor()
    sign_in(client)
    return editor


def titles(client: PageClient, **query: str) -> list[str]:
    """The titles on the list, in its order."""
    page = client.get(LIST, query_string=query).text
    return re.findall(r'<a href="/editor/summaries/\d+">([^<]+)</a>', page)


def test_words_find_titles_and_dois_of_published_texts_and_drafts(client: PageClient) -> None:
    add_article(plain_title="A red lamp", paper={"doi": "10.5555/lamp"})
    press(client, NEW, opened(client, NEW, plain_title="A blue lamp"), "save")
    add_article(plain_title="100% of candles")
    assert set(titles(client, q="LAMP")) == {"A red lamp", "A blue lamp"}
    assert titles(client, q="lamp red") == ["A red lamp"]
    assert titles(client, q="10.5555/LAMP") == ["A red lamp"]
    assert titles(client, q="%") == ["100% of candles"]
    assert titles(client, q="lamp", tab="drafts") == ["A blue lamp"]
    page = client.get(LIST, query_string={"q": "lamp"}).text
    assert 'All <span class="n">2</span>' in page and 'Drafts <span class="n">1</span>' in page
    assert "No summary is like that." in client.get(LIST, query_string={"q": "zebra"}).text


def test_a_draft_shows_its_categories_and_who_saved_it(client: PageClient) -> None:
    press(client, NEW, opened(client, NEW, **complete()), "save")
    page = client.get(LIST).text
    assert "Pain Management, Rehabilitation" in page and "Ana Example</td>" in page


def test_category_person_and_check_are_filters(client: PageClient, app: Flask, editor: Editor) -> None:
    checked = add_article(plain_title="Checked", categories=["orthopedics"])
    add_article(plain_title="Unchecked", categories=["pain-management"])
    draft = revisions.draft_of(article_id=checked.id)
    review = Review(
        draft=draft, revision_number=1, kind=ReviewerKind.CLINICIAN, name="Bo", email="bo@example.org"
    )
    review.asked_at = review.answered_at = review.signed_at = NOW
    review.parts = []
    db.session.add(review)
    revisions.save(revisions.new_draft(), content(plain_title="Mine"), 0, editor.id, NOW)
    db.session.commit()
    assert titles(client, category="orthopedics") == ["Checked"]
    assert titles(client, by=str(editor.id)) == ["Mine"]
    assert titles(client, unchecked="yes") == ["Unchecked"]
    assert titles(client, category="no-such", by="no number") == []


def test_the_list_can_be_sorted(client: PageClient) -> None:
    add_article(plain_title="b hard", simple_explanation=HARD)
    add_article(plain_title="A easy")
    press(client, NEW, opened(client, NEW, plain_title="c draft"), "save")
    assert titles(client, sort="title") == ["A easy", "b hard", "c draft"]
    assert titles(client, sort="grade") == ["b hard", "A easy", "c draft"]
    assert len(titles(client, sort="no-such")) == 3


def test_a_copy_is_a_draft_of_its_own(client: PageClient) -> None:
    original = add_article(slug="a-lantern")
    path = client.get(f"/editor/articles/{original.id}", status=303).location
    copy = press(client, path, fields_of(client.get(path).text), "duplicate").location
    page = client.get(copy).text
    shown = fields_of(page)
    assert (
        "This is a copy." in page and shown["slug"] == "" and shown["harms"] == "Some people had a dry mouth."
    )
    assert "There’s already a summary of this paper" in page
    drafts = db.session.scalars(select(Draft).order_by(Draft.id)).all()
    assert [draft.article_id for draft in drafts] == [original.id, None]


def test_a_reviewer_copies_nothing(client: PageClient, app: Flask) -> None:
    add_article()
    add_editor("Re Viewer", "re@example.org", Role.REVIEWER)
    reviewer = EditorClient(app)
    sign_in(reviewer, "re@example.org")
    sent = {"csrf_token": "x"}
    reviewer.post("/editor/summaries/1/duplicate", sent, status=403)


def test_the_list_shows_the_views_of_28_days_and_sorts_by_them(client: PageClient) -> None:
    little, much = add_article(plain_title="Read little"), add_article(plain_title="Read much")
    add_views(little, 900, days_ago=28)
    add_views(little, 5, days_ago=27)
    add_views(much, 40)
    add_views(much, 2, days_ago=1)
    press(client, NEW, opened(client, NEW, plain_title="A draft"), "save")
    assert titles(client, sort="views") == ["Read much", "Read little", "A draft"]
    page = client.get(LIST).text
    assert "Views in 28 days: </span>42<" in page and "Views in 28 days: </span>5<" in page
    assert "Views in 28 days: </span>–<" in page


def test_the_list_of_answers_shows_their_views(client: PageClient) -> None:
    add_views(add_answer(), 7)
    assert "Views in 28 days: </span>7<" in client.get("/editor/answers").text


def test_the_list_is_a_file_for_spreadsheets_with_the_views(client: PageClient, editor: Editor) -> None:
    article = add_article(plain_title="=A lamp", categories=["pain-management", "orthopedics"])
    add_views(article, 42)
    teamwork.assign(revisions.draft_of(article_id=article.id), editor.id, None, NOW)
    editor.time_zone = "Pacific/Honolulu"  # where the day of the change has not begun
    add_article(plain_title="A candle")
    answer = client.get(f"{LIST}.csv", query_string={"sort": "views"})
    assert answer.mimetype == "text/csv" and answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("\ufeff")
    heads, first, second = csv.reader(answer.text.removeprefix("\ufeff").splitlines())
    assert dict(zip(heads, first, strict=True)) == {
        "Title": "'=A lamp",
        "State": "Published",
        "Categories": "Pain Management, Orthopedics",
        "Assigned to": "Ana Example",
        "Saved by": "The library",
        "Changed": "2026-11-23",
        "Grade": first[6],
        "Helpful: yes": "0",
        "Helpful: no": "0",
        "Views in 28 days": "42",
    }
    assert second[0] == "A candle"
    assert len(client.get(f"{LIST}.csv?q=candle").text.splitlines()) == 2
    assert f'href="{LIST}.csv?q=candle"' in client.get(f"{LIST}?q=candle").text
    client.get(f"{LIST}.csv?tab=no-such", status=404)


def test_the_page_of_a_text_shows_its_views_by_week(client: PageClient) -> None:
    article = add_article()
    add_views(article, 30)
    add_views(article, 12, days_ago=7)
    add_views(article, 5, days_ago=90)
    page = client.get(f"/editor/summaries/{revisions.draft_of(article_id=article.id).id}").text
    assert "42 views in the last 28 days." in page
    table = page[page.index("Views by week") :]
    assert re.findall(r"<span>(\d+)</span>", table[: table.index("</table>")]) == ["30", "12"] + 10 * ["0"]


def test_a_draft_that_was_never_published_has_no_views(client: PageClient) -> None:
    sent = press(client, NEW, opened(client, NEW, plain_title="A draft"), "save")
    assert "in the last 28 days" not in client.get(sent.headers["Location"]).text
