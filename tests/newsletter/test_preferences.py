"""Preferences: topics, how often, my data, erase me, all from a link in a mail."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import func, select

from tests.newsletter.steps import (
    ADDRESS,
    delivered,
    filled,
    forget,
    get_subscriber,
    link_in,
    sign_up,
    subscribed,
)
from tests.pages import PageClient
from webapp.db.session import db
from webapp.feedback import inbox
from webapp.letters import emails
from webapp.mail import outbox, suppressions
from webapp.models import (
    Frequency,
    MailKind,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    SuppressionReason,
    Topic,
)
from webapp.web import tokens


@pytest.fixture
def link(client: PageClient) -> str:
    """The preferences link of a subscriber."""
    return urlsplit(emails.preferences_page_link(subscribed(topics=["pain-management"]))).path


def test_topics_and_frequency_are_changed(client: PageClient, link: str) -> None:
    assert ADDRESS in client.get(link).text
    answer = client.post(link, filled(frequency="monthly", **{"topics[]": ["orthopedics"]}))
    assert "Saved" in client.get(answer.location).text
    assert (get_subscriber().topics, get_subscriber().frequency) == (["orthopedics"], Frequency.MONTHLY)


def test_the_page_shows_what_is_chosen(client: PageClient, link: str) -> None:
    page = client.get(link).text
    assert 'checked id="topics-1" name="topics[]" type="checkbox" value="pain-management"' in page
    assert 'checked id="frequency-0" name="frequency" type="radio" value="weekly"' in page


def test_no_topics_means_all(client: PageClient, link: str) -> None:
    client.post(link, filled(frequency="weekly"))
    assert get_subscriber().topics == []


def test_a_frequency_we_do_not_have_is_refused(client: PageClient, link: str) -> None:
    client.post(link, filled(frequency="hourly"), status=422)
    assert get_subscriber().frequency == Frequency.WEEKLY


def test_my_data_is_everything_in_a_file(client: PageClient, link: str) -> None:
    answer = client.flask.get(f"{link}/data")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    told = json.loads(answer.data)
    assert told["email"] == ADDRESS
    assert set(told) >= {column.key for column in Subscriber.__table__.columns}


def test_my_data_tells_of_mails_after_their_address_was_forgotten(client: PageClient, link: str) -> None:
    now = datetime.now(UTC)
    outbox.enqueue(MailKind.DIGEST, ADDRESS, now - timedelta(days=366), subscriber=get_subscriber())
    forget(now)
    assert [mail["kind"] for mail in json.loads(client.flask.get(f"{link}/data").data)["mails"]] == ["digest"]


def test_my_data_holds_the_messages_of_this_address(client: PageClient, link: str) -> None:
    inbox.send(Topic.OTHER, "Hello", "news@localhost", datetime.now(UTC), name="Maria", email=ADDRESS)
    db.session.commit()
    [message] = json.loads(client.flask.get(f"{link}/data").data)["messages"]
    assert (message["name"], message["message"]) == ("Maria", "Hello")


def test_erasing_takes_one_more_press(client: PageClient, link: str) -> None:
    assert ">Erase me</button>" in client.get(f"{link}/erase").text
    answer = client.post(f"{link}/erase")
    assert "Your data is erased" in client.get(answer.location).text
    assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 0


def test_erasing_leaves_no_address_but_a_keyed_hash(client: PageClient, link: str) -> None:
    sign_up(client)  # queues a mail to the address
    client.post("/contact", filled(topic="other", name="", email=ADDRESS, message="Hello"))
    client.post(f"{link}/erase")
    for table in db.metadata.sorted_tables:
        assert ADDRESS not in str(db.session.execute(select(table)).all()), table.name
    suppression = suppressions.find_suppression(ADDRESS)
    assert suppression is not None and suppression.reason == SuppressionReason.ERASED


def test_somebody_erased_may_come_back_on_their_own(client: PageClient, link: str) -> None:
    client.post(f"{link}/erase")
    sign_up(client)
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    assert get_subscriber().state == SubscriberState.CONFIRMED
    assert suppressions.find_suppression(ADDRESS) is None


def test_an_old_link_never_opens_the_settings_of_somebody_new(client: PageClient, link: str) -> None:
    client.post(f"{link}/erase")
    subscribed("next@example.org")  # may get the row number of the one before
    client.get(link, status=410)


def test_the_link_works_for_90_days_and_then_offers_a_new_one(client: PageClient, link: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=89)):
        client.get(link)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=91)):
        for path in (link, f"{link}/data", f"{link}/erase"):
            client.get(path, status=410)
        client.post("/newsletter/link", filled(email=ADDRESS))
        client.get(link_in(delivered()[-1], "/newsletter/preferences/"))


def test_a_hundred_views_change_nothing(client: PageClient, link: str) -> None:
    before = _row()
    for _ in range(100):
        client.get(link)
    client.get(f"{link}/erase")
    assert _row() == before


def _row() -> tuple[object, ...]:
    return tuple(db.session.execute(select(Subscriber.__table__)).one())


def test_an_unsubscribe_link_does_not_open_the_settings(client: PageClient, link: str) -> None:
    token = tokens.sign(emails.UNSUBSCRIBE, get_subscriber().key)
    for path in ("", "/data", "/erase"):
        client.get(f"/newsletter/preferences/{token}{path}", status=410)
    client.post(f"/newsletter/preferences/{token}/erase", status=410)
    assert get_subscriber().email == ADDRESS


def test_another_site_cannot_change_or_erase(client: PageClient, link: str) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    client.post(link, filled(frequency="monthly"), status=403, headers=elsewhere)
    client.post(f"{link}/erase", status=403, headers=elsewhere)
    assert get_subscriber().frequency == Frequency.WEEKLY


@pytest.mark.proves("ASVS 14.2.2", "ASVS 14.3.2")
def test_settings_are_never_stored_by_a_cache(client: PageClient, link: str) -> None:
    assert client.get(link).headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex"' in client.get(link).text
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
