"""The editors' inbox: what readers wrote, marked as done, and what their answers add up to."""

from datetime import UTC, datetime

from flask import Flask

from tests.accounts.people import EditorClient, token
from tests.factories import add_answer, add_article
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
        about=add_article(),
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


def test_a_message_is_marked_as_done(editor_client: PageClient) -> None:
    number = _message()
    page = _done(editor_client, f"/editor/feedback/messages/{number}/done")
    assert "0 unread messages" in page and "Marked as done." in page and "Done<span" not in page
    assert db.session.get_one(ContactMessage, number).done_at is not None


def test_a_note_is_marked_as_done_by_htmx_in_place(editor_client: PageClient) -> None:
    number = _note()
    form = {"csrf_token": token(editor_client, DESK)}
    fragment = editor_client.post_fragment(f"/editor/feedback/notes/{number}/done", form)
    assert (
        fragment.strip().startswith('<section class="stack" id="inbox"')
        and "You’ve read everything." in fragment
    )
    assert db.session.get_one(Feedback, number).done_at is not None


def test_notes_on_answers_are_marked_as_done_and_votes_are_counted(editor_client: PageClient) -> None:
    answer, now = add_answer(), datetime.now(UTC)
    votes.vote(answer, "192.0.2.1", False, now)
    db.session.flush()
    votes.add_note(answer, "192.0.2.1", "Too short.", [], now)
    votes.vote(answer, "192.0.2.2", True, now)
    db.session.commit()
    number = inbox.unread_notes()[0].id
    page = editor_client.get(DESK).text
    assert "1 unread message" in page and "Too short." in page and answer.question in page
    row = page[page.index("Votes for each answer") :]
    assert "Helpful: </span>1" in row and "Not helpful: </span>1" in row
    assert "0 unread messages" in _done(editor_client, f"{DESK}answer-notes/{number}/done")
    assert "1 unread message" in _done(editor_client, f"{DESK}answer-notes/{number}/undo")


def test_done_can_be_undone(editor_client: PageClient) -> None:
    messages, notes = f"messages/{_message()}", f"notes/{_note()}"
    for row in (messages, notes):
        _done(editor_client, f"{DESK}{row}/done")
    page = editor_client.get(DESK).text
    assert "0 unread messages" in page and page.count("Undo<span") == 2
    for left, row in enumerate((messages, notes), start=1):
        page = _done(editor_client, f"{DESK}{row}/undo")
        assert f"{left} unread message" in page and "Moved back to the unread messages." in page
    assert "Undo<span" not in page and "The second part was hard." in page


def test_undo_is_offered_for_the_last_ones_newest_first(editor_client: PageClient) -> None:
    numbers = [_message(f"Message {number}.") for number in range(inbox.SHOWN_DONE + 1)]
    for number in numbers:
        _done(editor_client, f"{DESK}messages/{number}/done")
    page = editor_client.get(DESK).text
    assert "Message 0." not in page and page.index("Message 10.") < page.index("Message 1.")


def test_a_message_is_put_back_by_htmx_in_place(editor_client: PageClient) -> None:
    number = _message()
    _done(editor_client, f"{DESK}messages/{number}/done")
    form = {"csrf_token": token(editor_client, DESK)}
    fragment = editor_client.post_fragment(f"{DESK}messages/{number}/undo", form)
    assert "1 unread message<" in fragment and 'data-announce="Moved back to the unread messages.' in fragment


def test_marking_twice_keeps_the_first_time(editor_client: PageClient) -> None:
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
    for path in ("messages/99/done", "notes/99/done", "messages/99/undo", "nothing/1/undo"):
        editor_client.post(f"{DESK}{path}", form, status=404)


def test_nobody_else_sees_the_inbox(app: Flask) -> None:
    assert EditorClient(app).get(DESK, status=303).location.startswith("/editor/sign-in")


def test_answers_are_compared_for_texts_with_and_without_ai(editor_client: PageClient) -> None:
    now = datetime.now(UTC)
    for written_by, answers in (
        (
            "AI (some-model), from the abstract.",
            [Result.NO_CLEAR_DIFFERENCE, Result.MIXED, Result.NO_CLEAR_DIFFERENCE],
        ),
        ("A person who was paid", [Result.NO_CLEAR_DIFFERENCE]),
    ):
        article = add_article(written_by=written_by)
        for number, answer in enumerate(answers):
            votes.answer(article, f"192.0.2.{number}", answer, now)
    db.session.commit()
    page, rows = editor_client.get(DESK).text, inbox.clarity(inbox.by_article())
    counts = [(row.is_by_ai, row.understood_count, row.misunderstood_count) for row in rows]
    assert counts == [(True, 2, 1), (False, 1, 0)]
    assert "With AI" in page and "2 of 3" in page and "Without AI" in page
