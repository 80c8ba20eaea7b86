"""Signing in and out, and what protects the pages of the editor."""

import dataclasses
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask, session
from sqlalchemy import func, select

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
from tests.conftest import KEY, pushed
from tests.pages import PageClient
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.models import Editor, SignIn

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_an_editor_signs_in_and_sees_the_list(client: PageClient) -> None:
    add_editor()
    sent = {"email": "Ana@Example.org ", "password": PASSWORD, "csrf_token": token(client)}
    answer = client.post("/editor/sign-in", sent)
    assert answer.location == "/editor/"
    assert "New summary" in client.get("/editor/").text


@pytest.mark.parametrize(
    ("sent", "stored"), [("America/Chicago", "America/Chicago"), ("Moon/Base", None), ("", None)]
)
def test_the_first_sign_in_takes_the_time_zone_of_the_browser(
    client: PageClient, sent: str, stored: str | None
) -> None:
    add_editor()
    form = {"email": EMAIL, "password": PASSWORD, "time_zone": sent, "csrf_token": token(client)}
    client.post("/editor/sign-in", form)
    assert db.session.scalar(select(Editor.time_zone)) == stored
    assert f"Times are shown in {stored or 'UTC'}." in client.get("/editor/").text


@pytest.mark.parametrize("password", [PASSWORD, "a guess of somebody else"])
def test_a_time_zone_that_was_chosen_stays_and_a_wrong_password_sets_none(
    client: PageClient, password: str
) -> None:
    editor = add_editor()
    editor.time_zone = chosen = "Asia/Tokyo" if password == PASSWORD else None
    db.session.commit()
    form = {"email": EMAIL, "password": password, "time_zone": "America/Chicago", "csrf_token": token(client)}
    client.post("/editor/sign-in", form, status=303 if password == PASSWORD else 422)
    assert db.session.scalar(select(Editor.time_zone)) == chosen


def test_until_then_times_are_those_of_the_site(config: Config, seeded: Path) -> None:
    shutil.copytree(seeded, config.instance_path)
    with pushed(dataclasses.replace(config, time_zone="Australia/Perth")) as app:
        client = EditorClient(app)
        add_editor()
        sign_in(client)
        assert "Times are shown in Australia/Perth." in client.get("/editor/").text
        assert '<option selected value="Australia/Perth">' in client.get("/editor/account").text
        assert (
            "Your time zone is Australia/Perth."
            in client.get("/editor/summaries/new", follow_redirects=True).text
        )


def test_signing_in_leads_on_to_the_page_that_was_asked_for(client: PageClient) -> None:
    add_editor()
    asked = client.get("/editor/summaries/new", status=303)
    assert asked.location == "/editor/sign-in?next=/editor/summaries/new"
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post(asked.location, sent).location == "/editor/summaries/new"


@pytest.mark.proves("Web: redirects lead only to our own pages", "ASVS 3.7.2")
@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/editor/\\evil.example", "/research", "x"]
)
def test_signing_in_never_leads_off_the_editor(client: PageClient, next_page: str) -> None:
    add_editor()
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/editor/sign-in", sent, query_string={"next": next_page}).location == "/editor/"


@pytest.mark.proves(
    "Promise 4: the eleventh attempt to sign in waits, and a sign-in starts a new session", "ASVS 7.2.4"
)
def test_the_session_is_new_after_signing_in(client: PageClient) -> None:
    add_editor()
    before = token(client)
    old = cookie_of(client)
    client.post("/editor/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": before})
    assert cookie_of(client) != old
    assert token(client, "/editor/account") != before


