"""Files for browsers: the packaged ones are those that were reviewed, and addresses name content."""

import hashlib
import re
from importlib.resources import files

import pytest
from flask import Flask

from tests.pages import PageClient
from webapp.web.assets import PACKAGED, asset_url, get_asset


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_file_is_the_one_that_was_reviewed(name: str) -> None:
    package, path, reviewed = PACKAGED[name]
    assert hashlib.sha256((files(package) / path).read_bytes()).hexdigest() == reviewed


def test_a_file_is_kept_for_a_year_and_compressed(app: Flask, client: PageClient) -> None:
    with app.test_request_context():
        address = asset_url("js/htmx.js")
    response = client.get(address, headers={"Accept-Encoding": "br"})
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Encoding"] == "br"
    assert len(response.data) < 20_000


def test_the_style_sheet_names_fonts_by_their_content() -> None:
    css = get_asset("css/site.css").body.decode()
    assert f"/assets/{get_asset('fonts/regular.ttf').hash}/fonts/regular.ttf" in css
    assert 'url("/fonts/' not in css


def test_browsers_that_do_not_know_light_dark_get_every_color() -> None:
    """Otherwise they would show the white title of a safety card on a pale ground."""
    css = get_asset("css/site.css").body.decode()
    before, start, rest = css.partition("@supports not (color: light-dark(#000, #fff)) {")
    fallback, end, after = rest.partition("\n}\n")
    assert start and end
    adapted = re.findall(r"([\w-]+): *[^;{}]*light-dark\(", before + after)
    assert sorted(adapted) == sorted(re.findall(r"(--[\w-]+):", fallback))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/000000000000/js/htmx.js",
        "/assets/x/js/none.js",
        "/assets/x/../wsgi.py",
        "/assets/x/%2e%2e/pyproject.toml",
    ],
)
def test_a_wrong_address_is_not_found(client: PageClient, path: str) -> None:
    client.get(path, status=404)


def test_no_screen_waits_for_the_rules_of_paper(client: PageClient) -> None:
    [screen, paper] = re.findall(r'<link rel="stylesheet"[^>]*>', client.get("/about").text)
    assert "print.css" in paper and 'media="print"' in paper and "media=" not in screen
    assert "@media print" not in get_asset("css/site.css").body.decode()
