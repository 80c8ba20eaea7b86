"""Asking for a review, answering it on the desk or by a mailed link, and what becomes of it."""

import logging
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from threading import Event
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EMAIL, EditorClient, add_editor, audited, sign_in, token_on
from tests.editor.forms import Sent, changed, fields_of, form_of, press, sent_by
from tests.factories import add_article, add_views, content, publish
from tests.newsletter.steps import delivered, forget, link_in, text_of
from tests.pages import H, PageClient, parsed
from webapp import jobs
from webapp.db.session import db
from webapp.editor import review_views
from webapp.models import Article, AuditKind, Editor, Review, Role
from webapp.models.values import ReviewerKind
from webapp.publishing import reviews, revisions
from webapp.publishing.sign_offs import PARTS
from webapp.web import tokens

LEE = "lee@example.org"
AGREES: dict[str, Any] = {f"{part}__opinion": "agree" for part in PARTS if part != "since_then"}


@pytest.fixture
def article(app: Flask, client: PageClient) -> Article:
    """A published summary, and an editor who is signed in."""
    add_editor()
    sign_in(client)
    return add_article()


def form_on(page: str, path: str) -> Sent:
    """What a browser would send for the form of a page that goes to ``path``."""
    forms = [f for f in parsed(page).iter(f"{H}form") if f.get("action", path) == path]
    return sent_by(forms[-1])


def ask(client: PageClient, article: Article, status: int = 303, **fields: Any) -> str:
    """Ask for a review as an editor does; the page that comes back."""
    path = f"/editor/summaries/{revisions.draft_of(article_id=article.id).id}/reviews"
    known = {"name": "Lee Roe", "email": LEE, "kind": "clinician", "question": "Is it fair about the harms?"}
    return client.post(
        path, changed(form_on(client.get(path).text, path), **known | fields), status=status
    ).text


def mailed_link(client: PageClient, article: Article) -> str:
    """Ask Lee, who has no account; where the link in the mail leads."""
    ask(client, article)
    return link_in(delivered()[-1], "/review/")


def answer(client: PageClient, path: str, status: int = 303, **fields: Any) -> str:
    sent = changed(form_on(client.get(path).text, path), **fields)
    return client.post(path, sent, status=status).text


def to(address: str) -> EmailMessage:
    return [mail for mail in delivered() if mail["To"] == address][-1]


def test_somebody_without_an_account_signs_by_a_link(
    app: Flask, client: PageClient, article: Article
) -> None:
    path, visitor = mailed_link(client, article), EditorClient(app)
    page = visitor.get(path)
    assert page.headers["Cache-Control"].startswith("no-store") or "private" in page.headers["Cache-Control"]
    assert 'content="noindex"' in page.text and path not in page.text
    for text in (
        article.main_message,
        "Is it fair about the harms?",
        "Some people had a dry mouth.",
        "Ana Example asks",
    ):
        assert text in page.text, text
    answer(visitor, path, **AGREES, agrees="y", role="physical therapist")
    assert "Checked by Lee Roe, physical therapist, " in visitor.get(f"/research/{article.slug}").text
    assert "Lee Roe signed it off." in text_of(to(EMAIL))
    assert audited()[-2:] == [AuditKind.REVIEW_ASKED, AuditKind.SIGNED_OFF]


