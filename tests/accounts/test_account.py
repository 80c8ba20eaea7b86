"""One's own account: time zone, password, other sign-ins."""

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import (
    EMAIL,
    PASSWORD,
    EditorClient,
    add_editor,
    cookie_of,
    sign_in,
    thief_with,
    token,
)
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Editor, RecoverableForm

ACCOUNT = "/editor/account"
FRESH = "copper kettle under snow"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


@pytest.fixture
def elsewhere(app: Flask, signed_in: None) -> PageClient:
    """The same person in another browser."""
    client = EditorClient(app)
    sign_in(client)
    return client


def change(client: PageClient, current: str = PASSWORD, new: str = FRESH, status: int = 303) -> str:
    sent = {"current": current, "new": new, "csrf_token": token(client, ACCOUNT)}
    answer = client.post(f"{ACCOUNT}/password", sent, status=status)
    return answer.location or answer.text


def test_a_new_password_is_taken_and_the_old_one_is_gone(client: PageClient) -> None:
    assert "We changed your password" in client.get(change(client)).text
    client.post("/editor/sign-out", {"csrf_token": token(client, ACCOUNT)})
    client.post(
        "/editor/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}, status=422
    )
    sign_in(client, password=FRESH)


@pytest.mark.proves(
    "Web: a sign-in ends after 2 idle hours, after 12 hours, at sign-out, and with a new password",
    "ASVS 7.4.3",
)
def test_a_new_password_ends_every_other_sign_in(client: PageClient, elsewhere: PageClient) -> None:
    change(client)
    elsewhere.get("/editor/", status=303)
    client.get("/editor/")


def test_the_session_is_new_after_a_new_password(client: PageClient) -> None:
    before = cookie_of(client)
    change(client)
    thief_with(client, before).get("/editor/", status=303)


@pytest.mark.proves("ASVS 6.2.2", "ASVS 6.2.3")
def test_the_password_so_far_is_asked_for(client: PageClient) -> None:
    assert "That’s not your current password." in change(client, current="something else", status=422)
    change(client)


@pytest.mark.parametrize("new", ["short", "password1234", "ana example 2026"])
def test_a_weak_password_is_refused(client: PageClient, new: str) -> None:
    page = change(client, new=new, status=422)
    assert "at least 12 characters" in page or "easy to guess" in page


def test_guessing_the_password_so_far_is_slowed_down(client: PageClient) -> None:
    with time_machine.travel(START, tick=False):
        sign_in(client)
        for _ in range(10):
            change(client, current="guess", status=422)
        assert "Please wait 5 minutes" in change(client, status=429)


def test_other_sign_ins_are_counted_and_ended(client: PageClient, elsewhere: PageClient) -> None:
    assert "You’re also signed in on 1 other browser." in client.get(ACCOUNT).text
    client.post(f"{ACCOUNT}/end-others", {"csrf_token": token(client, ACCOUNT)})
    elsewhere.get("/editor/", status=303)
    assert "You’re signed in only here." in client.get(ACCOUNT).text


def test_a_time_zone_is_chosen_from_the_known_ones(client: PageClient) -> None:
    sent = {"time_zone": "America/New_York", "csrf_token": token(client, ACCOUNT)}
    client.post(f"{ACCOUNT}/time-zone", sent)
    client.post(f"{ACCOUNT}/time-zone", sent | {"time_zone": "Moon/Base"}, status=422)
    assert db.session.scalar(select(Editor.time_zone)) == "America/New_York"


@pytest.mark.parametrize("path", ["password", "time-zone", "end-others"])
def test_nothing_of_it_works_signed_out_or_without_a_token(client: PageClient, app: Flask, path: str) -> None:
    EditorClient(app).post(f"{ACCOUNT}/{path}", {"current": PASSWORD, "new": FRESH, "time_zone": "UTC"})
    client.post(f"{ACCOUNT}/{path}", {"current": PASSWORD, "new": FRESH, "time_zone": "UTC"}, status=400)
    sign_in(client)


def test_a_password_sent_after_the_session_expired_is_not_stored(app: Flask) -> None:
    answer = EditorClient(app).post(f"{ACCOUNT}/password", {"current": PASSWORD, "new": FRESH})
    assert answer.location == "/editor/sign-in"
    assert db.session.scalar(select(RecoverableForm)) is None


def test_a_stranger_is_asked_to_sign_in(app: Flask) -> None:
    assert EditorClient(app).get(ACCOUNT, status=303).location == "/editor/sign-in?next=/editor/account"
