"""Signing in by an OpenID Connect provider: who gets in, and everything that is refused."""

import json
import logging
import re
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from tests.accounts.people import (
    EMAIL,
    EditorClient,
    add_editor,
    app_code,
    audited,
    cookie_of,
    enter,
    sign_in,
    thief_with,
    token,
    turn_on_second_factor,
)
from tests.accounts.provider import (
    AUTHORIZE,
    CLIENT_ID,
    CLIENT_SECRET,
    DISCOVERY,
    KEYS,
    TOKEN,
    USER_INFO,
    Answer,
    Provider,
    key,
    provider,
    signed,
)
from tests.pages import PageClient
from webapp.accounts import editor_access, oidc
from webapp.db.session import db
from webapp.models import AuditEntry, AuditKind, Editor, SignIn
from webapp.web.logs import JsonFormatter

BUTTON = "/editor/sign-in/provider"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
UNSAFE = (
    "http://login.example.org/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://[login",
    "https://login:99999/",
    ["https://login.example.org/"],
)
UNVERIFIED = "hasn’t verified your email address"
FAILED = "can’t sign you in right now"


@pytest.fixture
def standing_in(app: Flask) -> Iterator[Provider]:
    """A provider that the site trusts."""
    oidc._fetch_of_hour.cache_clear()
    with provider() as started:
        trust(app, started)
        yield started


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test try as often from one address as from several: 30 times."""
    monkeypatch.setattr(editor_access, "TRIES_OF_ADDRESS", editor_access.TRIES_OF_ACCOUNT)


def trust(app: Flask, trusted: Provider) -> None:
    app.extensions["config"] = replace(
        app.extensions["config"],
        oidc_issuer=trusted.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
    )


def press(client: PageClient, status: int = 200, next_page: str = "", **typed: Any) -> str:
    """Press the button; the page that comes."""
    query = {"next": next_page} if next_page else {}
    return client.post(BUTTON, {"csrf_token": token(client)} | typed, status=status, query_string=query).text


def leads_to(page: str) -> str:
    """Where a page leads the browser at once, and by its link."""
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    assert found
    assert f'href="{found.group(1)}"' in page
    return unescape(found.group(1))


def come_back(client: PageClient, trusted: Provider, status: int = 303, **sent: Any) -> str:
    """Press the button, be let in by the provider, and come back; where that leads, or the page that comes."""
    return open_return(client, trusted.authorize(leads_to(press(client, **sent))), status)


def open_return(client: PageClient, address: str, status: int) -> str:
    """Open the address that the provider sends the browser back to."""
    assert address.startswith("http://localhost/")
    answer = client.get(address.removeprefix("http://localhost"), status=status)
    return answer.location or answer.text


def is_signed_in(client: PageClient) -> bool:
    return client.flask.get("/editor/").status_code == 200


@pytest.mark.proves("ASVS 10.2.1", "ASVS 10.5.1")
def test_the_provider_is_asked_with_pkce_a_state_and_a_nonce(
    client: PageClient, standing_in: Provider
) -> None:
    page = client.get("/editor/sign-in").text
    assert f"Sign in with {urlsplit(standing_in.issuer).netloc}" in page
    address = leads_to(press(client, email="ana@example.org"))
    assert address.startswith(f"{standing_in.issuer}{AUTHORIZE}?")
    asked = dict(parse_qsl(urlsplit(address).query))
    secrets = [asked.pop(name) for name in ("state", "nonce", "code_challenge")]
    assert all(len(secret) == 43 for secret in secrets) and len(set(secrets)) == 3
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": "http://localhost/editor/sign-in/provider",
        "scope": "openid email",
        "code_challenge_method": "S256",
        "login_hint": "ana@example.org",
    }


def test_an_editor_whose_address_is_verified_is_signed_in_and_led_on(
    client: PageClient, standing_in: Provider
) -> None:
    add_editor()
    before = token(client)
    leads = come_back(client, standing_in, next_page="/editor/summaries/new", time_zone="America/Chicago")
    assert leads == "/editor/summaries/new"
    assert is_signed_in(client)
    assert audited() == [AuditKind.SIGNED_IN]
    assert token(client, "/editor/account") != before
    assert db.session.scalar(select(Editor.time_zone)) == "America/Chicago"


def test_the_provider_never_leads_off_the_editor(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    for wanted in ("//evil.example", "/research", f"/editor/{'x' * 4000}"):
        assert come_back(client, standing_in, next_page=wanted) == "/editor/"


def test_a_second_factor_is_still_asked_for(client: PageClient, standing_in: Provider) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    leads = come_back(client, standing_in, next_page="/editor/account")
    assert leads == "/editor/sign-in/code?next=/editor/account"
    assert not is_signed_in(client)
    enter(client, app_code(secret))
    assert is_signed_in(client)


def test_whoever_needs_a_second_factor_sets_it_up_first(
    app: Flask, client: PageClient, standing_in: Provider
) -> None:
    add_editor()
    app.extensions["config"] = replace(app.extensions["config"], require_mfa=True)
    come_back(client, standing_in)
    assert client.get("/editor/", status=303).location.startswith("/editor/account/second-factor")


def test_without_a_provider_nothing_is_offered_and_its_library_is_not_needed(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] in ("authlib", "joserfc")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "authlib", None)
    monkeypatch.setitem(sys.modules, "joserfc", None)
    add_editor()
    assert BUTTON not in client.get("/editor/sign-in").text
    client.post(BUTTON, {"csrf_token": token(client)}, status=404)
    client.get(f"{BUTTON}?state=x&code=x", status=400)
    sign_in(client)
    assert is_signed_in(client)


@pytest.mark.proves("Web: a sign-in provider opens only accounts that are open, by a verified address")
def test_nobody_else_gets_in(client: PageClient, standing_in: Provider, patient: None) -> None:
    add_editor()
    add_editor("Kim Example", "kim@example.org")
    add_editor("Cal Example", "closed@example.org").disabled_at = START
    db.session.commit()
    for claims, sentence in (
        ({"email": "bo@example.org"}, "There’s no open account for bo@example.org here."),
        ({"email": "closed@example.org"}, "There’s no open account for closed@example.org here."),
        ({"email": "\N{KELVIN SIGN}im@example.org"}, UNVERIFIED),  # in lower case, kim@example.org
        ({"email": None}, UNVERIFIED),
        ({"email": ["ana@example.org"]}, UNVERIFIED),
        ({"email_verified": None}, UNVERIFIED),
        ({"email_verified": False}, UNVERIFIED),
        ({"email_verified": "false"}, UNVERIFIED),
    ):
        standing_in.claims = claims
        assert sentence in come_back(client, standing_in, status=403), claims
        assert not is_signed_in(client), claims
    assert audited() == [AuditKind.SIGN_IN_FAILED] * 8
    assert db.session.scalar(select(func.count()).select_from(Editor)) == 3


def test_a_failed_sign_in_names_the_account_and_the_provider_in_the_audit_log(
    client: PageClient, standing_in: Provider
) -> None:
    editor = add_editor()
    editor.disabled_at = START
    db.session.commit()
    come_back(client, standing_in, status=403)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.account_id, entry.detail) == (editor.id, urlsplit(standing_in.issuer).netloc)


def by_hs256(claims: dict[str, Any]) -> str:
    """Signed with the public key, which everybody knows, as if it were a shared secret."""
    return jwt.encode(
        {"alg": "HS256", "kid": "first"},
        claims,
        OctKey.import_key(key("first").as_pem(private=False)),
        ["HS256"],
    )


def by_nothing(claims: dict[str, Any]) -> str:
    parts = json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode()
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def altered(claims: dict[str, Any]) -> str:
    """The payload of one token with the signature of another."""
    head, _, signature = signed(claims).split(".")
    payload = signed(claims | {"sub": "person-2"}).split(".")[1]
    return f"{head}.{payload}.{signature}"


LONG_AGO, MUCH_LATER = 1_000_000_000, 4_000_000_000
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-site"},
    "another audience, but our name": {"aud": "another-site", "azp": CLIENT_ID},
    "no audience": {"aud": None},
    "for another party": {"aud": [CLIENT_ID, "another-site"], "azp": "another-site"},
    "for several, without a party": {"aud": [CLIENT_ID, "another-site"]},
    "expired": {"exp": LONG_AGO},
    "without an end": {"exp": None},
    "a time in words": {"exp": "tomorrow"},
    "not yet valid": {"nbf": MUCH_LATER},
    "made in the future": {"iat": MUCH_LATER},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "for another access token": {"at_hash": "AAAA"},
}
SHARED = OctKey.import_key("a secret that a careless provider publishes", {"kid": "shared"})
BAD_TOKENS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "HS256 with the public key": by_hs256,
    "HS256 with a secret that is published": lambda claims: jwt.encode(
        {"alg": "HS256", "kid": "shared"}, claims, SHARED, ["HS256"]
    ),
    "no algorithm": by_nothing,
    "an altered payload": altered,
    "a foreign key under the right name": lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "first"}, claims, key("foreign")
    ),
    "a key that nobody published": lambda claims: signed(claims, key("foreign")),
    "no token": lambda _: None,
    "a number": lambda _: 5,
    "no token at all": lambda _: "x",
    "dots": lambda _: "..",
}


@pytest.mark.proves(
    "ASVS 9.1.1", "ASVS 9.1.2", "ASVS 9.1.3", "ASVS 9.2.1", "ASVS 9.2.3", "ASVS 10.5.1", "ASVS 10.5.4"
)
def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(
    client: PageClient, standing_in: Provider, patient: None
) -> None:
    add_editor()
    standing_in.keys.append(SHARED)
    for trap in (*BAD_CLAIMS, *BAD_TOKENS):
        standing_in.claims = BAD_CLAIMS.get(trap, {})
        standing_in.sign = BAD_TOKENS.get(trap, signed)
        page = come_back(client, standing_in, status=502, email="typed@example.org")
        assert FAILED in page and 'value="typed@example.org"' in page, trap
        assert not is_signed_in(client), trap
        assert audited().pop() == AuditKind.SIGN_IN_FAILED, trap


def drip(right: Answer) -> Answer:
    """The right answer, a few bytes at a time."""

    def pieces() -> Iterator[bytes]:
        body = b"".join(right.body)
        for at in range(0, len(body), 10):
            time.sleep(0.05)
            yield body[at : at + 10]

    return Answer(body=pieces())


def late(right: Answer) -> Answer:
    time.sleep(0.5)
    return right


TROUBLE: dict[str, Callable[[Answer], Answer]] = {
    "an error": lambda _: Answer(500, body=[b"Internal Server Error"]),
    "an error with the right body": lambda right: Answer(503, body=right.body),
    "an error as JSON": lambda _: Answer(400, body=[b'{"error": "invalid_grant"}']),
    "HTML": lambda _: Answer(
        200, {"Content-Type": "text/html"}, [b"<!doctype html><title>Maintenance</title>"]
    ),
    "nothing": lambda _: Answer(200),
    "a list": lambda right: Answer(body=[b"[", *right.body, b"]"]),
    "an empty object": lambda _: Answer(body=[b"{}"]),
    "deep nesting": lambda _: Answer(body=[b"[" * 100_000]),
    "bytes that are no text": lambda _: Answer(body=[b"\xff\xfe"]),
    "a body cut short": lambda right: Answer(200, {"Content-Length": "9999"}, [b"".join(right.body)[:-9]]),
    "too much": lambda right: Answer(body=[*right.body, *[b" " * 100_000] * 11]),
    "too late": late,
    "too slow": drip,
    "a redirect": lambda _: Answer(302, {"Location": "/elsewhere"}),
    "a redirect that keeps the form": lambda _: Answer(307, {"Location": "/elsewhere"}),
}


@pytest.mark.proves("ASVS 16.5.2")
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS, USER_INFO])
def test_a_provider_in_trouble_is_named_and_the_form_is_still_there(
    client: PageClient, standing_in: Provider, path: str, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_editor()
    standing_in.metadata = {"userinfo_endpoint": standing_in.issuer + USER_INFO}
    standing_in.claims = {"email": None}
    typed: dict[str, Any] = {"email": "typed@example.org", "password": "a typed password"}
    for trouble, answer in TROUBLE.items():
        address = "" if path == DISCOVERY else standing_in.authorize(leads_to(press(client, **typed)))
        oidc._fetch_of_hour.cache_clear()
        standing_in.instead = {path: answer}
        with monkeypatch.context() as hasty:
            if answer in (late, drip):
                hasty.setattr(oidc, "SECONDS", 0.25)
            page = open_return(client, address, 502) if address else press(client, status=502, **typed)
        assert f"{urlsplit(standing_in.issuer).netloc} {FAILED}" in page, trouble
        assert 'value="typed@example.org"' in page and "a typed password" not in page, trouble
        standing_in.instead = {}
    assert "/elsewhere" not in standing_in.asked
    oidc._fetch_of_hour.cache_clear()
    assert come_back(client, standing_in) == "/editor/"


def test_a_provider_is_not_waited_for_while_its_headers_drip(
    client: PageClient, standing_in: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def drip_headers(right: Answer) -> Answer:
        def body() -> Iterator[bytes]:
            sent.append("the headers")
            yield from right.body

        return replace(right, seconds_per_header=0.05, body=body())

    oidc._fetch_of_hour.cache_clear()
    standing_in.instead = {DISCOVERY: drip_headers}
    monkeypatch.setattr(oidc, "SECONDS", 0.25)
    assert FAILED in press(client, status=502)
    assert sent == []


def test_a_provider_that_is_down_is_named(client: PageClient, app: Flask) -> None:
    oidc._fetch_of_hour.cache_clear()
    with provider() as gone:
        trust(app, gone)
    assert FAILED in press(client, status=502)


@pytest.mark.proves("ASVS 10.5.3")
def test_a_discovery_document_of_somebody_else_or_with_an_unsafe_address_is_refused(
    client: PageClient, standing_in: Provider, patient: None
) -> None:
    for metadata in ({"issuer": "https://evil.example"}, {"issuer": None}):
        oidc._fetch_of_hour.cache_clear()
        standing_in.metadata = metadata
        assert FAILED in press(client, status=502), metadata
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        for address in UNSAFE:
            oidc._fetch_of_hour.cache_clear()
            standing_in.metadata = {name: address}
            standing_in.claims = {"email": None}
            ask = press if name == "authorization_endpoint" else partial(come_back, trusted=standing_in)
            assert FAILED in ask(client, status=502), (name, address)


@pytest.mark.proves("ASVS 10.2.1")
def test_an_answer_that_this_browser_did_not_ask_for_is_refused(
    client: PageClient, standing_in: Provider
) -> None:
    add_editor()
    address = standing_in.authorize(leads_to(press(client)))
    for forged in (address.partition("state=")[0], f"{address}x", f"{address.partition('state=')[0]}state=é"):
        assert "Please begin again." in open_return(client, forged, 400)
    assert "Please begin again." in open_return(EditorClient(client.flask.application), address, 400)
    assert TOKEN not in standing_in.asked and audited() == []
    assert open_return(client, address, 303) == "/editor/"


def test_an_answer_counts_once_even_with_a_copied_cookie(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    address = standing_in.authorize(leads_to(press(client)))
    cookie = cookie_of(client)
    open_return(client, address, 303)
    assert "Please begin again." in open_return(client, address, 400)
    open_return(thief_with(client, cookie), address, 400)
    assert standing_in.asked.count(TOKEN) == 1
    assert db.session.scalar(select(func.count()).select_from(SignIn)) == 1


def test_an_answer_after_more_than_ten_minutes_is_refused(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        address = standing_in.authorize(leads_to(press(client)))
        clock.move_to(START + timedelta(minutes=10))
        assert "Please begin again." in open_return(client, address, 400)


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [("access_denied", 403, "didn’t let you in, or you canceled there"), ("server_error", 502, FAILED)],
)
def test_a_refusal_of_the_provider_is_said_in_our_words(
    client: PageClient, standing_in: Provider, error: str, status: int, sentence: str
) -> None:
    state = dict(parse_qsl(urlsplit(leads_to(press(client))).query))["state"]
    said = urlencode({"error": error, "error_description": "Call 555-0100", "state": state})
    page = open_return(client, f"http://localhost{BUTTON}?{said}", status)
    assert sentence in page and "555-0100" not in page


def test_after_a_refusal_the_password_leads_on_to_the_page_that_was_asked_for(
    client: PageClient, standing_in: Provider
) -> None:
    standing_in.claims = {"email_verified": False}
    page = come_back(client, standing_in, status=403, next_page="/editor/account")
    assert 'action="/editor/sign-in?next=/editor/account"' in page


@pytest.mark.proves("ASVS 6.3.1")
def test_the_eleventh_try_must_wait_and_a_sign_in_resets_the_count(
    client: PageClient, standing_in: Provider
) -> None:
    add_editor()
    with time_machine.travel(START, tick=False):
        for _ in range(9):
            press(client)
        come_back(client, standing_in)
        for _ in range(10):
            press(client)
        assert "Please wait 5 minutes" in press(client, status=429)


def test_a_form_without_its_token_is_shown_again(client: PageClient, standing_in: Provider) -> None:
    assert "click the button again" in client.post(BUTTON, {}, status=422).text
    assert standing_in.asked == []


def test_clocks_may_differ_by_half_a_minute(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    now = int(time.time())
    standing_in.claims = {"exp": now - 30, "iat": now + 30}
    assert come_back(client, standing_in) == "/editor/"


def test_keys_are_remembered_for_an_hour_or_until_a_new_one_signs(
    client: PageClient, standing_in: Provider
) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        come_back(client, standing_in)
        come_back(client, standing_in)
        assert (standing_in.asked.count(KEYS), standing_in.asked.count(DISCOVERY)) == (1, 1)
        standing_in.keys = [key("foreign"), key("first")]
        standing_in.sign = lambda claims: signed(claims, key("foreign"))
        assert come_back(client, standing_in) == "/editor/"
        assert standing_in.asked.count(KEYS) == 2
        clock.shift(timedelta(hours=1))
        come_back(client, standing_in)
        assert standing_in.asked.count(KEYS) == 3


def test_a_key_of_an_unknown_kind_is_passed_over(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    keys = [{"kty": "quantum", "kid": "later"}, key("first").as_dict(private=False)]
    standing_in.instead = {KEYS: lambda _: Answer(body=[json.dumps({"keys": keys}).encode()])}
    assert come_back(client, standing_in) == "/editor/"


def test_an_address_that_is_not_in_the_token_is_asked_for(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    standing_in.metadata = {"userinfo_endpoint": standing_in.issuer + USER_INFO}
    standing_in.claims = {"email": None, "email_verified": None}
    standing_in.user_info = {"sub": "person-2"}
    assert FAILED in come_back(client, standing_in, status=502)
    standing_in.user_info = {"email_verified": False}
    assert UNVERIFIED in come_back(client, standing_in, status=403)
    standing_in.user_info = {}
    assert come_back(client, standing_in) == "/editor/"


def test_the_secret_is_sent_as_the_provider_takes_it(client: PageClient, standing_in: Provider) -> None:
    add_editor()
    standing_in.takes_secret_in_body = True
    standing_in.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert come_back(client, standing_in) == "/editor/"


def test_nonsense_about_the_secret_is_no_error_of_ours(client: PageClient, standing_in: Provider) -> None:
    standing_in.metadata = {"token_endpoint_auth_methods_supported": 5}
    assert FAILED in come_back(client, standing_in, status=502)


def test_an_issuer_may_end_in_a_slash(app: Flask, client: PageClient, standing_in: Provider) -> None:
    add_editor()
    standing_in.issuer += "/"
    trust(app, standing_in)
    assert come_back(client, standing_in) == "/editor/"


@pytest.mark.proves("ASVS 16.2.5")
def test_the_log_says_what_failed_and_no_secret(
    client: PageClient, standing_in: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    standing_in.claims = {"nonce": "another"}
    address = standing_in.authorize(leads_to(press(client, email=EMAIL)))
    tokens: list[str] = []

    def sign_and_remember(claims: dict[str, Any]) -> str:
        tokens.append(signed(claims))
        return tokens[-1]

    standing_in.sign = sign_and_remember
    open_return(client, address, 502)
    logged = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert "Invalid claim: 'nonce'" in logged
    sent = dict(parse_qsl(urlsplit(address).query))
    for secret in (CLIENT_SECRET, EMAIL, *sent.values(), *tokens):
        assert secret not in logged


def test_in_a_page_whose_sign_in_ran_out_the_provider_is_on_another_tab(
    client: PageClient, standing_in: Provider
) -> None:
    fragment = client.fragment("/editor/sign-in")
    assert BUTTON not in fragment
    assert '<a href="/editor/sign-in" target="_blank">open another tab</a>' in fragment