def test_what_should_change_is_shown_beside_its_field_until_it_is_done(
    app: Flask, client: PageClient, article: Article
) -> None:
    path = mailed_link(client, article)
    answer(EditorClient(app), path, harms__opinion="change", harms__text="Say how many had a dry mouth.")
    assert "Lee Roe sent a review." in text_of(to(EMAIL))
    form = form_of(client, article.id)
    page = client.get(form).text
    assert "Say how many had a dry mouth." in page
    review = db.session.scalars(select(Review)).one()
    typed = changed(fields_of(page), harms="Typed meanwhile")
    after = press(client, form, typed, "comment-done", f"{review.id}-harms", status=200).text
    assert "Say how many" not in after and fields_of(after)["harms"] == "Typed meanwhile"
    assert "Say how many had a dry mouth. (done)" in client.get(f"{form}/reviews").text
    assert "Checked by" not in client.get(f"/research/{article.slug}").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Please answer at least one part."),
        ({"harms__opinion": "change"}, "Say what should change, or choose another answer."),
        ({"harms__opinion": "agree", "agrees": "y"}, "Please answer this part, too, before you sign."),
        (AGREES | {"agrees": "y", "name": " "}, "Enter your name as readers should see it."),
        (
            AGREES | {"agrees": "y", "harms__opinion": "change", "harms__text": "More."},
            "so you can’t sign this version",
        ),
        (dict.fromkeys(AGREES, "not-my-field") | {"agrees": "y"}, "please agree with at least one part"),
    ],
)
def test_a_review_that_cannot_be_sent_comes_back_as_it_was_typed(
    app: Flask, client: PageClient, article: Article, fields: dict[str, Any], sentence: str
) -> None:
    path = mailed_link(client, article)
    page = answer(EditorClient(app), path, 422, **fields, role="Typed, and not lost")
    assert sentence in page and "<title>Error: " in page
    sent = form_on(page, path)
    assert sent["role"] == "Typed, and not lost"
    assert all(
        sent.get(name.replace("__", "-"), "").strip() == value.strip() for name, value in fields.items()
    )
    assert db.session.scalars(select(Review.answered_at)).one() is None


@pytest.mark.parametrize("has_account", [True, False])
def test_a_review_can_be_finished_later_and_until_then_nobody_sees_it(
    app: Flask, client: PageClient, article: Article, has_account: bool
) -> None:
    if has_account:
        visitor = reviewer(app)
        account = str(db.session.scalars(select(Editor.id).where(Editor.email == LEE)).one())
        ask(client, article, reviewer=account)
        path = f"/editor/reviews/{db.session.scalars(select(Review.id)).one()}"
    else:
        path, visitor = mailed_link(client, article), EditorClient(app)
    mail_count = len(delivered())
    sent = changed(form_on(visitor.get(path).text, path), harms__opinion="change", role="nurse", later="yes")
    page = visitor.get(visitor.post(path, sent).location).text
    assert "Saved. Nobody has seen it yet." in page
    again = form_on(page, path)
    assert (again["harms-opinion"], again["role"]) == ("change", "nurse")
    listed = client.get(f"{form_of(client, article.id)}/reviews").text
    assert "No answer yet." in listed and "Change this" not in listed
    assert len(delivered()) == mail_count
    answer(visitor, path, harms__text="Say how many.")
    assert "Say how many." in client.get(f"{form_of(client, article.id)}/reviews").text


def test_a_link_that_was_used_says_what_was_said_and_can_take_the_name_back(
    app: Flask, client: PageClient, article: Article, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path, visitor = mailed_link(client, article), EditorClient(app)
    sent = changed(form_on(visitor.get(path).text, path), **AGREES, agrees="y")
    visitor.post(path, sent)
    again = visitor.post(path, changed(sent, name="Somebody Else"), status=409).text
    assert "You signed this version." in again and "Harms and side effects" in again
    assert "Lee Roe" in visitor.get(f"/research/{article.slug}").text
    visitor.post(f"{path}/undo")
    assert "You took your name back." in visitor.get(path).text
    assert "Checked by" not in visitor.get(f"/research/{article.slug}").text
    assert audited()[-1] == AuditKind.SIGN_OFF_UNDONE
    assert "a review is closed: Thank you. You signed this version." in caplog.messages
    assert path.rpartition("/")[2] not in caplog.text


def test_a_link_ends_after_two_weeks(app: Flask, client: PageClient, article: Article) -> None:
    path, visitor = mailed_link(client, article), EditorClient(app)
    sent = form_on(visitor.get(path).text, path)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=14, minutes=1), tick=False):
        assert "This link has expired." in visitor.get(path).text
        visitor.post(path, changed(sent, **AGREES, agrees="y"), status=409)
        visitor.post(f"{path}/undo", status=409)
    assert db.session.scalars(select(Review.answered_at)).one() is None


