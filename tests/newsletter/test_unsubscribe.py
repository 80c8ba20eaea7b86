"""Unsubscribing with one click, by a person or by a mail program, from any mail of any age."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from tests.newsletter.steps import get_subscriber, subscribed
from tests.pages import PageClient
from webapp.db.session import db
from webapp.letters import emails
from webapp.models import SubscriberState
from webapp.newsletter import subscriptions
from webapp.web import tokens


@pytest.fixture
def link(client: PageClient) -> str:
    """The unsubscribe link of a subscriber."""
    return urlsplit(emails.unsubscribe_link(subscribed())).path


def test_one_press_stops_the_newsletter(client: PageClient, link: str) -> None:
    assert ">Unsubscribe</button>" in client.get(link).text
    assert "You’re unsubscribed" in client.post(link, status=200).text
    assert get_subscriber().state == SubscriberState.UNSUBSCRIBED


@pytest.mark.proves("Web: one-click unsubscribe needs no token (RFC 8058)")
def test_a_mail_program_may_press_without_cookie_token_or_origin_and_twice(
    client: PageClient, link: str
) -> None:
    for _ in range(2):
        answer = client.flask.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert get_subscriber().state == SubscriberState.UNSUBSCRIBED


def test_the_first_date_stays(client: PageClient, link: str) -> None:
    client.post(link, status=200)
    first = get_subscriber().unsubscribed_at
    client.post(link, status=200)
    assert get_subscriber().unsubscribed_at == first


def test_the_link_still_works_after_a_year(client: PageClient, link: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400)):
        client.post(link, status=200)
    assert get_subscriber().state == SubscriberState.UNSUBSCRIBED


@pytest.mark.proves("Promise 4: opening a link in a mail changes nothing")
def test_opening_the_link_a_hundred_times_changes_nothing(client: PageClient, link: str) -> None:
    for _ in range(100):
        client.get(link)
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_the_link_answers_kindly_when_the_person_was_erased(client: PageClient, link: str) -> None:
    subscriptions.erase(get_subscriber(), datetime.now(UTC))
    db.session.commit()
    client.get(link)
    client.post(link, status=200)


def test_an_altered_link_or_one_for_something_else_changes_nothing(client: PageClient, link: str) -> None:
    other = tokens.sign(emails.PREFERENCES, get_subscriber().key)
    for path in (f"{link}x", f"/newsletter/unsubscribe/{other}"):
        client.get(path, status=410)
        client.post(path, status=410)
    assert get_subscriber().state == SubscriberState.CONFIRMED
