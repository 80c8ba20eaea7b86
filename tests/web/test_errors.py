"""Whatever goes wrong, a person gets a page with the right status and a way on."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from wtforms import PasswordField

from tests.engines import postgresql_only
from tests.pages import H, PageClient, check_page
from webapp.accounts import forms
from webapp.db.session import db
from webapp.db.writing import TurnTaken
from webapp.web import errors
from webapp.web.errors import SiteError

METHODS = ["GET", "POST"]
DATABASE_ERRORS = {
    "locked": OperationalError("SELECT", {}, Exception("disk full")),
    "ended": InternalError(
        "SELECT", {}, Exception("terminating connection due to idle-in-transaction timeout")
    ),
    "crowded": NoConnectionFree("QueuePool limit reached"),
}


def raising(error: Exception) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


@pytest.fixture
def broken(app: Flask) -> PageClient:
    """A site with pages that fail in different ways."""
    app.testing = False
    app.add_url_rule(
        "/broken", view_func=raising(RuntimeError("private detail")), endpoint="broken", methods=METHODS
    )
    for name, error in DATABASE_ERRORS.items():
        app.add_url_rule(f"/{name}", view_func=raising(error), endpoint=name, methods=METHODS)
    for status in (400, 403, 409, 410, 413, 422, 429, 503):
        app.add_url_rule(
            f"/status/{status}", view_func=raising(SiteError(status)), endpoint=f"status{status}"
        )
    return PageClient(app)


def test_an_unknown_address_offers_a_search(client: PageClient) -> None:
    page = client.get("/nowhere", status=404).text
    assert "We couldn’t find that page" in page
    assert 'name="q"' in page


@pytest.mark.proves("ASVS 16.5.1")
def test_a_failure_of_ours_says_so_and_tells_nothing_else(broken: PageClient) -> None:
    page = broken.get("/broken", status=500).text
    assert "Something went wrong on our side" in page
    assert "private detail" not in page


def test_an_error_page_shows_the_id_of_the_request(broken: PageClient) -> None:
    response = broken.get("/broken", status=500)
    assert f"<code>{response.headers['X-Request-ID']}</code>" in response.text


@pytest.mark.parametrize("sent", ["8c1f0ab3d2e44f1b8c1f0ab3d2e44f1b", "f47ac10b-58cc-4372-a567-0e02b2c3d479"])
def test_the_id_of_a_proxy_is_taken_over(broken: PageClient, sent: str) -> None:
    response = broken.get("/broken", status=500, headers={"X-Request-ID": sent})
    assert response.headers["X-Request-ID"] == sent
    assert sent in response.text


@pytest.mark.parametrize(
    "sent", ["short", "x" * 65, "ana@example.org", "two words of text", "<b>bold-id</b>"]
)
def test_an_id_that_does_not_look_like_one_is_not(broken: PageClient, sent: str) -> None:
    response = broken.get("/broken", status=500, headers={"X-Request-ID": sent})
    assert sent not in response.headers["X-Request-ID"]
    assert sent not in response.text


@pytest.mark.parametrize("name", DATABASE_ERRORS)
def test_a_database_that_does_not_answer_is_a_repair(broken: PageClient, name: str) -> None:
    response = broken.get(f"/{name}", status=503)
    assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize("error", [*DATABASE_ERRORS.values(), TurnTaken()], ids=repr)
def test_a_database_that_does_not_answer_an_error_handler_is_a_repair_too(
    app: Flask, broken: PageClient, error: Exception
) -> None:
    app.register_error_handler(ZeroDivisionError, lambda _: raising(error)())
    app.add_url_rule("/divided", view_func=raising(ZeroDivisionError()), endpoint="divided", methods=METHODS)
    assert broken.get("/divided", status=503).headers["Retry-After"] == "60"
    assert 'name="message" value="kept"' in broken.post("/divided", {"message": "kept"}, status=503).text


def test_what_an_error_handler_does_not_find_is_a_404(app: Flask, broken: PageClient) -> None:
    app.register_error_handler(
        ZeroDivisionError, lambda _: raising(SiteError(404, "Look for it in the list."))()
    )
    app.add_url_rule("/divided", view_func=raising(ZeroDivisionError()), endpoint="divided")
    assert "Look for it in the list." in broken.get("/divided", status=404).text


@pytest.mark.proves("Promise 1: a save on a full disk answers 503 and keeps the text")
@pytest.mark.parametrize(("address", "status"), [("/locked", 503), ("/broken", 500)])
def test_what_was_typed_is_kept_and_sent_again_with_one_press(
    broken: PageClient, address: str, status: int
) -> None:
    typed = "two  spaces\r\n\r\n“quotes” <b>&amp;</b>"
    page = check_page(broken.post(address, {"message": typed, "website": ""}, status=status).text)
    forms = [form for form in page.iter(f"{H}form") if form.get("method") == "post"]
    assert [form.get("action") for form in forms] == [address]
    kept = {field.get("name"): field.get("value") for field in forms[0].iter(f"{H}input")}
    assert kept == {"message": typed.replace("\r\n", "\n"), "website": ""}


def test_a_press_of_a_button_is_sent_again_without_showing_it(broken: PageClient) -> None:
    page = broken.post("/locked", {"answer": "yes"}, status=503).text
    assert 'name="answer" value="yes"' in page and "What you typed" not in page


def test_a_password_is_never_shown_again(broken: PageClient) -> None:
    page = broken.post("/locked", {"email": "ana@example.org", "password": "marigold bench"}, status=503).text
    assert "marigold" not in page and "Send it again" not in page


def test_every_password_and_code_is_among_what_is_never_shown_again() -> None:
    found = [form for form in vars(forms).values() if isinstance(form, type) and issubclass(form, FlaskForm)]
    names = {
        name
        for form in found
        for name, field in vars(form).items()
        if name == "code" or getattr(field, "field_class", None) is PasswordField
    }
    assert names == errors.SECRETS


def wait_idle() -> str:
    """Hold a transaction open for longer than the server lets anybody."""
    db.session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
    time.sleep(0.2)
    return str(db.session.scalar(text("SELECT 1")))


def take_long() -> str:
    """Ask for more than the server has time for."""
    db.session.execute(text("SET LOCAL statement_timeout = '50ms'"))
    return str(db.session.scalar(text("SELECT pg_sleep(5)")))


def lose_connection() -> str:
    """Have somebody end the connection, as a restart of the server does."""
    own = db.session.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
    return str(db.session.scalar(text("SELECT 1")))


@pytest.mark.proves(
    "Promise 1: a transaction that PostgreSQL ends answers 503, and the next request is served"
)
@postgresql_only
def test_whatever_ends_a_transaction_on_postgresql_is_a_repair_and_the_next_request_is_served(
    app: Flask, client: PageClient
) -> None:
    app.testing = False
    for view in (wait_idle, take_long, lose_connection):
        app.add_url_rule(f"/{view.__name__}", view_func=view, methods=["GET", "POST"])
    db.session.rollback()
    for name in ("wait_idle", "take_long", "lose_connection"):
        client.get(f"/{name}", status=503)
        client.post(f"/{name}", status=503)
        client.get("/research")


@pytest.mark.parametrize("status", [400, 403, 409, 410, 413, 422, 429, 503])
def test_each_status_has_its_own_page(broken: PageClient, status: int) -> None:
    assert errors.SENTENCES[status][0] in broken.get(f"/status/{status}", status=status).text


def test_htmx_gets_a_notice_instead_of_a_page(broken: PageClient) -> None:
    notice = broken.fragment("/status/429", status=429)
    assert "Please wait a minute" in notice
    assert "<html" not in notice


@pytest.mark.proves("ASVS 16.5.4")
def test_the_error_page_cannot_itself_fail(
    app: Flask, broken: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(app.jinja_env.globals, "asset_url")
    response = broken.flask.get("/broken")
    assert response.status_code == 500
    assert response.text == errors.LAST_RESORT
    assert 'lang="es"><h2>Algo falló' in response.text


@pytest.mark.parametrize(
    "path", ["/research/%00", "/research/%ff", "/%c0%af", "/categories/" + "x" * 5000, "/research?page=%00"]
)
def test_an_undecodable_or_endless_address_is_no_failure_of_ours(client: PageClient, path: str) -> None:
    assert client.flask.get(path).status_code in (400, 404)


def test_a_method_that_does_not_work_is_named(client: PageClient) -> None:
    response = client.post("/about", status=405)
    assert "GET" in response.headers["Allow"]
