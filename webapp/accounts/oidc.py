"""Sign-in by an OpenID Connect provider: the authorization code flow with PKCE, a state and a nonce.

The provider only vouches for an email address; accounts and roles are ours. Authlib is optional, so it is imported only
where a provider is asked.
"""
# ruff: noqa: PLC0415

import json
import logging
import secrets
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from flask import current_app, session, url_for

from webapp.accounts.editors import find_editor
from webapp.config import Config, is_secure
from webapp.db.writing import writing
from webapp.models import Editor
from webapp.web.errors import SiteError
from webapp.web.forms import is_exceeded
from webapp.web.outgoing import open_until, read_all

log = logging.getLogger(__name__)

LASTS = timedelta(minutes=10)  # how long somebody may take at the provider
SECONDS = 5.0
MOST_BYTES = 1_000_000
LEEWAY = 60  # seconds by which the provider's clock may differ from ours
MOST_CHARACTERS = 1000  # of each text that is remembered in the session's cookie, which has room for 4,000
# Only signatures by the provider's private key: "none" signs nothing, and HS256 would take the public key for a secret.
_ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]


class SignInRefused(SiteError):
    """Nobody is signed in by the provider; the sentence says why."""


@dataclass(frozen=True)
class SignInRequest:
    """What this browser asked the provider for, and what the sign-in page held then."""

    state: str
    nonce: str
    code_verifier: str
    asked_at: datetime
    next_page: str
    email: str  # as typed
    time_zone: str | None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error: no answer can make us call another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


def provider_name() -> str:
    """The host name of the provider; empty if there is none."""
    return urlsplit(_config().oidc_issuer).netloc


