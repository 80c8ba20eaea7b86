"""Passkeys: add and remove them, sign in with one after the password or alone, and everything that is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.authenticator import PRESENT, Authenticator, options_on
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
from tests.pages import PageClient
from webapp import create_app
from webapp.accounts import passkeys
from webapp.config import Config
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import AuditKind, Editor, Passkey, RecoveryCode, Role, SecondFactor

PAGE = "/editor/account/second-factor"
ALONE = "/editor/sign-in/passkey-alone"
AFTER_PASSWORD = "/editor/sign-in/passkey"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RP_ID, ORIGIN = "localhost", "http://localhost"


def start_adding(client: PageClient, path: str = "", **changes: str) -> str:
    """Give name and password for a new passkey; the page that lets the browser make it."""
    sent = {"name": "Work laptop", "password": PASSWORD, "csrf_token": token(client, PAGE)} | changes
    return client.post(f"{PAGE}/passkeys{path}", sent, status=200).text


def finish_adding(client: PageClient, page: str, answer: str, status: int = 303) -> str:
    """Send what the device answered; where it leads, or the page that comes back."""
    sent = {"code": answer, "csrf_token": token_on(page)}
    reply = client.post(f"{PAGE}/passkeys/new", sent, status=status)
    return reply.location or reply.text


def add_passkey(client: PageClient, name: str = "Work laptop", status: int = 200) -> Authenticator:
    """Add a passkey as somebody who is signed in does; the device that has it."""
    device = Authenticator(ORIGIN, RP_ID)
    page = start_adding(client, name=name)
    finish_adding(client, page, device.create(options_on(page)), status)
    return device


def remove(client: PageClient, passkey_id: int, password: str = PASSWORD, status: int = 303) -> str | None:
    """Remove a passkey; where it leads."""
    sent = {"passkey": str(passkey_id), "password": password, "csrf_token": token(client, PAGE)}
    return client.post(f"{PAGE}/passkeys/remove", sent, status=status).location


def use(client: PageClient, path: str, device: Authenticator, status: int = 303) -> str:
    """Sign in with a passkey at one of the two addresses; where it leads, or the page that comes back."""
    page = client.get("/editor/sign-in" if path == ALONE else path).text
    sent = {"code": device.get(options_on(page)), "csrf_token": token_on(page)}
    reply = client.post(path, sent, status=status)
    return reply.location or reply.text


@pytest.fixture
def device(client: PageClient, app: Flask) -> Authenticator:
    """The device of Ana, who added a passkey in another browser and is not signed in here."""
    add_editor()
    other = EditorClient(app)
    sign_in(other)
    return add_passkey(other)


# ------------------------------------------------------------------ add and remove


def test_the_first_passkey_shows_recovery_codes_once(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    device = Authenticator(ORIGIN, RP_ID)
    page = start_adding(client)
    shown = finish_adding(client, page, device.create(options_on(page)), status=200)
    assert len(codes_on(shown)) == 10
    stored = db.session.scalars(select(Passkey)).one()
    assert (stored.name, stored.credential_id) == ("Work laptop", device.credential_id)
    assert AuditKind.PASSKEY_ADDED in audited()
    assert "You have 1 passkey. You have 10 recovery codes left." in client.get(PAGE).text


def test_several_can_be_added_and_each_removed(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    add_passkey(client)
    page = client.get(PAGE).text
    assert "<b>Work laptop</b>" in page and "not used yet" in page
    add_passkey(client, "Phone", status=303)
    phone = db.session.scalars(select(Passkey.id).where(Passkey.name == "Phone")).one()
    assert remove(client, phone) == f"{PAGE}?done=removed"
    assert db.session.scalars(select(Passkey.name)).all() == ["Work laptop"]
    assert len(db.session.scalars(select(RecoveryCode)).all()) == 10
    assert audited()[-1] == AuditKind.PASSKEY_REMOVED


def test_the_recovery_codes_go_with_the_last_factor(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    add_passkey(client)
    only = db.session.scalars(select(Passkey.id)).one()
    remove(client, only)
    assert db.session.scalar(select(RecoveryCode)) is None
    fresh = EditorClient(client.flask.application)
    sign_in(fresh)
    fresh.get("/editor/")


def test_without_the_app_the_passkey_and_its_recovery_codes_stay(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sign_in(client)
    enter(client, app_code(secret))
    add_passkey(client, status=303)
    sent = {"password": PASSWORD, "code": app_code(secret, 1), "csrf_token": token(client, PAGE)}
    client.post(f"{PAGE}/off", sent)
    assert db.session.scalar(select(SecondFactor)) is None
    assert db.session.scalar(select(Passkey)) is not None
    assert len(db.session.scalars(select(RecoveryCode)).all()) == 10


@pytest.mark.proves("ASVS 7.5.1")
def test_adding_and_removing_need_the_password(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    sent = {"name": "Phone", "password": "not the password", "csrf_token": token(client, PAGE)}
    page = client.post(f"{PAGE}/passkeys", sent, status=422).text
    assert "That’s not your current password." in page and 'value="Phone"' in page
    sent = {"code": "{}", "csrf_token": token(client, PAGE)}
    client.post(f"{PAGE}/passkeys/new", sent, status=303)
    add_passkey(client)
    only = db.session.scalars(select(Passkey.id)).one()
    remove(client, only, "not the password", status=422)
    assert db.session.scalars(select(Passkey.id)).one() == only


def test_the_passkey_of_somebody_else_cannot_be_removed(client: PageClient, device: Authenticator) -> None:
    add_editor("Bo", "bo@example.org")
    sign_in(client, "bo@example.org")
    add_passkey(client)
    hers = db.session.scalars(select(Passkey.id).where(Passkey.credential_id == device.credential_id)).one()
    remove(client, hers, status=422)
    assert len(db.session.scalars(select(Passkey)).all()) == 2


@pytest.mark.proves("ASVS 7.4.3")
def test_adding_one_signs_out_everywhere_else(client: PageClient, app: Flask) -> None:
    add_editor()
    elsewhere = EditorClient(app)
    sign_in(elsewhere)
    sign_in(client)
    add_passkey(client)
    elsewhere.get("/editor/", status=303)
    client.get("/editor/")


def test_a_device_that_has_a_passkey_is_told_so(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    device = add_passkey(client)
    options = options_on(start_adding(client))
    assert [one["id"] for one in options["excludeCredentials"]] == [json.loads(device.get(options))["id"]]
    assert options["rp"]["id"] == RP_ID


LIES: dict[str, Callable[[Authenticator], None]] = {
    "another origin": lambda device: setattr(device, "origin", "https://evil.example"),
    "another scheme": lambda device: setattr(device, "origin", ORIGIN.replace("http:", "https:")),
    "another port": lambda device: setattr(device, "origin", f"{ORIGIN}:8001"),
    "another RP id": lambda device: setattr(device, "rp_id", "evil.example"),
    "nobody present": lambda device: setattr(device, "flags", 0),
}


@pytest.mark.proves("ASVS 6.3.3")
@pytest.mark.parametrize("lie", LIES)
def test_a_passkey_made_for_something_else_is_not_added_and_logged(
    client: PageClient, lie: str, caplog: pytest.LogCaptureFixture
) -> None:
    add_editor()
    sign_in(client)
    device = Authenticator(ORIGIN, RP_ID)
    LIES[lie](device)
    page = start_adding(client)
    assert "Please try again." in finish_adding(client, page, device.create(options_on(page)), status=422)
    assert db.session.scalar(select(Passkey)) is None
    assert "a passkey was refused" in caplog.messages


def test_a_passkey_made_for_an_earlier_challenge_or_known_already_is_not_added(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    device = Authenticator(ORIGIN, RP_ID)
    early = device.create(options_on(start_adding(client)))
    page = start_adding(client)
    again = finish_adding(client, page, early, status=422)
    finish_adding(client, again, device.create(options_on(again)), status=200)
    page = start_adding(client)
    finish_adding(client, page, device.create(options_on(page)), status=422)
    assert len(db.session.scalars(select(Passkey)).all()) == 1


@pytest.mark.proves("ASVS 7.5.1")
def test_an_hour_after_the_password_it_is_asked_for_again_whatever_was_tried_meanwhile(
    client: PageClient,
) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        device = Authenticator(ORIGIN, RP_ID)
        page = start_adding(client)
        clock.shift(timedelta(minutes=40))
        page = finish_adding(client, page, "nonsense", status=422)
        clock.shift(timedelta(minutes=20))
        late = client.get(finish_adding(client, page, device.create(options_on(page)))).text
        assert "No passkey was added." in late and "Your password" in late
    assert db.session.scalar(select(Passkey)) is None


# ------------------------------------------------------------------ sign in


def test_a_passkey_alone_signs_in_and_leads_to_the_page_asked_for(
    client: PageClient, device: Authenticator
) -> None:
    page = client.get("/editor/sign-in?next=/editor/account").text
    assert f'formaction="{ALONE}?next=/editor/account"' in page
    options = options_on(page)
    assert options["userVerification"] == "required" and not options["allowCredentials"]
    sent = {"code": device.get(options), "csrf_token": token_on(page)}
    reply = client.post(ALONE, sent, query_string={"next": "/editor/account"})
    assert reply.location == "/editor/account"
    client.get("/editor/account")
    assert audited()[-1] == AuditKind.SIGNED_IN
    stored = db.session.scalars(select(Passkey)).one()
    assert stored.sign_count == 1 and stored.last_used_at is not None


@pytest.mark.proves("ASVS 6.3.3")
def test_a_passkey_is_the_second_step_after_the_password(client: PageClient, device: Authenticator) -> None:
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/editor/sign-in", sent).location == AFTER_PASSWORD
    client.get("/editor/", status=303)
    device.flags = PRESENT  # the password was given: a touch is enough
    assert use(client, AFTER_PASSWORD, device) == "/editor/"
    client.get("/editor/")


@pytest.mark.proves("ASVS 7.2.4")
def test_the_session_is_new_after_a_passkey(client: PageClient, device: Authenticator) -> None:
    sign_in(client)
    half_way = cookie_of(client)
    use(client, AFTER_PASSWORD, device)
    thief_with(client, half_way).get("/editor/", status=303)


def test_in_the_page_the_passkey_follows_the_password(client: PageClient, device: Authenticator) -> None:
    form = client.fragment("/editor/sign-in")
    assert f'data-hx-post="{ALONE}"' in form
    sent = {"email": EMAIL, "password": PASSWORD, "csrf_token": token_on(form)}
    form = client.post_fragment("/editor/sign-in", sent)
    assert f'data-hx-post="{AFTER_PASSWORD}"' in form
    sent = {"code": device.get(options_on(form)), "csrf_token": token_on(form)}
    assert "data-token" in client.post_fragment(AFTER_PASSWORD, sent)


def test_without_the_device_a_recovery_code_signs_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    device, page = Authenticator(ORIGIN, RP_ID), start_adding(client)
    shown = finish_adding(client, page, device.create(options_on(page)), status=200)
    other = EditorClient(client.flask.application)
    sign_in(other)
    assert "Use a recovery code instead" in other.get(AFTER_PASSWORD).text
    assert enter(other, codes_on(shown)[0], "recovery-code") == "/editor/"


def test_without_scripts_password_and_app_still_sign_in(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sign_in(client)
    enter(client, app_code(secret))
    add_passkey(client, status=303)
    other = EditorClient(client.flask.application)
    sign_in(other)
    page = other.get(AFTER_PASSWORD).text
    assert "Use a code from the app instead" in page
    for path, here in ((AFTER_PASSWORD, page), (ALONE, page)):
        sent = {"code": "", "csrf_token": token_on(here)}
        assert "They need JavaScript" in other.post(path, sent, status=422).text
    enter(other, app_code(secret, 1))


def test_an_admin_takes_passkeys_off_as_well(client: PageClient, device: Authenticator) -> None:
    add_editor("Bo Admin", "bo@example.org", Role.ADMIN)
    sign_in(client, "bo@example.org")
    ana = db.session.scalars(select(Editor).where(Editor.email == EMAIL)).one()
    page = f"/editor/people/{ana.id}"
    assert "The second factor is on." in client.get(page).text
    client.post(f"{page}/second-factor", {"csrf_token": token(client, page)})
    assert db.session.scalar(select(Passkey)) is None and db.session.scalar(select(RecoveryCode)) is None


@pytest.mark.proves("ASVS 6.3.3")
def test_where_a_second_factor_is_required_a_passkey_is_one(config: Config, app: Flask) -> None:
    add_editor()
    strict = EditorClient(create_app(replace(config, require_mfa=True)))
    sign_in(strict)
    assert strict.get("/editor/account", status=303).location == f"{PAGE}?next=/editor/account"
    device, path = Authenticator(ORIGIN, RP_ID), f"{PAGE}/passkeys/new?next=/editor/account"
    page = start_adding(strict, "?next=/editor/account")
    assert f'action="{path}"' in page
    sent = {"code": device.create(options_on(page)), "csrf_token": token_on(page)}
    assert 'href="/editor/account">I’ve saved them' in strict.post(path, sent, status=200).text
    strict.get("/editor/account")


# ------------------------------------------------------------------ refusals


@pytest.mark.proves("ASVS 6.3.3")
@pytest.mark.parametrize("path", [ALONE, AFTER_PASSWORD])
@pytest.mark.parametrize("lie", LIES)
def test_a_signature_for_something_else_does_not_sign_in(
    client: PageClient, device: Authenticator, path: str, lie: str
) -> None:
    sign_in(client)
    LIES[lie](device)
    assert "That passkey didn’t work." in use(client, path, device, status=422)
    client.get("/editor/", status=303)
    assert audited()[-1] == AuditKind.SIGN_IN_FAILED


def test_alone_the_device_must_have_verified_the_person(client: PageClient, device: Authenticator) -> None:
    device.flags = PRESENT
    use(client, ALONE, device, status=422)
    client.get("/editor/", status=303)


def test_a_passkey_that_nobody_added_does_not_sign_in(client: PageClient, device: Authenticator) -> None:
    stranger = Authenticator(ORIGIN, RP_ID)
    use(client, ALONE, stranger, status=422)
    stranger.credential_id = device.credential_id  # but not its key
    use(client, ALONE, stranger, status=422)
    client.get("/editor/", status=303)


def test_the_passkey_of_somebody_else_is_no_second_step(client: PageClient, device: Authenticator) -> None:
    turn_on_second_factor(add_editor("Bo", "bo@example.org"))
    sign_in(client, "bo@example.org")
    use(client, AFTER_PASSWORD, device, status=422)
    client.get("/editor/", status=303)


def test_a_passkey_that_names_another_owner_does_not_sign_in(
    client: PageClient, device: Authenticator
) -> None:
    device.user_handle = "ZWRpdG9yLTk5"  # editor-99
    use(client, ALONE, device, status=422)


@pytest.mark.proves("ASVS 6.5.1")
@pytest.mark.parametrize("count", [-1, 0])  # 0 again: a key that is synchronized does not count
def test_a_copied_cookie_and_answer_work_once(client: PageClient, device: Authenticator, count: int) -> None:
    device.count = count if count < 0 else device.count
    page = client.get("/editor/sign-in").text
    cookie = cookie_of(client)
    sent = {"code": device.get(options_on(page)), "csrf_token": token_on(page)}
    client.post(ALONE, sent)
    thief = thief_with(client, cookie)
    thief.post(ALONE, sent, status=422)
    thief.get("/editor/", status=303)


def test_a_sign_count_that_does_not_grow_is_refused(client: PageClient, device: Authenticator) -> None:
    use(client, ALONE, device)
    device.count -= 1  # a copy of the key
    use(EditorClient(client.flask.application), ALONE, device, status=422)


def test_of_two_answers_with_the_same_count_one_signs_in(app: Flask, device: Authenticator) -> None:
    proofs = []
    for _ in range(2):
        device.count = 0
        with app.test_request_context("/editor/"):
            answer = device.get(json.loads(passkeys.sign_in_options()))
            proofs.append(passkeys.find_proof(answer, datetime.now(UTC), is_alone=True))
    with writing() as now:
        assert [proof is not None and passkeys.use(proof, now) is not None for proof in proofs] == [
            True,
            False,
        ]


def test_a_challenge_works_for_an_hour_in_the_browser_it_was_made_for(
    client: PageClient, device: Authenticator
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        answer = device.get(options_on(client.get("/editor/sign-in").text))
        other = EditorClient(client.flask.application)
        other.post(ALONE, {"code": answer, "csrf_token": token(other)}, status=422)
        page = client.get("/editor/sign-in").text
        answer = device.get(options_on(page))
        clock.shift(timedelta(hours=1))
        client.post(ALONE, {"code": answer, "csrf_token": token_on(page)}, status=422)
    client.get("/editor/", status=303)


def test_the_passkey_of_a_closed_account_does_not_sign_in(client: PageClient, device: Authenticator) -> None:
    ana = db.session.scalars(select(Editor)).one()
    ana.disabled_at = START
    db.session.commit()
    use(client, ALONE, device, status=422)


@pytest.mark.proves("ASVS 6.3.1")
def test_the_eleventh_passkey_from_an_address_has_to_wait(client: PageClient, device: Authenticator) -> None:
    with time_machine.travel(START, tick=False):
        for _ in range(10):
            use(client, ALONE, Authenticator(ORIGIN, RP_ID), status=422)
        assert "Please wait 5 minutes" in use(client, ALONE, device, status=429)


def test_an_answer_that_is_no_passkey_at_all_is_refused(client: PageClient, device: Authenticator) -> None:
    right = json.loads(device.get(options_on(client.get("/editor/sign-in").text)))
    wrongs: tuple[object, ...] = ("", "é", "AAAA", [], None, 5, "A" * 5001)
    answers = ["x", "[]", "null", "1e999", "[" * 5000, '{"id": 1}', "{}"]
    for name in right["response"]:
        for wrong in wrongs:
            answers.append(json.dumps(right | {"response": right["response"] | {name: wrong}}))
    for number, answer in enumerate(answers):
        fresh = EditorClient(client.flask.application)
        page = fresh.get("/editor/sign-in").text
        sent = {"code": answer, "csrf_token": token_on(page)}
        reply = fresh.flask.post(
            ALONE,
            data=sent,
            headers={"Sec-Fetch-Site": "same-origin"},
            environ_base={"REMOTE_ADDR": f"10.0.0.{number}"},
        )
        assert reply.status_code == 422, answer[:80]
        fresh.get("/editor/", status=303)


def test_the_address_typed_before_is_still_there_after_a_refusal(
    client: PageClient, device: Authenticator
) -> None:
    page = client.get("/editor/sign-in").text
    sent = {"email": EMAIL, "password": "typed", "code": "{}", "csrf_token": token_on(page)}
    page = client.post(ALONE, sent, status=422).text
    assert f'value="{EMAIL}"' in page and "typed" not in page


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://Example.org:443", "example.org", "https://example.org"),
        ("https://exämple.org", "xn--exmple-cua.org", "https://xn--exmple-cua.org"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_is_named_as_browsers_name_it(config: Config, address: str, rp_id: str, origin: str) -> None:
    editor = Editor(id=1, name="Ana", email=EMAIL)
    with create_app(replace(config, site_url=address)).test_request_context("/editor/"):
        options = json.loads(passkeys.registration_options(editor, "Phone", datetime.now(UTC)))
        made = Authenticator(origin, rp_id).create(options)
        assert options["rp"]["id"] == rp_id
        assert passkeys.find_new(made, datetime.now(UTC)) is not None
