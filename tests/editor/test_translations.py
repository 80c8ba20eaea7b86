"""The translators' desk: what is to do in a language, a text beside its translation, and the sign-off."""

from collections.abc import Iterator

import msgspec
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import Sent, sent_by
from tests.factories import NOW, STARTER, add_article
from tests.pages import H, PageClient, parsed
from webapp.db.session import db
from webapp.languages.language import known_languages
from webapp.models import Article, Role, Translation
from webapp.models.values import ReviewerKind
from webapp.publishing import external_changes, library, translations
from webapp.publishing.publication import content_of
from webapp.publishing.revisions import Kind

SLUG = "amitriptyline-pain-trial"
LIST = "/editor/translations"
ENGLISH = "For people with a spinal cord injury, 6 weeks of amitriptyline did not ease long-term pain."
SPANISH = "En personas con una lesión de la médula espinal, 6 semanas de amitriptilina no aliviaron el dolor persistente."
FAULT = "En personas con una lesión de la médula espinal, 9 semanas de amitriptilina no aliviaron el dolor persistente."


@pytest.fixture
def desk(app: Flask, client: PageClient) -> Iterator[PageClient]:
    """The browser of an editor, in front of a summary that came with a Spanish translation."""
    library.import_library(STARTER / "articles" / f"{SLUG}.toml", NOW)
    assert translations.import_folder(known_languages()["es"], NOW) == []
    db.session.commit()
    with time_machine.travel(NOW, tick=False):
        add_editor(role=Role.EDITOR)
        sign_in(client)
        yield client


def the_article() -> Article:
    return db.session.scalars(select(Article).where(Article.slug == SLUG)).unique().one()


def address() -> str:
    return f"{LIST}/es/summary/{the_article().id}"


def change(message: str = ENGLISH) -> None:
    """The English main message says something else."""
    wanted = msgspec.structs.replace(content_of(the_article()), main_message=message)
    external_changes.publish(the_article(), wanted, None, Kind.IMPORTED, NOW)
    db.session.commit()


def opened(client: PageClient, query: str = "") -> Sent:
    """The fields of the form of the text, as a browser would send them."""
    page = parsed(client.get(address() + query).text)
    return next(sent_by(form) for form in page.iter(f"{H}form") if form.get("action", "") == address())


def press(
    client: PageClient, sent: Sent, message: str | None = None, *, status: int = 303, **changes: str
) -> str:
    """Type another main message, or change other fields, and press a button."""
    if message is not None:
        sent["words-main_message"] = message
    for name, value in changes.items():
        sent[name] = value
    return client.post(address(), sent, status=status).text


def saved() -> list[tuple[int, bool]]:
    db.session.rollback()
    rows = db.session.scalars(select(Translation).order_by(Translation.number))
    return [(row.number, row.is_published) for row in rows]


def as_reviewer(app: Flask, role: Role = Role.REVIEWER) -> PageClient:
    """The browser of a clinician with this role."""
    editor = add_editor("Lee Example", "lee@example.org", role)
    editor.reviewer_kind, editor.printed_role = ReviewerKind.CLINICIAN, "nurse"
    db.session.commit()
    client = EditorClient(app)
    sign_in(client, "lee@example.org")
    return client


def test_the_list_says_where_each_text_stands(desk: PageClient) -> None:
    add_article(plain_title="A made-up pill that nobody translated")
    db.session.commit()
    page = desk.get(LIST).text
    assert "Published, not checked (1)" in page and "Not translated (1)" in page
    only = desk.get(f"{LIST}?language=es&state=missing").text
    assert "A made-up pill" in only and "Amitriptyline did not" not in only
    change()
    assert "The English text changed: 1 paragraph to translate" in desk.get(LIST).text


def test_one_changed_paragraph_asks_for_that_paragraph_only(desk: PageClient) -> None:
    change()
    assert [name for name in opened(desk) if name.startswith("words-")] == ["words-main_message"]
    assert len([name for name in opened(desk, "?all=1") if name.startswith("words-")]) > 30
    press(desk, opened(desk), SPANISH, publish="yes")
    assert saved() == [(1, True), (2, True)]
    assert "Published, not checked (1)" in desk.get(LIST).text


def test_a_draft_leaves_what_readers_see(desk: PageClient) -> None:
    change()
    press(desk, opened(desk), SPANISH)
    assert saved() == [(1, True), (2, False)]


def test_a_wrong_number_is_shown_beside_the_paragraph_and_holds_publishing_up(desk: PageClient) -> None:
    change()
    sent = opened(desk)
    page = press(desk, sent, FAULT, status=422, publish="yes")
    assert "Saved as a draft, but not published" in page
    assert "The English text says 6 weeks; this doesn’t." in page
    assert saved() == [(1, True), (2, False)]
    sent["base"], sent["looked_at"] = "2", "yes"
    press(desk, sent)
    assert saved() == [(1, True), (2, True)]


def test_a_paragraph_that_is_missing_cannot_be_published(desk: PageClient) -> None:
    sent = opened(desk, "?all=1")
    page = press(desk, sent, "", status=422, publish="yes", looked_at="yes")
    assert "Please translate what is missing first: 1 paragraph." in page
    assert saved() == [(1, True), (2, False)]


def test_who_translated_it_has_to_be_said(desk: PageClient) -> None:
    page = press(desk, opened(desk), status=422, made_by=" ")
    assert "Not saved." in page
    assert saved() == [(1, True)]


def test_what_somebody_saved_in_between_is_not_overwritten(desk: PageClient) -> None:
    change()
    sent = opened(desk)
    press(desk, opened(desk), SPANISH)
    page = press(desk, sent, "Otro texto.", status=409)
    assert "Nothing was saved or signed." in page and "Otro texto." in page
    assert saved() == [(1, True), (2, False)]


def test_a_reviewer_reads_all_and_signs(desk: PageClient, app: Flask) -> None:
    reviewer = as_reviewer(app)
    page = reviewer.get(address()).text
    assert "La amitriptilina no alivió" in page and "<textarea" not in page
    forms = {form.get("action"): sent_by(form) for form in parsed(page).iter(f"{H}form")}
    reviewer.post(f"{address()}/sign", forms[f"{address()}/sign"], status=303)
    assert "Lee Example, November 24, 2026" in desk.get(LIST).text
    page = reviewer.get(address()).text
    forms = {form.get("action"): sent_by(form) for form in parsed(page).iter(f"{H}form")}
    reviewer.post(f"{address()}/undo", forms[f"{address()}/undo"], status=303)
    assert "Nobody yet" in desk.get(LIST).text


def test_a_reviewer_cannot_save_and_somebody_who_is_none_cannot_sign(desk: PageClient, app: Flask) -> None:
    sent = opened(desk)
    desk.post(f"{address()}/sign", {"csrf_token": sent["csrf_token"], "base": "1"}, status=403)
    reviewer = as_reviewer(app)
    sent["csrf_token"] = token(reviewer, address())
    reviewer.post(address(), sent, status=403)
    assert saved() == [(1, True)]


def test_a_translation_can_be_downloaded(desk: PageClient) -> None:
    file = desk.get(f"{address()}/file")
    assert file.mimetype == "application/toml"
    assert 'plain_title = "La amitriptilina no alivió' in file.text


def test_a_text_or_language_that_is_not_there_is_not_found(desk: PageClient) -> None:
    for path in ("/es/summary/999", "/en/summary/1", "/xx/summary/1", "/es/word/1"):
        desk.get(f"{LIST}{path}", status=404)