def test_signing_in_again_ends_the_sign_in_before(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    stolen = cookie_of(client)
    sign_in(client)
    thief_with(client, stolen).get("/editor/", status=303)
    client.get("/editor/")


def test_only_a_hash_of_the_sign_in_is_stored(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    with client.flask.session_transaction("/editor/") as kept:
        secret = kept["sign_in"]
    assert db.session.scalar(select(SignIn.secret_hash)) != secret


@pytest.mark.proves(
    "Web: a sign-in ends after 2 idle hours, after 12 hours, at sign-out, and with a new password",
    "ASVS 7.4.1",
)
def test_signing_out_ends_it_on_the_server(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    stolen = cookie_of(client)
    client.post("/editor/sign-out", {"csrf_token": token(client, "/editor/")})
    client.get("/editor/", status=303)
    client.flask.set_cookie("session", stolen)
    client.get("/editor/", status=303)
    assert db.session.scalar(select(func.count()).select_from(SignIn)) == 0


@pytest.mark.proves(
    "Web: a sign-in ends after 2 idle hours, after 12 hours, at sign-out, and with a new password",
    "ASVS 7.1.1",
    "ASVS 7.3.1",
)
def test_a_sign_in_ends_after_two_idle_hours(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        clock.move_to(START + timedelta(hours=1, minutes=59))
        client.get("/editor/")
        clock.move_to(START + timedelta(hours=3, minutes=58))
        client.get("/editor/")
        clock.move_to(START + timedelta(hours=5, minutes=59))
        client.get("/editor/", status=303)


@pytest.mark.proves(
    "Web: a sign-in ends after 2 idle hours, after 12 hours, at sign-out, and with a new password",
    "ASVS 7.1.1",
    "ASVS 7.3.2",
)
def test_a_sign_in_ends_after_twelve_hours_whatever_happens(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        for hour in range(1, 12):
            clock.move_to(START + timedelta(hours=hour))
            client.get("/editor/")
        clock.move_to(START + timedelta(hours=12))
        client.get("/editor/", status=303)


@pytest.mark.proves("ASVS 6.3.8")
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: PageClient) -> None:
    add_editor()
    first = {"email": EMAIL, "password": "not the password", "csrf_token": token(client)}
    wrong = client.post("/editor/sign-in", first, status=422).text
    second = {"email": "bo@example.org", "password": PASSWORD, "csrf_token": token(client)}
    unknown = client.post("/editor/sign-in", second, status=422).text
    sentence = "That email address and password don’t match. Please check both."
    assert sentence in wrong and sentence in unknown
    assert 'value="ana@example.org"' in wrong


@pytest.mark.proves(
    "Promise 4: the eleventh attempt to sign in waits, and a sign-in starts a new session", "ASVS 6.3.1"
)
def test_the_eleventh_try_must_wait_and_shows_the_address_again(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sent = {"email": EMAIL, "password": "not the password", "csrf_token": token(client)}
        for _ in range(10):
            client.post("/editor/sign-in", sent, status=422)
        answer = client.post("/editor/sign-in", sent | {"password": PASSWORD}, status=429)
        assert "Please wait 5 minutes" in answer.text
        assert 'value="ana@example.org"' in answer.text
        clock.move_to(START + timedelta(minutes=5))
        client.post("/editor/sign-in", sent | {"password": PASSWORD})


@pytest.mark.proves("Web: attempts are counted for all workers, and nobody can be locked out")
def test_several_editors_behind_one_address_do_not_slow_each_other(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False):
        for _ in range(11):
            client.post(
                "/editor/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
            )


@pytest.mark.proves("ASVS 6.3.1")
def test_many_addresses_cannot_try_one_account_without_end(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False):
        sent = {"email": EMAIL, "password": "not the password", "csrf_token": token(client)}
        for number in range(30):
            client.post(
                "/editor/sign-in", sent, status=422, environ_base={"REMOTE_ADDR": f"10.0.0.{number // 8}"}
            )
        client.post("/editor/sign-in", sent, status=429, environ_base={"REMOTE_ADDR": "10.0.0.9"})


def test_a_form_without_its_token_is_shown_again(client: PageClient) -> None:
    add_editor()
    answer = client.post("/editor/sign-in", {"email": EMAIL, "password": PASSWORD}, status=422)
    assert "click the button again" in answer.text


def test_another_site_cannot_sign_anybody_in_or_out(client: PageClient) -> None:
    add_editor()
    cross = {"Sec-Fetch-Site": "cross-site"}
    client.post("/editor/sign-in", {"email": EMAIL, "password": PASSWORD}, status=403, headers=cross)
    sign_in(client)
    client.post("/editor/sign-out", {"csrf_token": token(client, "/editor/")}, status=403, headers=cross)
    client.get("/editor/")


def test_empty_fields_are_named(client: PageClient) -> None:
    text = client.post("/editor/sign-in", {"csrf_token": token(client)}, status=422).text
    assert "Enter your email address." in text and "Enter your password." in text


@pytest.mark.proves("ASVS 14.3.2")
def test_editor_pages_are_never_stored(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    for path in ("/editor/sign-in", "/editor/", "/editor/summaries/new"):
        assert client.get(path, follow_redirects=True).headers["Cache-Control"] == "no-store"


@pytest.mark.proves("ASVS 3.3.2", "ASVS 3.3.4")
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: PageClient) -> None:
    set_cookie = client.get("/editor/sign-in").headers["Set-Cookie"]
    assert set_cookie.startswith("session=")
    assert "HttpOnly" in set_cookie and "SameSite=Lax" in set_cookie and "Path=/" in set_cookie


@pytest.mark.proves("Web: the session cookie is bound to the host")
def test_on_https_the_cookie_is_bound_to_this_host(config: Config) -> None:
    environ = {"INSTANCE_PATH": str(config.instance_path), "SECRET_KEY": KEY, "SITE_URL": "https://localhost"}
    client = PageClient(create_app(Config.from_environ(environ)))
    set_cookie = client.get("/editor/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert set_cookie.startswith("__Host-session=") and "Secure" in set_cookie and "Domain" not in set_cookie


@pytest.mark.proves("Web: sessions exist only in the editor")
def test_touching_the_session_on_a_public_page_is_an_error(app: Flask) -> None:
    with app.test_request_context("/research"):
        for touch in (
            lambda: session.get("x"),
            lambda: session.update(x=1),
            lambda: "x" in session,
            lambda: session["x"],
        ):
            with pytest.raises(RuntimeError, match="public pages have no session"):
                touch()
