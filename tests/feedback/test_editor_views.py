"""The editors' inbox: what readers wrote, ticked off, and what their answers add up to."""

from datetime import UTC, datetime

from flask import Flask

from tests.accounts.people import EditorClient, token
from tests.factories import add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.feedback import inbox, votes
from webapp.models import ContactMessage, Feedback, Topic
from webapp.models.values import Result

DESK = "/editor/feedback/"


def _message(text: str = "The number in the first finding is wrong.") -> int:
    row = inbox.send(
        Topic.MISTAKE,
        text,
        "news@localhost",
        datetime.now(UTC),
        email="maria@example.org",
        article=add_article(),
    )
    db.session.commit()
    return row.id


def _note(text: str = "The second part was hard.") -> int:
    article, now = add_article(), datetime.now(UTC)
    row = votes.vote(article, "192.0.2.1", False, now)
    db.session.flush()
    votes.add_note(article, "192.0.2.1", text, ["hard-to-follow"], now)
    db.session.commit()
    return row.id


def _done(client: PageClient, path: str) -> str:
    answer = client.post(path, {"csrf_token": token(client, DESK)})
    return client.get(answer.location).text


def test_messages_and_notes_wait_in_the_inbox(editor_client: PageClient) -> None:
    _message()
    _note()
    page = editor_client.get(DESK).text
    assert "2 unread messages" in page
    assert "The number in the first finding is wrong." in page and "A mistake in a summary" in page
    assert "The second part was hard." in page and "It was hard to follow." in page


def test_a_message_is_ticked_off(editor_client: PageClient) -> None:
    number = _message()
    page = _done(editor_client, f"/editor/feedback/messages/{number}/done")
    assert "0 unread messages" in page and "first finding" not in page
    assert db.session.get_one(ContactMessage, number).done_at is not None


def test_a_note_is_ticked_off_by_htmx_in_place(editor_client: PageClient) -> None:
    number = _note()
    form = {"csrf_token": token(editor_client, DESK)}
    fragment = editor_client.post_fragment(f"/editor/feedback/notes/{number}/done", form)
    assert (
        fragment.strip().startswith('<section class="stack" id="inbox"')
        and "You have read everything." in fragment
    )
    assert db.session.get_one(Feedback, number).done_at is not None


def test_ticking_off_twice_keeps_the_first_time(editor_client: PageClient) -> None:
    number = _message()
    _message("Another one.")
    _done(editor_client, f"/editor/feedback/messages/{number}/done")
    first = db.session.get_one(ContactMessage, number).done_at
    _done(editor_client, f"/editor/feedback/messages/{number}/done")
    db.session.expire_all()
    assert db.session.get_one(ContactMessage, number).done_at == first


def test_answers_are_counted_for_each_summary(editor_client: PageClient) -> None:
    article, now = add_article(), datetime.now(UTC)
    for number, is_helpful in enumerate((True, True, False)):
        votes.vote(article, f"192.0.2.{number}", is_helpful, now)
        db.session.flush()
    for number, result in enumerate(
        (Result.NO_CLEAR_DIFFERENCE, Result.HELPED, Result.HELPED, Result.HELPED)
    ):
        votes.answer(article, f"192.0.2.{number}", result, now)
        db.session.flush()
    db.session.commit()
    page = editor_client.get(DESK).text
    for words in ("Helpful: </span>2", "Not helpful: </span>1", "Understood: </span>1", "Misread: </span>3"):
        assert words in page


def test_what_a_reader_wrote_is_shown_as_text(editor_client: PageClient) -> None:
    _message("<script>alert(1)</script>")
    page = editor_client.get(DESK).text
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


def test_a_message_that_is_not_there_is_not_found(editor_client: PageClient) -> None:
    _message()
    form = {"csrf_token": token(editor_client, DESK)}
    editor_client.post("/editor/feedback/messages/99/done", form, status=404)


def test_nobody_else_sees_the_inbox(app: Flask) -> None:
    assert EditorClient(app).get(DESK, status=303).location.startswith("/editor/sign-in")
