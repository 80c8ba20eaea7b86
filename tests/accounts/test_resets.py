"""A new password by mail: the same answer for everybody, and a link that works once."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import (
    EMAIL,
    PASSWORD,
    EditorClient,
    add_editor,
    audited,
    sign_in,
    token,
    turn_on_second_factor,
)
from tests.newsletter.steps import delivered, link_in, text_of
from tests.pages import PageClient
from webapp.accounts import mailed_links
from webapp.accounts.mailed_links import LinkKind
from webapp.db.session import db
from webapp.models import AuditEntry, AuditKind, Editor, OutboxMessage
from webapp.web import tokens

FORGOTTEN = "/editor/forgotten"
FRESH = "copper kettle under snow"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def ask(client: PageClient, email: str = EMAIL, status: int = 303) -> str:
    answer = client.post(FORGOTTEN, {"email": email, "csrf_token": token(client, FORGOTTEN)}, status=status)
    return answer.location or answer.text


def mailed_link(client: PageClient) -> str:
    ask(client)
    return link_in(delivered()[-1], "/editor/reset/")


def choose(client: PageClient, link: str, new: str = FRESH, status: int = 303) -> str:
    answer = client.post(link, {"new": new, "csrf_token": token(client, link)}, status=status)
    return answer.location or answer.text


def test_a_link_in_a_mail_leads_to_a_new_password(client: PageClient) -> None:
    add_editor()
    link = mailed_link(client)
    assert choose(client, link) == "/editor/sign-in?new=yes"
    assert "Your new password is set." in client.get("/editor/sign-in?new=yes").text
    sign_in(client, password=FRESH)
    client.get("/editor/")
    assert audited() == [AuditKind.LINK_ASKED, AuditKind.PASSWORD_RESET, AuditKind.SIGNED_IN]


def test_the_mail_goes_to_the_account_and_says_what_to_do_if_it_was_somebody_else(
    client: PageClient,
) -> None:
    add_editor()
    ask(client, " Ana@Example.org ")
    [mail] = delivered()
    assert mail["To"] == EMAIL and mail["Subject"] == "Choose a new password"
    assert "Your password stays as it is." in text_of(mail)
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.proves("ASVS 6.3.8")
def test_a_known_an_unknown_and_a_closed_account_get_the_same_bytes(client: PageClient) -> None:
    add_editor()
    add_editor("Bo Closed", "bo@example.org").disabled_at = START
    db.session.commit()
    csrf_token, answers = token(client, FORGOTTEN), []
    for email in (EMAIL, "nobody@example.org", "bo@example.org"):
        answer = client.post(FORGOTTEN, {"email": email, "csrf_token": csrf_token})
        answers.append((answer.status, answer.location, answer.data, sorted(answer.headers.keys())))
    assert answers[0] == answers[1] == answers[2]
    assert [mail["To"] for mail in delivered()] == [EMAIL]


def test_what_is_no_address_is_said(client: PageClient) -> None:
    for typed in ("ana", "*", "ana@", "a b@example.org"):
        assert "like name@example.org" in ask(client, typed, status=422)


def test_an_unknown_address_is_not_stored(client: PageClient) -> None:
    ask(client, "nobody@example.org")
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.kind, entry.actor_id, entry.account_id, entry.detail) == (
        AuditKind.LINK_ASKED,
        None,
        None,
        "",
    )
    assert db.session.scalar(select(OutboxMessage)) is None


def test_asking_often_sends_three_mails_an_hour_and_answers_the_same(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False):
        for _ in range(5):
            assert ask(client) == "/editor/forgotten?sent=yes"
        assert len(delivered()) == 3


def test_the_eleventh_try_from_one_place_is_asked_to_wait(client: PageClient) -> None:
    with time_machine.travel(START, tick=False):
        for number in range(10):
            ask(client, f"person{number}@example.org")
        assert "Please wait an hour" in ask(client, status=429)


def test_opening_the_link_a_hundred_times_changes_nothing(client: PageClient) -> None:
    add_editor()
    link = mailed_link(client)
    before = db.session.scalar(select(Editor.password_hash))
    for _ in range(100):
        client.flask.get(link)
    assert db.session.scalar(select(Editor.password_hash)) == before
    choose(client, link)


def test_every_sign_in_ends(client: PageClient, app: Flask) -> None:
    add_editor()
    elsewhere = EditorClient(app)
    sign_in(elsewhere)
    choose(client, mailed_link(client))
    elsewhere.get("/editor/", status=303)


@pytest.mark.proves("ASVS 6.4.3")
def test_the_second_factor_is_still_asked_for(client: PageClient) -> None:
    turn_on_second_factor(add_editor())
    choose(client, mailed_link(client))
    sign_in(client, password=FRESH)
    client.get("/editor/", status=303)
    client.get("/editor/sign-in/code")


def test_a_weak_password_is_refused_and_the_link_still_works(client: PageClient) -> None:
    add_editor()
    link = mailed_link(client)
    assert "at least 12 characters" in choose(client, link, "short", status=422)
    choose(client, link)


def link_for(kind: LinkKind, editor: Editor) -> str:
    return f"/editor/{kind}/{mailed_links.new_token(kind, editor)}"


def bad_links(client: PageClient) -> dict[str, str]:
    """Links that must not work: used, too old, altered, made for something else, of a closed account."""
    editor, closed = add_editor(), add_editor("Bo Closed", "bo@example.org")
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=61), tick=False):
        expired = link_for(LinkKind.RESET, editor)
    closed_link = link_for(LinkKind.RESET, closed)
    closed.disabled_at = START
    db.session.commit()
    good, used = link_for(LinkKind.RESET, editor), link_for(LinkKind.INVITATION, editor)
    choose(client, used)
    return {
        "used": used,
        "made before the password changed": good,
        "expired": expired,
        "altered": link_for(LinkKind.RESET, editor)[:-1] + "!",
        "for something else": f"/editor/reset/{tokens.sign('newsletter-unsubscribe', '1 x')}",
        "invitation as reset": link_for(LinkKind.INVITATION, editor).replace("invitation", "reset"),
        "closed": closed_link,
        "nothing": "/editor/reset/x",
        "nobody": f"/editor/reset/{tokens.sign('password-reset', '99999 x')}",
    }


@pytest.mark.proves("Promise 4: an expired, reused or altered link gets the same page, and is logged")
def test_a_bad_link_gets_the_same_page_whatever_is_wrong_and_is_logged(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    links = bad_links(client)
    pages = {}
    with caplog.at_level(logging.INFO, logger="webapp.accounts.reset_views"):
        for name, link in links.items():
            shown = client.get(link, status=410).text
            sent = {"new": "another long pass phrase", "csrf_token": token(client)}
            posted = client.post(link, sent, status=410).text
            pages[name] = (plain(shown, link), plain(posted, link))
    assert len(set(pages.values())) == 1, {name: hash(page) for name, page in pages.items()}
    assert "This link no longer works" in next(iter(pages.values()))[0]
    records = [record for record in caplog.records if record.message == "a link did not work"]
    assert len(records) == 2 * len(links)
    assert not any(link.rsplit("/", 1)[1] in caplog.text for link in links.values() if len(link) > 20)
    sign_in(client, password=FRESH)
    client.get("/editor/")


def plain(page: str, link: str) -> str:
    """The page without the parts that differ on any page: its own address and the form's token."""
    lines = page.replace(link, "LINK").splitlines()
    return "\n".join(line for line in lines if not re.search("csrf_token|og:url|request-id", line))


