"""Whatever goes wrong, a person gets a page with the right status and a way on."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.pages import PageClient
from webapp import errors
from webapp.errors import SiteError


def raising(error: Exception) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


@pytest.fixture
def broken(app: Flask) -> PageClient:
    """A site with pages that fail in different ways."""
    app.testing = False
    app.add_url_rule("/broken", view_func=raising(RuntimeError("private detail")), endpoint="broken")
    app.add_url_rule(
        "/locked",
        view_func=raising(OperationalError("SELECT", {}, Exception("disk full"))),
        endpoint="locked",
    )
    for status in (400, 403, 409, 410, 413, 422, 429, 503):
        app.add_url_rule(
            f"/status/{status}", view_func=raising(SiteError(status)), endpoint=f"status{status}"
        )
    return PageClient(app)


def test_an_unknown_address_offers_a_search(client: PageClient) -> None:
    page = client.get("/nowhere", status=404).text
    assert "We could not find that page" in page
    assert 'name="q"' in page


def test_a_failure_of_ours_says_so_and_tells_nothing_else(broken: PageClient) -> None:
    page = broken.get("/broken", status=500).text
    assert "Something went wrong on our side" in page
    assert "private detail" not in page


def test_a_database_that_does_not_answer_is_a_repair(broken: PageClient) -> None:
    response = broken.get("/locked", status=503)
    assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize("status", [400, 403, 409, 410, 413, 422, 429, 503])
def test_each_status_has_its_own_page(broken: PageClient, status: int) -> None:
    assert errors.SENTENCES[status][0] in broken.get(f"/status/{status}", status=status).text


def test_htmx_gets_a_notice_instead_of_a_page(broken: PageClient) -> None:
    notice = broken.fragment("/status/429", status=429)
    assert "Please wait a minute" in notice
    assert "<html" not in notice


def test_the_error_page_cannot_itself_fail(
    app: Flask, broken: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(app.jinja_env.globals, "asset_url")
    response = broken.flask.get("/broken")
    assert response.status_code == 500
    assert response.text == errors.LAST_RESORT


@pytest.mark.parametrize(
    "path", ["/research/%00", "/research/%ff", "/%c0%af", "/categories/" + "x" * 5000, "/research?page=%00"]
)
def test_an_undecodable_or_endless_address_is_no_failure_of_ours(client: PageClient, path: str) -> None:
    assert client.flask.get(path).status_code in (400, 404)


def test_a_method_that_does_not_work_is_named(client: PageClient) -> None:
    response = client.post("/about", status=405)
    assert "GET" in response.headers["Allow"]
