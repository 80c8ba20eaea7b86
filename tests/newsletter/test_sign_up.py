"""Signing up: double opt-in, and the same answer for known and unknown addresses."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
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
    text_of,
    without_tokens,
)
from tests.pages import PageClient
from webapp.db.session import db
from webapp.mail import outbox, suppressions
from webapp.models import BounceKind, MailKind, OutboxMessage, Subscriber, SubscriberState, SuppressionReason
from webapp.newsletter.subscriptions import CONSENT_WORDING
from webapp.web import tokens


def test_signing_up_and_confirming_puts_you_on_the_list(client: PageClient) -> None:
    sign_up(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    assert "Yes, send them to me" in client.get(link).text
    assert client.post(link).location == "/newsletter/confirmed"
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_sign_up_leads_to_a_page_that_says_to_check_the_mail(client: PageClient) -> None:
    answer = client.post("/subscribe", filled(email=ADDRESS))
    assert "Check your email" in client.get(answer.location).text


def test_htmx_gets_the_same_words_in_place_of_the_form(client: PageClient) -> None:
    fragment = client.post_fragment("/subscribe", filled(email=ADDRESS))
    assert fragment.strip().startswith('<div id="signup"')
    assert fragment.strip() in client.get("/subscribe/sent").text


def test_the_form_fragment_is_part_of_its_page(client: PageClient) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False):
        fragment, page = client.fragment("/subscribe"), client.get("/subscribe").text
        assert without_tokens(fragment.strip()) in without_tokens(page)


def test_consent_is_recorded(client: PageClient) -> None:
    headers = {"Referer": "http://localhost/research/an-article?from=search"}
    client.post("/subscribe", filled(email=ADDRESS, **{"topics[]": ["pain-management"]}), headers=headers)
    subscriber = get_subscriber()
    assert subscriber.consent_page == "/research/an-article"
    assert subscriber.consent_wording == CONSENT_WORDING
    assert subscriber.topics == ["pain-management"]
    assert datetime.now(UTC) - subscriber.asked_at < timedelta(seconds=5)


def test_one_address_is_one_subscriber_however_it_is_typed(client: PageClient) -> None:
    sign_up(client, "Maria@Example.ORG")
    sign_up(client, " maria@example.org ")
    assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 1


@pytest.mark.proves("Promise 4: a sign-up gets the same answer for a new, a known and a suppressed address")
def test_every_state_of_an_address_gets_the_same_answer(client: PageClient) -> None:
    subscribed("confirmed@example.org")
    sign_up(client, "pending@example.org")
    suppressions.suppress("suppressed@example.org", SuppressionReason.COMPLAINED, datetime.now(UTC))
    db.session.commit()
    names = ("new", "pending", "confirmed", "suppressed")
    answers = [client.post("/subscribe", filled(email=f"{name}@example.org")) for name in names]
    fragments = [client.post_fragment("/subscribe", filled(email=f"{name}@example.org")) for name in names]
    assert {(answer.status, answer.data, answer.location) for answer in answers} == {
        (answers[0].status, answers[0].data, answers[0].location)
    }
    assert set(fragments) == {fragments[0]}


def test_a_subscriber_who_signs_up_again_gets_a_mail(client: PageClient) -> None:
    subscribed()
    sign_up(client)
    assert "already get our newsletter" in delivered()[-1]["Subject"]


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED])
def test_somebody_whose_mail_came_back_can_sign_up_again(
    client: PageClient, reason: SuppressionReason
) -> None:
    subscribed()
    suppressions.suppress(ADDRESS, reason, datetime.now(UTC))
    db.session.commit()
    sign_up(client)
    assert suppressions.find_suppression(ADDRESS) is not None
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    assert get_subscriber().state == SubscriberState.CONFIRMED
    assert suppressions.find_suppression(ADDRESS) is None


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED])
def test_a_new_link_leads_back_after_mail_came_back(client: PageClient, reason: SuppressionReason) -> None:
    subscribed(now=datetime.now(UTC) - timedelta(days=100), topics=["bladder"])
    suppressions.suppress(ADDRESS, reason, datetime.now(UTC))
    db.session.commit()
    client.post("/newsletter/link", filled(email=ADDRESS))
    forget(datetime.now(UTC) + timedelta(hours=1))
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    subscriber = get_subscriber()
    assert (subscriber.state, subscriber.topics) == (SubscriberState.CONFIRMED, ["bladder"])
    assert suppressions.find_suppression(ADDRESS) is None


def test_who_comes_back_starts_without_bounces(client: PageClient) -> None:
    """Otherwise the next mail that comes back would be the third, and end the subscription at once.

    The mail to confirm was delivered, but its row is gone after a month.
    """
    subscribed()
    for number in range(3):
        if number == 2:
            forget(datetime.now(UTC) + timedelta(days=40))
        message = outbox.enqueue(MailKind.DIGEST, ADDRESS, datetime.now(UTC))
        outbox.record_bounce(message, BounceKind.HARD, datetime.now(UTC))
        db.session.commit()
        if number == 1:
            assert get_subscriber().state == SubscriberState.SUPPRESSED
            sign_up(client)
            client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_signing_up_again_after_unsubscribing_needs_a_new_confirmation(client: PageClient) -> None:
    subscribed(state=SubscriberState.UNSUBSCRIBED)
    sign_up(client)
    assert get_subscriber().state == SubscriberState.PENDING
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    assert get_subscriber().unsubscribed_at is None


def test_an_address_gets_one_mail_an_hour_and_five_a_day(client: PageClient) -> None:
    start = datetime.now(UTC)
    for hours in range(0, 14):
        with time_machine.travel(start + timedelta(hours=hours, minutes=2 * hours), tick=False):
            sign_up(client)
            sign_up(client)
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 5


def test_the_link_is_stored_only_as_a_hash(client: PageClient) -> None:
    sign_up(client)
    message = delivered()[-1]
    secret = link_in(message, "/newsletter/confirm/").rpartition("/")[2]
    assert len(secret) >= 22  # 128 bits in base64
    assert get_subscriber().confirm_hash == tokens.secret_hash(secret)
    row = db.session.scalars(select(OutboxMessage)).one()
    assert secret not in str(vars(row))


@pytest.mark.proves("Promise 4: opening a link in a mail changes nothing")
def test_opening_a_link_a_hundred_times_changes_nothing(client: PageClient) -> None:
    sign_up(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    for _ in range(100):
        client.get(link)
    assert get_subscriber().state == SubscriberState.PENDING


def test_confirming_twice_keeps_the_first_date(client: PageClient) -> None:
    sign_up(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    client.post(link)
    first = get_subscriber().confirmed_at
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=5), tick=False):
        client.post(link)
    assert get_subscriber().confirmed_at == first


def _links_that_do_not_work(client: PageClient) -> list[str]:
    sign_up(client, "used@example.org")
    used = link_in(delivered()[-1], "/newsletter/confirm/")
    client.post(used)
    other_purpose = tokens.sign("newsletter-preferences", get_subscriber("used@example.org").key)
    return [used, used[:-2] + "xx", f"/newsletter/confirm/{other_purpose}", "/newsletter/confirm/nonsense"]


@pytest.mark.proves("Promise 4: an expired, reused or altered link gets the same page, and is logged")
def test_links_that_do_not_work_all_show_the_same_page(client: PageClient) -> None:
    links = _links_that_do_not_work(client)
    with time_machine.travel(datetime.now(UTC), tick=False):
        pages = {without_tokens(client.get(link, status=410).text) for link in links}
    assert len(pages) == 1
    assert "This link no longer works" in pages.pop()
    client.get("/newsletter/confirm/%00", status=400)  # no text at all


def test_a_link_works_for_48_hours(client: PageClient) -> None:
    now = datetime.now(UTC)
    sign_up(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    with time_machine.travel(now + timedelta(hours=47, minutes=59), tick=False):
        client.get(link)
    with time_machine.travel(now + timedelta(hours=48, minutes=1), tick=False):
        client.get(link, status=410)
        client.post(link, status=410)
    assert get_subscriber().state == SubscriberState.PENDING


def test_the_page_of_an_old_link_offers_a_new_one(client: PageClient) -> None:
    sign_up(client)
    assert 'action="/newsletter/link"' in client.get("/newsletter/confirm/old", status=410).text
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=49)):
        client.post("/newsletter/link", filled(email=ADDRESS))
        link = link_in(delivered()[-1], "/newsletter/confirm/")
        client.post(link)
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_asking_for_a_link_tells_nobody_who_is_on_the_list(client: PageClient) -> None:
    subscribed()
    answers = [
        client.post("/newsletter/link", filled(email=email)) for email in (ADDRESS, "other@example.org")
    ]
    assert answers[0].data == answers[1].data
    assert len(delivered()) == 1


@pytest.mark.parametrize(
    "email", ["", "maria@", "maria example.org", "a@b@c.org", "x@example.org\r\nBcc: y@z.org"]
)
def test_an_invalid_address_is_refused_and_shown_again(client: PageClient, email: str) -> None:
    page = client.post("/subscribe", filled(email=email), status=422).text
    assert "name@example.org" in page
    assert "<title>Error: " in page
    assert delivered() == []


def test_a_refused_form_keeps_what_was_typed(client: PageClient) -> None:
    page = client.post(
        "/subscribe", filled(email="maria@", **{"topics[]": ["pain-management"]}), status=422
    ).text
    assert 'value="maria@"' in page
    assert "checked" in page


def test_an_unknown_topic_is_refused(client: PageClient) -> None:
    client.post("/subscribe", filled(email=ADDRESS, **{"topics[]": ["no-such-topic"]}), status=422)


@pytest.mark.proves("Web: public forms need our own site, a signed time, and an empty hidden field")
def test_a_robot_that_fills_the_hidden_field_gets_thanks_and_nothing_happens(client: PageClient) -> None:
    client.post("/subscribe", filled(email=ADDRESS, website="https://spam.example"))
    assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 0


@pytest.mark.proves("Web: public forms need our own site, a signed time, and an empty hidden field")
def test_a_form_sent_faster_than_a_person_can_type_asks_to_press_again(client: PageClient) -> None:
    form = filled(email=ADDRESS) | {"token": tokens.sign("form-time", "")}
    assert "click the button again" in client.post("/subscribe", form, status=422).text


@pytest.mark.proves("Web: public forms need our own site, a signed time, and an empty hidden field")
def test_another_site_cannot_sign_people_up(client: PageClient) -> None:
    client.post("/subscribe", filled(email=ADDRESS), status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert delivered() == []


def test_too_many_tries_must_wait_and_the_text_is_shown_again(client: PageClient) -> None:
    for number in range(10):
        sign_up(client, f"person{number}@example.org")
    answer = client.post("/subscribe", filled(email=ADDRESS), status=429)
    assert f'value="{ADDRESS}"' in answer.text
    assert answer.headers["Retry-After"]
    assert ADDRESS not in [row.recipient for row in db.session.scalars(select(OutboxMessage))]


def test_pages_with_a_form_are_never_stored(client: PageClient) -> None:
    assert client.get("/subscribe").headers["Cache-Control"] == "no-store"


def test_the_band_on_other_pages_is_the_same_for_everybody(app: Flask) -> None:
    with app.test_request_context():
        band = app.jinja_env.get_template("newsletter/_signup.html").module
        assert 'href="/subscribe"' in band.signup()  # type: ignore[attr-defined]
        assert 'name="token"' not in band.signup()  # type: ignore[attr-defined]


def test_mails_say_why_they_come_and_how_to_stop(client: PageClient) -> None:
    subscribed()
    sign_up(client)
    text = text_of(delivered()[-1])
    assert "You’re getting this email because you signed up" in text
    assert "/newsletter/unsubscribe/" in text