def ask(next_page: str, email: str, time_zone: str | None) -> str:
    """Remember a request in the session, and return the address to send the browser to. Raises SignInRefused."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    endpoint = _endpoint("authorization_endpoint")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    next_page, email = (text if len(text) < MOST_CHARACTERS else "" for text in (next_page, email))
    asked = SignInRequest(state, nonce, verifier, datetime.now(UTC), next_page, email, time_zone)
    session["oidc"] = astuple(asked)
    query = {
        "response_type": "code",
        "client_id": _config().oidc_client_id,
        "redirect_uri": _redirect_uri(),
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        "login_hint": email,
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def take_request(state: str, now: datetime) -> SignInRequest:
    """The request that the provider answers, removed from the session of this browser. Raises SignInRefused."""
    asked = SignInRequest(*session["oidc"]) if "oidc" in session else None
    if asked and asked.state == state:
        del session["oidc"]
        with writing():
            # A copied cookie would bring the request back, so its use is counted, under the time when it was made.
            was_used = is_exceeded("oidc-state", state, 1, LASTS, asked.asked_at)
        if not was_used and asked.asked_at > now - LASTS:
            return asked
    raise SignInRefused(
        HTTPStatus.BAD_REQUEST,
        "That took more than 10 minutes, or you began on another tab or in another browser. Please begin again.",
    )


def verified_email(asked: SignInRequest, answer: Mapping[str, str]) -> str:
    """The address that the provider has verified. Raises SignInRefused. Call it before ``writing()``: it asks the provider."""
    if answer.get("error") == "access_denied":
        sentence = f"{provider_name()} didn’t let you in, or you canceled there."
        raise SignInRefused(HTTPStatus.FORBIDDEN, sentence)
    try:
        claims = _claims(answer["code"], asked)
    except SignInRefused:
        raise
    except Exception as error:  # parsers raise more than their own errors, and nothing of it may get in
        raise _failed(f"{type(error).__name__}: {error}") from error
    email = claims.get("email")
    # ASCII only: elsewhere are letters that become others in lower case, and so the address of somebody else.
    if not isinstance(email, str) or not email.isascii() or claims.get("email_verified") is not True:
        sentence = f"{provider_name()} hasn’t verified your email address. Verify it there, or sign in with your password."
        raise SignInRefused(HTTPStatus.FORBIDDEN, sentence)
    return email


def get_editor(email: str) -> Editor:
    """The open account with this address. Raises SignInRefused."""
    editor = find_editor(email)
    if editor is None or editor.disabled_at is not None:
        sentence = f"There’s no open account for {email} here. Ask one of the admins."
        raise SignInRefused(HTTPStatus.FORBIDDEN, sentence)
    return editor


def _claims(code: str, asked: SignInRequest) -> dict[str, Any]:
    """What the provider says about the person, in the ID token or, if the address is not there, in its user info."""
    from authlib.oauth2.auth import ClientAuth

    metadata, url = _metadata(), _endpoint("token_endpoint")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _redirect_uri()}
    body = urlencode(form | {"code_verifier": asked.code_verifier})
    methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
    client = ClientAuth(_config().oidc_client_id, _config().oidc_client_secret, method)
    _, headers, body = client.prepare("POST", url, {}, body)
    tokens = _fetch_json(url, body.encode(), headers)
    claims = _valid_claims(tokens, asked.nonce)
    if "email" in claims or "userinfo_endpoint" not in metadata:
        return claims
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    user_info = _fetch_json(_endpoint("userinfo_endpoint"), headers=bearer)
    if user_info.get("sub") != claims["sub"]:
        raise _failed("user info about somebody else")
    return user_info


def _valid_claims(tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token, if it is signed by the provider, for us, for this request, and valid now."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwk, jwt
    from joserfc.errors import InvalidKeyIdError

    def decoded() -> jwt.Token:
        keys: Any = _fetch_remembered(_endpoint("jwks_uri"))
        return jwt.decode(tokens["id_token"], jwk.KeySet.import_key_set(keys), _ALGORITHMS)

    try:
        token = decoded()
    except InvalidKeyIdError:  # signed with a new key
        _fetch_of_hour.cache_clear()
        token = decoded()
    client_id = _config().oidc_client_id
    expected = {"iss": {"value": _config().oidc_issuer}, "aud": {"value": client_id}}
    of_request = {"nonce": nonce, "client_id": client_id, "access_token": tokens["access_token"]}
    claims = CodeIDToken(token.claims, token.header, expected, of_request)
    claims.validate(leeway=LEEWAY)
    return dict(claims)


def _metadata() -> dict[str, Any]:
    """The provider's discovery document. Raises SignInRefused, also if it is that of another issuer."""
    issuer = _config().oidc_issuer
    found = _fetch_remembered(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise _failed("the discovery document names another issuer than OIDC_ISSUER")
    return found


def _endpoint(name: str) -> str:
    address = _metadata().get(name)
    if not isinstance(address, str) or not is_secure(address):
        raise _failed(f"{name} is missing, or not an https address")
    return address


@lru_cache(maxsize=8)
def _fetch_of_hour(url: str, _hour: int) -> dict[str, Any]:
    return _fetch_json(url)


def _fetch_remembered(url: str) -> dict[str, Any]:
    return _fetch_of_hour(url, int(time.time()) // 3600)


def _fetch_json(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at an address of the provider, limited in time and size. Raises SignInRefused."""
    request = urllib.request.Request(url, body, {"Accept": "application/json"} | dict(headers or {}))  # noqa: S310
    try:
        with open_until(time.monotonic() + SECONDS, request, _NoRedirect(), SECONDS) as answer:
            found = json.loads(read_all(answer, MOST_BYTES))
    except HTTPError as error:
        with error:  # it holds the connection
            raise _failed(f"HTTPError: {error}") from error
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise _failed(f"{type(error).__name__}: {error}") from error
    if not isinstance(found, dict):
        raise _failed("not a JSON object")
    return found


def _failed(reason: str) -> SignInRefused:
    log.warning("the sign-in provider failed: %s", reason)
    sentence = (
        f"{provider_name()} can’t sign you in right now. Try again later, or sign in with your password."
    )
    return SignInRefused(HTTPStatus.BAD_GATEWAY, sentence)


def _redirect_uri() -> str:
    return _config().site_url + url_for("accounts.return_from_provider")


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