def test_a_link_is_for_one_revision_and_one_purpose(app: Flask, client: PageClient, article: Article) -> None:
    first, visitor = mailed_link(client, article), EditorClient(app)
    second = mailed_link(client, article)
    assert "We asked you again since then." in visitor.get(first).text
    review = db.session.scalars(select(Review).order_by(Review.id.desc())).first()
    assert review is not None and visitor.get(second)
    other = tokens.sign(reviews.LINK, f"{review.id}-{review.revision_number + 1}")
    assert "another version of the text" in visitor.get(f"/review/{other}").text
    gone = tokens.sign(reviews.LINK, "999-1")
    assert "nothing left to review" in visitor.get(f"/review/{gone}").text
    for wrong in (tokens.sign("another purpose", f"{review.id}-1"), f"{second[8:]}x", "x"):
        visitor.get(f"/review/{wrong}", status=404)


def test_a_link_is_throttled_and_nothing_typed_is_lost(
    app: Flask, client: PageClient, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_views, "SENT_BY_ADDRESS", 0)
    page = answer(EditorClient(app), mailed_link(client, article), 429, harms__text="Not lost")
    assert "Please wait an hour" in page and "Not lost" in page


def reviewer(app: Flask) -> PageClient:
    """A signed-in reviewer."""
    lee = add_editor("Lee Roe", LEE, Role.REVIEWER)
    lee.reviewer_kind, lee.printed_role = ReviewerKind.CLINICIAN, "physical therapist"
    db.session.commit()
    client = EditorClient(app)
    sign_in(client, LEE)
    return client


def test_a_reviewer_sees_only_what_was_asked_of_them(
    app: Flask, client: PageClient, article: Article
) -> None:
    lee = reviewer(app)
    assert lee.get("/editor/", status=303).location == "/editor/reviews"
    for path in (
        "/editor/dashboard",
        "/editor/unchecked",
        "/editor/people/",
        form_of(client, article.id),
        "/editor/audit",
    ):
        lee.get(path, status=403)
    ask(client, article, reviewer=str(db.session.scalars(select(Editor.id).where(Editor.email == LEE)).one()))
    [review_id] = db.session.scalars(select(Review.id)).all()
    path = f"/editor/reviews/{review_id}"
    assert link_in(delivered()[-1], "/editor/") == path and path in lee.get("/editor/reviews").text
    client.get(path, status=404)
    answer(lee, path, **AGREES, agrees="y")
    page = client.get(f"/research/{article.slug}").text
    assert "Checked by Lee Roe, physical therapist, " in page


@pytest.mark.parametrize("keeps_name", [True, False])
def test_a_name_outlives_its_account_only_if_the_person_agreed(
    app: Flask, client: PageClient, article: Article, keeps_name: bool
) -> None:
    lee = reviewer(app)
    account = db.session.scalars(select(Editor).where(Editor.email == LEE)).one()
    ask(client, article, reviewer=str(account.id))
    path = f"/editor/reviews/{db.session.scalars(select(Review.id)).one()}"
    answer(lee, path, **AGREES, agrees="y", keeps_name="y" if keeps_name else None)
    add_editor("Kim Admin", "kim@example.org", Role.ADMIN)
    admin = EditorClient(app)
    sign_in(admin, "kim@example.org")
    person = f"/editor/people/{account.id}"
    admin.post(f"{person}/close", {"csrf_token": token_on(admin.get(person).text)})
    page = client.get(f"/research/{article.slug}").text
    assert ("Checked by Lee Roe" in page, "Checked by a clinician, " in page) == (keeps_name, not keeps_name)


