"""Checks of every request before any view: hosts, bytes that are not text, numbers of fields, sizes."""

from dataclasses import replace
from itertools import product
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import add_article
from tests.pages import PageClient
from webapp import create_app
from webapp.config import Config, ConfigError

FORM = "application/x-www-form-urlencoded"
NO_TEXT = ("%ff", "%c0%af", "%ed%a0%80", "%f8%88%80%80%80", "%e2%82", "a%80")  # overlong UTF-8, a surrogate …
STRANGERS = (
    "evil.example", "localhost.evil.example", "evil.example:80", "[::2]:9", "[::1]evil", "a b", "<script>", "localhost@evil.example", "localhost:99999",
    "localhost/evil", "", "\u00e9.example",
)  # fmt: skip


def ask(client: PageClient, path: str, status: int) -> TestResponse:
    """Ask for a path byte by byte: a test client would put it right first."""
    raw = unquote_to_bytes(path).decode("latin-1")
    return client.get("/", status=status, environ_overrides={"PATH_INFO": raw})


def fields(count: int) -> str:
    """A form with so many fields."""
    return "&".join(f"field{number}=x" for number in range(count))


def test_the_site_answers_to_its_own_names(config: Config) -> None:
    app = create_app(replace(config, site_url="https://example.org", allowed_hosts=("www.example.net",)))
    for host in (
        "localhost",
        "localhost:8000",
        "127.0.0.1:8000",
        "[::1]:8000",
        "www.example.net",
        "example.org",
    ):
        PageClient(app).get("/accessibility", headers={"Host": host})


@pytest.mark.proves("Web: an unknown host is refused, and only TRUSTED_PROXIES proxies are believed")
def test_an_unknown_host_is_refused(client: PageClient) -> None:
    for host, path in product(STRANGERS, ("/accessibility", "/", "/editor/sign-in", "/nowhere")):
        response = client.get(path, status=400, headers={"Host": host})
        assert "This site goes by another name" in response.text
        assert not host or host not in response.text


def test_what_an_unknown_host_asked_for_is_not_kept_for_others(client: PageClient) -> None:
    client.get("/accessibility", status=400, headers={"Host": "evil.example"})
    page = client.get("/accessibility").text
    assert "evil.example" not in page
    assert client.get("/accessibility", headers={"X-Forwarded-Host": "evil.example"}).text == page


@pytest.mark.proves(
    "Web: an unknown host is refused, and only TRUSTED_PROXIES proxies are believed",
    "ASVS 15.3.4",
    "ASVS 4.1.3",
)
def test_as_many_proxies_as_are_trusted_may_name_the_host(config: Config) -> None:
    app = create_app(replace(config, site_url="https://example.org", trusted_proxies=1))
    behind = {"Host": "127.0.0.1", "X-Forwarded-Proto": "https"}
    PageClient(app).get("/accessibility", headers=behind | {"X-Forwarded-Host": "example.org"})
    PageClient(app).get("/accessibility", status=400, headers=behind | {"X-Forwarded-Host": "evil.example"})


@pytest.mark.parametrize("value", ["https://example.org", "example.org:80", "*", "a_b", "exa mple/"])
def test_a_name_that_no_host_has_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^ALLOWED_HOSTS: "):
        Config.from_environ({"ALLOWED_HOSTS": value})


def test_an_undecodable_path_is_refused(client: PageClient) -> None:
    folders = ("/", "/research/", "/categories/", "/glossary/", "/assets/", "/editor/")
    for folder, bad in product(folders, (*NO_TEXT, "%00", "%0d%0aSet-Cookie:x", "%1b")):
        assert "Set-Cookie" not in ask(client, folder + bad, 400).headers


def test_a_path_in_any_script_is_only_unknown(client: PageClient) -> None:
    ask(client, "/research/%C3%A9t%C3%A9-%E6%97%A5%E6%9C%AC", 404)


def test_an_undecodable_query_is_refused(client: PageClient) -> None:
    places = ("/search?q={}", "/research?page={}", "/?{}=1", "/visit-pack?a=1&a={}", "/editor/?{}")
    for place, bad in product(places, NO_TEXT):
        client.get(place.format(bad), status=400)


