"""A sign-in provider: a local HTTP server that speaks OpenID Connect, and does wrong what a test asks for."""

import hashlib
import json
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.http_servers import SilentHandler, http_server

CLIENT_ID, CLIENT_SECRET = "research-help", "a-secret-of-the-client"
DISCOVERY, AUTHORIZE, TOKEN = "/.well-known/openid-configuration", "/authorize", "/token"
KEYS, USER_INFO = "/keys", "/userinfo"


@lru_cache
def key(name: str) -> RSAKey:
    """A key pair of the provider, made once: that takes a while."""
    return RSAKey.generate_key(2048, {"kid": name})


def signed(claims: dict[str, Any], by: RSAKey | None = None) -> str:
    """An ID token with this key's name in its header."""
    by = by or key("first")
    return jwt.encode({"alg": "RS256", "kid": by.kid}, claims, by)


@dataclass(frozen=True)
class Answer:
    """One answer of the server. Its body is sent piece by piece."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    seconds_per_header: float = 0.0  # of 90 more headers, if not 0


@dataclass
class Provider:
    """What the provider says; a test changes what it likes."""

    issuer: str
    metadata: dict[str, Any] = field(default_factory=dict)  # changes of the discovery document
    claims: dict[str, Any] = field(default_factory=dict)  # changes of the ID token; None leaves a claim out
    user_info: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] = field(default=signed)
    keys: list[RSAKey | OctKey] = field(default_factory=lambda: [key("first")])
    # by path: makes another answer of the right one
    instead: dict[str, Callable[[Answer], Answer]] = field(default_factory=dict)
    takes_secret_in_body: bool = False
    asked: list[str] = field(default_factory=list)  # the paths
    requests: dict[str, dict[str, str]] = field(default_factory=dict)  # by code

    def authorize(self, address: str) -> str:
        """Let the person in who comes from the site; the address that their browser is sent back to."""
        wanted, code = dict(parse_qsl(urlsplit(address).query)), secrets.token_urlsafe()
        self.requests[code] = wanted
        return f"{wanted['redirect_uri']}?{urlencode({'code': code, 'state': wanted['state']})}"

    def answer(self, address: str, headers: Message, form: dict[str, str]) -> Answer:
        path = urlsplit(address).path
        self.asked.append(path)
        if path == AUTHORIZE:
            return Answer(302, {"Location": self.authorize(address)})
        found = None
        if path == DISCOVERY:
            found = self._discovery()
        elif path == KEYS:
            found = {"keys": [one.as_dict(private=False) for one in self.keys]}
        elif path == TOKEN and self._is_client(headers, form):
            found = self._tokens(form)
        elif path == USER_INFO and headers["Authorization"] == "Bearer an-access-token":
            found = {"sub": "person-1", "email": "ana@example.org", "email_verified": True} | self.user_info
        right = Answer(body=[json.dumps(found).encode()]) if found else Answer(400)
        return self.instead[path](right) if path in self.instead else right

    def _discovery(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": AUTHORIZE, "token_endpoint": TOKEN, "jwks_uri": KEYS}
        addresses = {name: f"{self.issuer.rstrip('/')}{path}" for name, path in paths.items()}
        return {"issuer": self.issuer} | addresses | self.metadata

    def _is_client(self, headers: Message, form: dict[str, str]) -> bool:
        if self.takes_secret_in_body:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        return (
            headers["Authorization"] == f"Basic {b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"
        )

    def _tokens(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, which works once, for whoever asked for it."""
        wanted = self.requests.pop(form["code"], None)
        digest = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            wanted is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != wanted["redirect_uri"]
            or wanted["code_challenge_method"] != "S256"
            or wanted["code_challenge"] != digest.decode().rstrip("=")
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": wanted["nonce"],
            "email": "ana@example.org",
            "email_verified": True,
        } | self.claims
        id_token = self.sign({name: value for name, value in claims.items() if value is not None})
        return {"access_token": "an-access-token", "token_type": "Bearer", "id_token": id_token}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free port."""

    class Handler(SilentHandler):
        def do_GET(self) -> None:
            self._send(standing_in.answer(self.path, self.headers, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(standing_in.answer(self.path, self.headers, dict(parse_qsl(body))))

        def _send(self, answer: Answer) -> None:
            with suppress(OSError):  # the site hung up, as it should
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                for _ in range(90 if answer.seconds_per_header else 0):
                    self.send_header("X-Slow", "yes")
                    self.flush_headers()
                    time.sleep(answer.seconds_per_header)
                self.end_headers()
                for piece in answer.body:
                    self.wfile.write(piece)

    with http_server(Handler) as host:
        standing_in = Provider(f"http://{host}")
        yield standing_in
