"""The contact form and "Report a mistake": kept, mailed to the editors, safe from forged headers."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import add_answer, add_article
from tests.newsletter.steps import delivered, filled, text_of
from tests.pages import PageClient
from webapp.db.session import db
from webapp.feedback import inbox
from webapp.models import ContactMessage, Live, Topic


def _form(**changes: Any) -> dict[str, object]:
    standard = {
        "topic": "question",
        "name": "Maria",
        "email": "maria@example.org",
        "message": "Hello.\r\nA question.",
    }
    return filled(**(standard | changes))


def test_a_message_is_kept_and_mailed_to_the_editors(client: PageClient) -> None:
    answer = client.post("/contact", _form())
    assert "Thank you for your message" in client.get(answer.location).text
    kept = db.session.scalars(select(ContactMessage)).one()
    assert (kept.topic, kept.name, kept.message) == (Topic.QUESTION, "Maria", "Hello.\nA question.")
    mail = delivered()[-1]
    assert mail["To"] == "editors@localhost"
    assert mail["Reply-To"] == "maria@example.org"
    assert "A question." in text_of(mail)


def test_the_name_may_be_left_out(client: PageClient) -> None:
    client.post("/contact", _form(name=""))
    assert db.session.scalars(select(ContactMessage)).one().name is None


def test_a_message_may_hold_an_emoji_newer_than_this_python(client: PageClient) -> None:
    client.post("/contact", _form(message="Thanks \U0001fae9"))
    assert db.session.scalars(select(ContactMessage)).one().message == "Thanks \U0001fae9"


@pytest.mark.parametrize("add", [add_article, add_answer])
def test_a_report_names_what_it_is_about(client: PageClient, add: Callable[[], Live]) -> None:
    text = add()
    assert f'href="{text.path}/report"' in client.get(text.path).text
    page = client.get(f"{text.path}/report").text
    assert f"About the {text.kind} “{text.title}”" in page and f"Back to the {text.kind}" in page
    answer = client.post(f"{text.path}/report", filled(message="The number is wrong.", email=""))
    assert f"If the {text.kind} is wrong" in client.get(answer.location).text
    kept = inbox.unread_messages()[0]
    assert (kept.topic, kept.text, kept.email) == (Topic.MISTAKE, text, None)
    mail = delivered()[-1]
    assert text.path in text_of(mail)
    assert mail["Reply-To"] is None


@pytest.mark.proves("Promise 3: header injection is refused", "ASVS 1.3.11")
@pytest.mark.parametrize(
    "changes",
    [
        {"email": "maria@example.org\r\nBcc: all@example.org"},
        {"email": "maria@example.org\nBcc: all@example.org"},
        {"name": "Maria\r\nBcc: all@example.org"},
        {"name": "Maria\x0bBcc"},
        {"topic": "question\r\nBcc: all@example.org"},
    ],
)
def test_forged_headers_are_refused(client: PageClient, changes: dict[str, str]) -> None:
    client.post("/contact", _form(**changes), status=422)
    assert delivered() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topic": ""}, "Choose what your message is about"),
        ({"email": ""}, "Enter your email address"),
        ({"message": ""}, "Write your message"),
        ({"message": "x" * 5001}, "5,000 characters"),
    ],
)
def test_what_is_missing_is_named_and_the_rest_kept(
    client: PageClient, changes: dict[str, str], words: str
) -> None:
    page = client.post("/contact", _form(**changes), status=422).text
    assert words in page
    assert 'value="Maria"' in page


@pytest.mark.proves("ASVS 2.4.1")
def test_too_many_messages_are_slowed_down_and_the_text_is_kept(client: PageClient) -> None:
    for _ in range(10):
        client.post("/contact", _form())
    page = client.post("/contact", _form(message="A long story"), status=429).text
    assert "A long story" in page
    assert "Please wait a minute" in page


def test_a_robot_gets_thanks_and_nothing_is_kept(client: PageClient) -> None:
    client.post("/contact", _form(website="spam"))
    assert inbox.unread_messages() == []


def test_another_site_cannot_send_the_form(client: PageClient) -> None:
    client.post("/contact", _form(), status=403, headers={"Sec-Fetch-Site": "cross-site"})


def test_an_editor_ticks_a_message_off(client: PageClient) -> None:
    client.post("/contact", _form())
    message = inbox.unread_messages()[0]
    inbox.mark_done(message, message.sent_at)
    assert inbox.unread_messages() == []