def test_only_an_admin_takes_back_what_somebody_else_signed(
    app: Flask, client: PageClient, article: Article
) -> None:
    answer(EditorClient(app), mailed_link(client, article), **AGREES, agrees="y")
    review = db.session.scalars(select(Review)).one()
    path, listed = f"/editor/reviews/{review.id}/undo", f"/editor/summaries/{review.draft_id}/reviews"
    client.post(path, {"csrf_token": token_on(client.get(listed).text)}, status=404)
    add_editor("Kim Admin", "kim@example.org", Role.ADMIN)
    admin = EditorClient(app)
    sign_in(admin, "kim@example.org")
    admin.post(path, {"csrf_token": token_on(admin.get(listed).text)})
    assert "Checked by" not in client.get(f"/research/{article.slug}").text


def test_asking_needs_a_name_and_an_address_that_is_no_editors(client: PageClient, article: Article) -> None:
    assert "Enter their name, or choose an account." in ask(client, article, 422, name="")
    assert "Enter their email address, or choose an account." in ask(client, article, 422, email="")
    assert "This person has an account." in ask(client, article, 422, email=EMAIL)
    assert db.session.scalars(select(Review)).all() == []


def test_the_list_to_check_has_the_most_read_or_the_oldest_first_until_a_clinician_signs(
    app: Flask, client: PageClient, article: Article
) -> None:
    older = publish(content(plain_title="An older summary"), datetime(2026, 1, 2, tzinfo=UTC))
    add_views(article, 3)
    page = client.get("/editor/unchecked").text
    assert page.index(article.title) < page.index("An older summary")
    page = client.get("/editor/unchecked?sort=oldest").text
    assert page.index("An older summary") < page.index(article.title)
    answer(EditorClient(app), mailed_link(client, older), **AGREES, agrees="y")
    page = client.get("/editor/unchecked").text
    assert "An older summary" not in page and article.title in page


def test_a_sign_off_is_due_again_after_a_year_and_its_asker_hears_of_it_once(
    app: Flask, client: PageClient, article: Article
) -> None:
    answer(EditorClient(app), mailed_link(client, article), **AGREES, agrees="y")
    delivered()
    assert "Due again" not in client.get("/editor/unchecked").text
    review = db.session.scalars(select(Review)).one()
    review.signed_at = datetime.now(UTC) - timedelta(days=366)
    db.session.commit()
    assert "Due again" in client.get("/editor/unchecked").text
    count = len(delivered())
    for _ in range(2):
        jobs.remind(Event())
    assert len(delivered()) == count + 1
    assert "checked this summary a year ago" in text_of(to(EMAIL))


def test_a_remark_without_a_choice_is_not_lost(app: Flask, client: PageClient, article: Article) -> None:
    answer(EditorClient(app), mailed_link(client, article), harms__text="A remark", findings__opinion="agree")
    assert "A remark" in client.get(form_of(client, article.id)).text


def test_the_address_of_somebody_without_an_account_is_forgotten(
    app: Flask, client: PageClient, article: Article
) -> None:
    ask(client, article)
    forget(datetime.now(UTC) + timedelta(days=61))
    assert db.session.scalars(select(Review.email)).all() == [""]


def test_a_review_sent_after_the_session_ended_is_there_again(
    app: Flask, client: PageClient, article: Article
) -> None:
    lee = reviewer(app)
    ask(client, article, reviewer=str(db.session.scalars(select(Editor.id).where(Editor.email == LEE)).one()))
    path = f"/editor/reviews/{db.session.scalars(select(Review.id)).one()}"
    sent = changed(form_on(lee.get(path).text, path), harms__opinion="change", harms__text="Not lost")
    lee.post("/editor/sign-out", {"csrf_token": token_on(lee.get(path).text)})
    lee.post(path, sent)
    sign_in(lee, LEE)
    again = form_on(lee.get(path).text, path)
    assert again["harms-text"] == "Not lost"
    lee.post(path, again)
    assert "Not lost" in client.get(form_of(client, article.id)).text
