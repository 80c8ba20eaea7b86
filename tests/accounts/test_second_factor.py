"""The second factor: set it up, sign in with it, recovery codes, turn it off."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import (
    EMAIL,
    PASSWORD,
    EditorClient,
    add_editor,
    app_code,
    audited,
    codes_on,
    cookie_of,
    enter,
    sign_in,
    thief_with,
    token,
    token_on,
    turn_on_second_factor,
)
from tests.engines import both_engines
from tests.pages import PageClient
from webapp import create_app
from webapp.accounts import second_factor
from webapp.config import Config
from webapp.db.session import db
from webapp.models import AuditKind, Editor, RecoverableForm, RecoveryCode, SecondFactor, SignIn

PAGE = "/editor/account/second-factor"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def shown_key(client: PageClient, path: str = PAGE) -> str:
    return "".join(re.findall(r"<code>([A-Z2-7]{4})</code>", client.get(path).text))


def set_up(client: PageClient, path: str = PAGE, **changes: str) -> str:
    """Turn the second factor on as a person does; the page that comes back."""
    sent = {
        "code": app_code(shown_key(client, path)),
        "password": PASSWORD,
        "csrf_token": token(client, path),
    }
    return client.post(path, sent | changes, status=200 if not changes else 422).text


def test_a_code_from_the_app_turns_it_on_and_ten_recovery_codes_are_shown_once(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    codes = codes_on(set_up(client))
    assert len(set(codes)) == 10
    assert "It’s on" in client.get(PAGE).text
    assert not codes_on(client.get(PAGE).text)
    assert AuditKind.FACTOR_ON in audited()
    kept = list(db.session.scalars(select(RecoveryCode.code_hash)))
    assert len(kept) == 10 and not set(kept) & set(codes)


def test_the_picture_and_the_key_say_the_same_until_it_is_confirmed(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    key = shown_key(client)
    assert len(key) == 32 and shown_key(client) == key
    page = client.get(PAGE).text
    assert f"otpauth://totp/Spinal%20Cord%20Research%20Help:ana%40example.org?secret={key}" in page
    assert '<svg viewBox="' in page and 'role="img"' in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "000000"}, "That code doesn’t match."),
        ({"code": ""}, "Enter the 6 digits that the app shows."),
        ({"password": "not the password"}, "That’s not your current password."),
    ],
)
def test_it_stays_off_without_a_right_code_and_the_password(
    client: PageClient, changes: dict[str, str], sentence: str
) -> None:
    add_editor()
    sign_in(client)
    assert sentence in set_up(client, **changes)
    assert db.session.scalar(select(SecondFactor)) is None


@pytest.mark.proves("ASVS 7.4.3")
def test_turning_it_on_signs_out_everywhere_else(client: PageClient, app: Flask) -> None:
    add_editor()
    elsewhere = EditorClient(app)
    sign_in(elsewhere)
    sign_in(client)
    set_up(client)
    elsewhere.get("/editor/", status=303)
    client.get("/editor/")


def test_after_the_password_a_code_is_asked_for(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
    answer = client.post("/editor/sign-in", sent, query_string={"next": "/editor/account"})
    assert answer.location == "/editor/sign-in/code?next=/editor/account"
    client.get("/editor/", status=303)
    page = client.get(answer.location).text
    assert 'autocomplete="one-time-code"' in page and 'inputmode="numeric"' in page
    sent = {"code": app_code(secret), "csrf_token": token(client, answer.location)}
    assert client.post(answer.location, sent).location == "/editor/account"
    client.get("/editor/")
    assert audited()[-1] == AuditKind.SIGNED_IN


def test_half_way_is_not_signed_in_and_nobody_sees_anything(client: PageClient) -> None:
    turn_on_second_factor(add_editor())
    sign_in(client)
    for path in ("/editor/", "/editor/account", PAGE, "/editor/summaries/new"):
        assert client.get(path, status=303).location.startswith("/editor/sign-in")
    assert AuditKind.SIGNED_IN not in audited()


@pytest.mark.proves("ASVS 7.2.4")
def test_the_session_is_new_after_the_code(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sign_in(client)
    half_way = cookie_of(client)
    enter(client, app_code(secret))
    thief = thief_with(client, half_way)
    thief.get("/editor/", status=303)
    thief.get("/editor/sign-in/code", status=303)


@pytest.mark.proves("ASVS 6.5.1")
def test_a_code_works_once(client: PageClient, app: Flask) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        code = app_code(secret)
        enter(client, code)
        other = EditorClient(app)
        sign_in(other)
        assert "was used before" in enter(other, code, status=422)
        clock.shift(30)
        assert "was used before" in enter(other, code, status=422)
        enter(other, app_code(secret))


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_clock_may_be_one_step_off(client: PageClient, steps: int, status: int) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    with time_machine.travel(START, tick=False):
        sign_in(client)
        enter(client, app_code(secret, steps), status=status)


def test_an_earlier_code_does_not_work_after_a_later_one(app: Flask) -> None:
    editor = add_editor()
    secret, _ = turn_on_second_factor(editor)
    with time_machine.travel(START, tick=False):
        assert second_factor.use_code(editor, app_code(secret, 1), START)
        assert not second_factor.use_code(editor, app_code(secret, 0), START)


@both_engines
def test_of_two_who_send_the_same_code_at_once_one_gets_in(app: Flask, config: Config) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    site = create_app(config)
    with time_machine.travel(START, tick=False):
        browsers = [PageClient(site) for _ in range(4)]
        for browser in browsers:
            sign_in(browser)
        tokens = [token(browser, "/editor/sign-in/code") for browser in browsers]
        code, together, statuses = app_code(secret), threading.Barrier(4), []

        def send(browser: PageClient, csrf_token: str) -> None:
            together.wait()
            sent = {"code": code, "csrf_token": csrf_token}
            answer = browser.flask.post(
                "/editor/sign-in/code", data=sent, headers={"Sec-Fetch-Site": "same-origin"}
            )
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=send, args=pair) for pair in zip(browsers, tokens, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with site.app_context():
        db.engine.dispose()
    assert sorted(statuses) == [303, 422, 422, 422]


def test_the_eleventh_code_is_asked_to_wait_and_a_recovery_code_still_works(client: PageClient) -> None:
    secret, codes = turn_on_second_factor(add_editor())
    with time_machine.travel(START, tick=False):
        sign_in(client)
        for _ in range(10):
            enter(client, "000000", status=422)
        assert "Please wait 5 minutes" in enter(client, app_code(secret), status=429)
        enter(client, codes[0], "recovery-code")


def test_more_network_addresses_give_no_more_tries(client: PageClient) -> None:
    turn_on_second_factor(add_editor())
    with time_machine.travel(START, tick=False):
        sign_in(client)
        path = "/editor/sign-in/code"
        sent = {"code": "000000", "csrf_token": token(client, path)}
        statuses = [
            client.flask.post(
                path,
                data=sent,
                headers={"Sec-Fetch-Site": "same-origin"},
                environ_base={"REMOTE_ADDR": f"10.0.0.{number}"},
            ).status_code
            for number in range(11)
        ]
    assert statuses == [422] * 10 + [429]


@pytest.mark.proves("ASVS 6.5.1")
def test_a_recovery_code_signs_in_once_however_it_is_typed(client: PageClient, app: Flask) -> None:
    _, codes = turn_on_second_factor(add_editor())
    sign_in(client)
    assert enter(client, f" {codes[3].upper().replace('-', ' ')} ", "recovery-code") == "/editor/"
    assert "You have 9 recovery codes left." in client.get(PAGE).text
    assert AuditKind.RECOVERY_CODE_USED in audited()
    other = EditorClient(app)
    sign_in(other)
    assert "was used before" in enter(other, codes[3], "recovery-code", status=422)


def test_the_two_steps_link_to_each_other(client: PageClient) -> None:
    turn_on_second_factor(add_editor())
    sign_in(client)
    assert "Use a recovery code instead" in client.get("/editor/sign-in/code?next=/editor/account").text
    page = client.get("/editor/sign-in/recovery-code?next=/editor/account").text
    assert 'href="/editor/sign-in/code?next=/editor/account"' in page


def test_ten_minutes_after_the_password_it_is_asked_for_again(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        csrf_token = token(client, "/editor/sign-in/code")
        clock.shift(timedelta(minutes=10))
        sent = {"code": app_code(secret), "csrf_token": csrf_token}
        assert "Please begin again." in client.post("/editor/sign-in/code", sent, status=422).text
        client.get("/editor/sign-in/code", status=303)


def test_a_code_from_another_site_or_without_a_token_does_not_count(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sign_in(client)
    sent = {"code": app_code(secret)}
    client.post("/editor/sign-in/code", sent, status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert "click the button again" in client.post("/editor/sign-in/code", sent, status=422).text
    enter(client, app_code(secret))


def test_in_the_page_the_code_follows_the_password_and_the_text_goes_on(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    form = client.fragment("/editor/sign-in")
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token_on(form)}
    form = client.post_fragment("/editor/sign-in", sent)
    assert 'id="sign-in-form"' in form and 'data-hx-post="/editor/sign-in/code"' in form
    other = client.fragment("/editor/sign-in/recovery-code")
    assert 'data-hx-get="/editor/sign-in/code"' in other
    wrong = client.post_fragment(
        "/editor/sign-in/code", {"code": "1", "csrf_token": token_on(form)}, status=422
    )
    sent = {"code": app_code(secret), "csrf_token": token_on(wrong)}
    assert "data-token" in client.post_fragment("/editor/sign-in/code", sent)
    client.get("/editor/")


@pytest.fixture
def signed_in(client: PageClient) -> tuple[str, list[str]]:
    """Somebody who signed in with a recovery code; the secret, and the codes that are left."""
    secret, codes = turn_on_second_factor(add_editor())
    sign_in(client)
    enter(client, codes.pop(), "recovery-code")
    return secret, codes


def test_new_recovery_codes_need_the_password_and_end_the_old_ones(
    client: PageClient, app: Flask, signed_in: tuple[str, list[str]]
) -> None:
    path, sent = f"{PAGE}/recovery-codes", {"csrf_token": token(client, PAGE)}
    client.post(path, sent | {"password": "not the password"}, status=422)
    fresh = codes_on(client.post(path, sent | {"password": PASSWORD}, status=200).text)
    other = EditorClient(app)
    sign_in(other)
    enter(other, signed_in[1][0], "recovery-code", status=422)
    enter(other, fresh[0], "recovery-code")
    assert AuditKind.RECOVERY_CODES_MADE in audited()


@pytest.mark.proves("ASVS 7.5.1")
def test_turning_it_off_needs_the_password_and_a_code(
    client: PageClient, app: Flask, signed_in: tuple[str, list[str]]
) -> None:
    secret, _ = signed_in
    path, sent = f"{PAGE}/off", {"csrf_token": token(client, PAGE)}
    for wrong in ({"password": PASSWORD, "code": "000000"}, {"password": "nope", "code": app_code(secret)}):
        client.post(path, sent | wrong, status=422)
    assert db.session.scalar(select(SecondFactor)) is not None
    right = {"password": PASSWORD, "code": app_code(secret)}
    assert client.post(path, sent | right).location == "/editor/account?done=factor-off"
    assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    other = EditorClient(app)
    sign_in(other)
    other.get("/editor/")
    assert AuditKind.FACTOR_OFF in audited()


def test_a_recovery_code_turns_it_off_as_well(client: PageClient, signed_in: tuple[str, list[str]]) -> None:
    sent = {"password": PASSWORD, "code": signed_in[1][0], "csrf_token": token(client, PAGE)}
    client.post(f"{PAGE}/off", sent)
    assert db.session.scalar(select(SecondFactor)) is None


def test_guessing_the_password_there_is_slowed_down(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False):
        sign_in(client)
        for _ in range(10):
            set_up(client, password="guess")
        sent = {"code": "1", "password": PASSWORD, "csrf_token": token(client, PAGE)}
        assert "Please wait 5 minutes" in client.post(PAGE, sent, status=429).text


def test_a_second_one_cannot_take_the_place_of_the_first(app: Flask) -> None:
    editor = add_editor()
    secret, _ = turn_on_second_factor(editor)
    with pytest.raises(second_factor.AlreadyOn):
        second_factor.turn_on(editor, second_factor.new_secret(), 0, [], START)
    assert db.session.scalar(select(SecondFactor.secret)) == secret


# ------------------------------------------------------------------ where everybody must have one


@pytest.fixture
def strict(config: Config, app: Flask) -> EditorClient:
    """A browser on the same site with REQUIRE_MFA set, with somebody signed in who has no second factor."""
    add_editor()
    client = EditorClient(create_app(replace(config, require_mfa=True)))
    sign_in(client)
    return client


@pytest.mark.proves("ASVS 6.3.3")
def test_where_it_is_required_it_is_set_up_before_anything_else(strict: EditorClient) -> None:
    for path in ("/editor/", "/editor/account", "/editor/summaries/new"):
        assert strict.get(path, status=303).location == f"{PAGE}?next={path}"
    page = set_up(strict, f"{PAGE}?next=/editor/summaries/new")
    assert 'href="/editor/summaries/new">I’ve saved them. Continue' in page
    strict.get("/editor/summaries/new", follow_redirects=True)


def test_a_text_that_was_sent_before_it_is_set_up_comes_back(strict: EditorClient) -> None:
    strict.post("/editor/summaries/new/save", {"harms": "Typed before."})
    assert db.session.scalar(select(RecoverableForm.path)) == "/editor/summaries/new"
    set_up(strict)
    assert "Typed before.</textarea>" in strict.get("/editor/summaries/new", follow_redirects=True).text


def test_a_page_that_saves_by_itself_says_what_to_do(strict: EditorClient) -> None:
    notice = strict.post_fragment("/editor/summaries/new/autosave", {}, status=401)
    assert "Set it up on another tab" in notice


@pytest.mark.proves("ASVS 6.5.2", "ASVS 6.5.4")
def test_only_hashes_of_passwords_and_codes_are_stored(client: PageClient) -> None:
    _, codes = turn_on_second_factor(add_editor())
    sign_in(client)
    hashes = set(db.session.scalars(select(RecoveryCode.code_hash)))
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in hashes)
    assert not hashes & set(codes)
    assert db.session.scalar(select(SignIn.needs_code)) is True
    assert db.session.scalar(select(Editor.password_hash)) != PASSWORD