def test_an_undecodable_form_is_refused(client: PageClient) -> None:
    places = ("/contact", "/subscribe", "/preferences", "/editor/sign-in", "/newsletter/unsubscribe/x")
    for place, bad in product(places, NO_TEXT):
        client.post(place, f"email={bad}", content_type=FORM, status=400)


def test_an_undecodable_form_in_parts_is_refused(client: PageClient) -> None:
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"):
        body = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + bad + b"\r\n--x--\r\n"
        for path in ("/contact", "/subscribe", "/preferences"):
            client.post(path, body, content_type="multipart/form-data; boundary=x", status=400)


@pytest.mark.parametrize(
    "body", ["[1]", "7", '{"email": 7, "message": {"a": []}}', "[" * 20_000, "[", "\x00"]
)
def test_json_is_no_form(client: PageClient, body: str) -> None:
    for path in ("/contact", "/subscribe", "/editor/sign-in", "/editor/forgotten"):
        client.post(path, body, content_type="application/json", status=422)


def test_any_text_may_be_searched_for(client: PageClient) -> None:
    for good in ("%C3%A9t%C3%A9", "%F0%9F%98%80", "%E2%80%9Cpain%E2%80%9D", "a+b", "100%", "%zz"):
        client.get(f"/search?q={good}")


class Unreadable:
    """A body that a server fails to read, in a way of its own, after so many bytes."""

    def __init__(self, length: int = 0) -> None:
        self.left = length

    def read(self, size: int = -1) -> bytes:
        if not self.left:
            raise RuntimeError("no such chunk")
        sent = min(size, self.left)
        self.left -= sent
        return b"x" * sent


def send_unreadable(client: PageClient, path: str, body: Unreadable, kind: str, status: int) -> None:
    environ = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    client.post(path, content_type=kind, status=status, environ_overrides=environ)
    assert not body.left


def test_a_body_that_the_server_cannot_read_is_refused(app: Flask, client: PageClient) -> None:
    app.testing = False
    for path in ("/contact", "/editor/sign-in"):
        for kind in (FORM, "multipart/form-data; boundary=x"):
            send_unreadable(client, path, Unreadable(100), kind, status=400)


def test_a_body_that_is_too_long_is_read_as_far_as_the_server_can(client: PageClient) -> None:
    send_unreadable(client, "/contact", Unreadable(1_500_000), FORM, status=413)


@pytest.mark.proves("Web: bodies, imports and the number of fields are limited")
def test_201_fields_are_refused(client: PageClient) -> None:
    for path in ("/contact", "/subscribe", "/preferences"):
        client.post(path, fields(201), content_type=FORM, status=400)
        assert client.flask.post(path, data=fields(200), content_type=FORM).status_code != 400
    client.get(f"/search?{fields(201)}", status=400)


def test_a_summary_with_all_its_lists_full_may_be_sent(client: PageClient) -> None:
    client.post("/editor/summaries/new", fields(1_000), content_type=FORM)  # asked to sign in
    client.post("/editor/summaries/new", fields(1_001), content_type=FORM, status=400)


def test_201_parts_are_refused(client: PageClient) -> None:
    parts = {f"field{number}": "x" for number in range(201)}
    client.post("/contact", parts, content_type="multipart/form-data", status=413)


@pytest.mark.proves("Web: bodies, imports and the number of fields are limited")
def test_more_than_a_megabyte_is_refused(client: PageClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 1_000_001 + b"\r\n--x--"
    for path in ("/contact", "/subscribe", "/editor/sign-in"):
        for kind in (FORM, "multipart/form-data; boundary=x"):
            client.post(path, body, content_type=kind, status=413)


@pytest.mark.proves(
    "Promise 3: malformed addresses, long forms and pages that do not exist are refused in words"
)
def test_pages_that_do_not_exist_are_not_found(client: PageClient) -> None:
    add_article()
    for page in ("0", "-1", "2", "9" * 20, "1e9", "%00", "one", "\u0661", "1 OR 1=1", "9" * 4_000):
        for path in ("/research", "/categories/pain-management"):
            client.get(f"{path}?page={page}", status=404)


def test_an_endless_address_is_no_failure_of_ours(client: PageClient) -> None:
    for path in ("/" + "x" * 9_000, "/research/" + "x" * 9_000, "/" + "a/" * 4_500):
        client.get(path, status=404)
    client.get("/search?q=" + "x" * 9_000)
