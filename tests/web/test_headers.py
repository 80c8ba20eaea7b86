"""The whole header set, literally: a header more, a header less or another value fails."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import add_article
from tests.pages import PageClient
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.search import indexing
from webapp.web.assets import get_asset
from webapp.web.forms import press_token

Headers = dict[str, str]

HTML = {"Content-Type": "text/html; charset=utf-8", "Content-Length": "…"}
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; manifest-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
VARY = {"Vary": "Accept, Accept-Encoding, Cookie, HX-Request"}
NEVER_COMPRESSED = {"Vary": "Accept, Cookie, HX-Request"}
KEPT = {"Cache-Control": "public, max-age=0, must-revalidate", "ETag": "…", "Date": "…"}
NEVER_KEPT = {"Cache-Control": "no-store", "X-Request-ID": "…"}
EDITOR = SECURITY | NEVER_COMPRESSED | NEVER_KEPT
SESSION = "HttpOnly; Path=/; SameSite=Lax"
CHOICE = "Expires=…; Max-Age=31536000; HttpOnly; Path=/; SameSite=Lax"

PAGE = HTML | SECURITY | VARY | KEPT
ANSWERS: dict[str, tuple[int, Headers]] = {
    "page": (200, PAGE),
    "page from memory": (200, PAGE),
    "page compressed": (200, PAGE | {"Content-Encoding": "br"}),
    "known page": (304, SECURITY | VARY | KEPT),
    "known page by HEAD": (304, SECURITY | VARY | KEPT),
    "fragment": (200, PAGE),
    "form": (200, HTML | SECURITY | VARY | NEVER_KEPT),
    "form as fragment": (200, HTML | SECURITY | VARY | NEVER_KEPT),
    "feed": (200, PAGE | {"Content-Type": "application/atom+xml; charset=utf-8"}),
    "file": (
        200,
        SECURITY | VARY
        | {"Content-Type": "text/css; charset=utf-8", "Content-Length": "…", "Cache-Control": "public, max-age=31536000, immutable"},
    ),
    "file at a fixed address": (
        200, SECURITY | VARY | {"Content-Type": "image/x-icon", "Content-Length": "…", "Cache-Control": "public, max-age=86400"},
    ),
    "text": (200, PAGE | {"Content-Type": "text/plain; charset=utf-8"}),
    "monitor": (200, HTML | SECURITY | VARY | NEVER_KEPT | {"Content-Type": "text/plain; charset=utf-8"}),
    "unknown": (404, HTML | SECURITY | VARY | NEVER_KEPT),
    "unknown as fragment": (404, HTML | SECURITY | VARY | NEVER_KEPT),
    "wrong method": (405, HTML | SECURITY | VARY | NEVER_KEPT | {"Allow": "GET, HEAD, OPTIONS"}),
    "unreadable": (400, HTML | SECURITY | VARY | NEVER_KEPT),
    "unknown host": (400, HTML | SECURITY | VARY | NEVER_KEPT),
    "from another site": (403, HTML | SECURITY | VARY | NEVER_KEPT),
    "saved": (303, HTML | SECURITY | VARY | NEVER_KEPT | {"Location": "/preferences?saved=yes", "Set-Cookie": f"reading=…; {CHOICE}"}),
    "moved": (301, HTML | SECURITY | VARY | NEVER_KEPT | {"Location": "/research/a-lantern"}),
    "editor, signed out": (303, HTML | EDITOR | {"Location": "/editor/sign-in?next=/editor/"}),
    "sign-in": (200, HTML | EDITOR | {"Set-Cookie": f"session=…; {SESSION}"}),
    "editor, unknown": (404, HTML | EDITOR),
}  # fmt: skip


CSS = get_asset("css/site.css")
OWN, OTHER = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
FRAGMENT = {"HX-Request": "true"}
REQUESTS: dict[str, tuple[str, str, Headers]] = {
    "page": ("GET", "/about", {}),
    "page from memory": ("GET", "/about", {}),
    "page compressed": ("GET", "/about", {"Accept-Encoding": "gzip, br"}),
    "known page": ("GET", "/about", {"If-None-Match": "…"}),
    "known page by HEAD": ("HEAD", "/about", {"If-None-Match": "…"}),
    "fragment": ("GET", "/search?q=lantern", FRAGMENT),
    "form": ("GET", "/contact", {}),
    "form as fragment": ("GET", "/subscribe", FRAGMENT),
    "feed": ("GET", "/feed.atom", {}),
    "file": ("GET", f"/assets/{CSS.hash}/css/site.css", {}),
    "file at a fixed address": ("GET", "/favicon.ico", {}),
    "text": ("GET", "/robots.txt", {}),
    "monitor": ("GET", "/livez", {}),
    "unknown": ("GET", "/nowhere", {}),
    "unknown as fragment": ("GET", "/nowhere", FRAGMENT),
    "wrong method": ("POST", "/about", OWN),
    "unreadable": ("GET", "/research?page=%ff", {}),
    "unknown host": ("GET", "/about", {"Host": "evil.example"}),
    "from another site": ("POST", "/contact", OTHER),
    "saved": ("POST", "/preferences", OWN),
    "moved": ("GET", "/s/1", {}),
    "editor, signed out": ("GET", "/editor/", {}),
    "sign-in": ("GET", "/editor/sign-in", {}),
    "editor, unknown": ("GET", "/editor/nowhere", {}),
}  # fmt: skip


def found(response: TestResponse) -> Headers:
    """The headers, each checked and replaced where it is different each time; lists in the order of the alphabet."""
    assert len(response.headers) == len(set(response.headers.keys())), "a header twice"
    headers = dict(response.headers)
    if "Content-Length" in headers:
        assert int(headers["Content-Length"]) == len(response.data)
        headers["Content-Length"] = "…"
    if "ETag" in headers:
        assert re.fullmatch(r'"[0-9a-f]{40}"', headers["ETag"])
        headers["ETag"] = headers["Date"] = "…"
    if "X-Request-ID" in headers:
        assert re.fullmatch(r"[0-9a-f]{12}", headers["X-Request-ID"])
        headers["X-Request-ID"] = "…"
    if "Set-Cookie" in headers:
        headers["Set-Cookie"] = re.sub(
            r"^(\w+|__Host-\w+)=[^;]+|(?<=Expires=)[^;]+",
            lambda found: f"{found[1]}=…" if found[1] else "…",
            headers["Set-Cookie"],
        )
    for name in ("Vary", "Allow"):
        if name in headers:
            headers[name] = ", ".join(sorted(headers[name].split(", ")))
    return headers


def expected_at(base_url: str, name: str) -> tuple[int, Headers]:
    status, expected = ANSWERS[name]
    if base_url.startswith("https:"):
        cookie = expected.get("Set-Cookie", "")
        cookie = cookie.replace("session=", "__Host-session=").replace("HttpOnly", "Secure; HttpOnly")
        expected = expected | HTTPS | ({"Set-Cookie": cookie} if cookie else {})
    return status, expected


@pytest.mark.proves(
    "Web: every answer has the same literal set of security headers",
    "ASVS 3.4.1",
    "ASVS 3.4.3",
    "ASVS 3.4.4",
    "ASVS 3.4.5",
    "ASVS 3.4.6",
)
@pytest.mark.parametrize("base_url", ["http://localhost", "https://localhost"])
def test_every_kind_of_answer_has_exactly_these_headers(app: Flask, config: Config, base_url: str) -> None:
    app = create_app(replace(config, site_url=base_url))
    add_article(slug="a-lantern", plain_title="A lantern against pain")
    db.session.commit()
    indexing.catch_up()
    visitor, etag = app.test_client(use_cookies=False), ""
    for name, (method, path, headers) in REQUESTS.items():
        data = {"text": "large", "token": press_token()} if method == "POST" else None
        sent = {key: etag if value == "…" else value for key, value in headers.items()}
        response = visitor.open(path, method=method, headers=sent, data=data, base_url=base_url)
        assert (name, response.status_code, found(response)) == (name, *expected_at(base_url, name))
        etag = response.headers["ETag"] if name == "page from memory" else etag


def test_a_public_page_is_the_same_bytes_and_can_be_asked_about(client: PageClient) -> None:
    article = add_article()
    indexing.catch_up()
    first = client.get(f"/research/{article.slug}")
    second = client.get(f"/research/{article.slug}")
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    client.get(f"/research/{article.slug}", status=304, headers={"If-None-Match": etag})


def test_behind_a_proxy_that_speaks_https_browsers_are_asked_to_stay_there(client: PageClient) -> None:
    headers = client.get("/livez", headers={"X-Forwarded-Proto": "https"}).headers
    assert headers["Strict-Transport-Security"] == HTTPS["Strict-Transport-Security"]
