"""Every address of the site gets hostile input, and never answers with a server error."""

import gzip
import json
import random
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import brotli
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.accounts.people import token
from tests.drills.site import IS_FULL
from tests.hostile.corpus import HEADERS, NAMES, ODD, PROBE
from tests.hostile.inert import CALCULATED, check_html
from tests.hostile.world import World
from tests.pages import PageClient

EXAMPLES = 500 if IS_FULL else 3  # for each route
FORM = "application/x-www-form-urlencoded"
MARKS = ("xss", "evil", "7777", "javascript:", CALCULATED)  # what of the corpus could come to more than text
KINDS = (
    FORM,
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "text/xml",
    "\u00e9",
    "",
)
NOT_WALKED = {"accounts.sign_out"}  # the rest would be walked signed out

texts = st.one_of(st.sampled_from(ODD), st.text(max_size=60))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), texts), texts), max_size=8)
latin = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
one_line = st.one_of(st.sampled_from([text for text in ODD if text.isprintable() and text.isascii()]), latin)
headers = st.dictionaries(st.sampled_from(HEADERS), one_line, max_size=3)
forms = st.fixed_dictionaries(
    {
        "data": st.one_of(
            pairs.map(lambda found: urlencode(found, errors="replace")), st.binary(max_size=200)
        ),
        "content_type": st.sampled_from((FORM, FORM, FORM, *KINDS)),
    }
)
values = st.recursive(st.one_of(texts, st.integers(), st.none()), st.lists, max_leaves=5)
objects = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), values, max_size=4).map(lambda found: json.dumps(found).encode()),
    st.sampled_from((b"[" * 20_000, b'{"a":' * 20_000, b"[1]", b"7")),
)
bodies: st.SearchStrategy[dict[str, Any]] = st.one_of(
    forms, st.fixed_dictionaries({"data": objects, "content_type": st.just("application/json")})
)


def address(app: Flask, world: World, rule: Rule, odd: dict[str, str]) -> str:
    """The rule's own address, with odd texts in the places of its arguments."""
    path = world.address(app, rule)
    for name, value in odd.items():
        good = quote(str((world.values | world.by_endpoint.get(rule.endpoint, {}))[name]), safe="/:")
        path = path.replace(good, quote(value, safe=""), 1)
    return path


@st.composite
def requests(draw: Any, rule: Rule) -> dict[str, Any]:
    """What is sent to an address, apart from the address."""
    names = sorted(rule.arguments)
    odd = draw(st.dictionaries(st.sampled_from(names), texts, max_size=2)) if names else {}
    sent = {"odd": odd, "query": urlencode(draw(pairs), errors="replace"), "headers": draw(headers)}
    if "POST" in (rule.methods or ()):
        sent |= draw(bodies)
    return sent


def send(client: PageClient, path: str, sent: dict[str, Any], csrf_token: str) -> TestResponse:
    """From our own site (what another site may do is tested elsewhere), and each time from another network address."""
    data = sent.get("data")
    if isinstance(data, str):
        data += f"&csrf_token={csrf_token}"
    return client.flask.open(
        f"/?{sent['query']}",
        method="GET" if data is None else "POST",
        data=data,
        content_type=sent.get("content_type"),
        headers={"Sec-Fetch-Site": "same-origin"} | sent["headers"],
        environ_overrides={
            "REMOTE_ADDR": f"192.0.2.{random.randrange(256)}",
            "PATH_INFO": unquote(
                path, "latin-1"
            ),  # as servers give it; of "//a/b", the client would make a host
        },
    )


def check(client: PageClient, path: str, sent: dict[str, Any], csrf_token: str) -> None:
    response = send(client, path, sent, csrf_token)
    assert response.status_code < 500, f"{path}: {response.status}"
    assert "evil" not in response.headers.get("Set-Cookie", "")
    if response.status_code in (301, 302, 303, 307, 308):
        assert urlsplit(response.location).netloc in ("", "localhost"), response.location
    if response.mimetype == "text/html":
        page = unpacked(response)
        assert f"<{PROBE}" not in page, path
        if IS_FULL and any(mark in page for mark in MARKS):  # parsing takes longer than all the rest
            check_html(page)


def unpacked(response: TestResponse) -> str:
    """The body as text: an odd Accept-Encoding may have asked for a packed one."""
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(response.content_encoding or "", bytes)
    body: bytes = unpack(response.data)
    return body.decode()


@pytest.mark.proves("Promise 3: no route answers 500 to hostile requests", "ASVS 1.2.4")
def test_no_route_fails_on_anything_it_is_given(app: Flask, client: PageClient, world: World) -> None:
    app.testing = False  # as on a real server, an exception becomes a page
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in NOT_WALKED]
    tokens = [token(client, "/editor/account")]

    def walk(rule: Rule) -> None:
        @settings(
            max_examples=EXAMPLES, derandomize=not IS_FULL, database=None, suppress_health_check=list(HealthCheck)
        )  # fmt: skip
        @given(requests(rule))
        def one_route(sent: dict[str, Any]) -> None:
            check(client, address(app, world, rule, sent["odd"]), sent, tokens[0])

        one_route()

    for rule in rules:
        walk(rule)
    client.get("/editor/")  # still signed in, so the editors' pages were walked and not their door
    assert len(rules) > 100
