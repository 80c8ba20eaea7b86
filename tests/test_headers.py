"""The whole header set, literally."""

from dataclasses import replace

import pytest

from tests.factories import add_article
from tests.pages import PageClient
from webapp import create_app
from webapp.config import Config

EXPECTED = {
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


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/nowhere", 404), ("/research/none", 404), ("/robots.txt", 200)]
)
def test_every_answer_has_the_whole_set(client: PageClient, path: str, status: int) -> None:
    headers = client.get(path, status=status).headers
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED
    assert "Strict-Transport-Security" not in headers


def test_a_public_page_is_the_same_bytes_and_can_be_asked_about(client: PageClient) -> None:
    article = add_article()
    first = client.get(f"/research/{article.slug}")
    second = client.get(f"/research/{article.slug}")
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    client.get(f"/research/{article.slug}", status=304, headers={"If-None-Match": etag})


def test_the_site_on_https_asks_browsers_to_stay_there(config: Config) -> None:
    app = create_app(replace(config, site_url="https://example.org"))
    headers = app.test_client().get("/livez").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