def test_of_two_who_hold_the_same_link_the_second_gets_nothing(app: Flask) -> None:
    editor = add_editor()
    link = mailed_links.new_token(LinkKind.RESET, editor)
    mailed_links.set_password(LinkKind.RESET, link, "the first hash")
    db.session.commit()
    with pytest.raises(tokens.TokenError):
        mailed_links.set_password(LinkKind.RESET, link, "the second hash")


@pytest.mark.proves("ASVS 6.4.1")
def test_an_invitation_lasts_three_days(client: PageClient) -> None:
    editor = add_editor()
    now = datetime.now(UTC)
    for age, status in ((timedelta(days=2, hours=23), 200), (timedelta(days=3, minutes=1), 410)):
        with time_machine.travel(now - age, tick=False):
            link = link_for(LinkKind.INVITATION, editor)
        client.get(link, status=status)


def test_another_site_cannot_send_the_forms(client: PageClient) -> None:
    link = link_for(LinkKind.RESET, add_editor())
    cross = {"Sec-Fetch-Site": "cross-site"}
    client.post(FORGOTTEN, {"email": EMAIL}, status=403, headers=cross)
    client.post(link, {"new": FRESH}, status=403, headers=cross)
    assert "click the button again" in client.post(link, {"new": FRESH}, status=422).text
    assert "click the button again" in client.post(FORGOTTEN, {"email": EMAIL}, status=422).text
    sign_in(client, password=PASSWORD)
    client.get("/editor/")
