"""Errors that readers see: one exception with a status and a sentence, and pages that cannot themselves fail."""

import logging
import tomllib
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from webapp.db.writing import TurnTaken, stop_reading
from webapp.languages.language import gettext
from webapp.web.htmx import wants_fragment

DATABASE_ERRORS = (OperationalError, InternalError, NoConnectionFree)  # the database is locked, full or away
MOST_THROWN_AWAY = 20_000_000  # bytes of a body that is too long

log = logging.getLogger(__name__)

# Shown when even the error template fails; the same bytes always, so in the languages that most readers have.
LAST_RESORT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Something went wrong</title><main><h1>Something went wrong on our side</h1>"
    '<p>Please try again in a minute. <a href="/">Go to the home page</a></p>'
    '<div lang="es"><h2>Algo falló de nuestro lado</h2>'
    '<p>Vuelva a intentarlo en un minuto. <a href="/es/">Ir a la página de inicio</a></p></div></main></html>'
)

# By HTTP status: a title, and a sentence that says what to do.
SENTENCES: dict[int, tuple[str, str]] = {
    int(status): (words["title"], words["sentence"])
    for status, words in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
}

SECRETS = {"password", "new", "current", "code"}  # fields that are never shown again


class SiteError(Exception):
    """Something a reader should be told: an HTTP status and a sentence that says what to do."""

    def __init__(self, status: int, sentence: str = "", title: str = "") -> None:
        standard = SENTENCES.get(
            status, SENTENCES[400] if status < HTTPStatus.INTERNAL_SERVER_ERROR else SENTENCES[500]
        )
        self.status = status
        self.title = gettext(title or standard[0])
        self.sentence = gettext(sentence or standard[1])
        super().__init__(self.sentence)


def init_app(app: Flask) -> None:
    """Turn every kind of failure into a page (or, for htmx, a fragment) with the right status."""
    app.register_error_handler(SiteError, show)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(TurnTaken, _show_crowd)
    for of_database in DATABASE_ERRORS:
        app.register_error_handler(of_database, _show_database)

    @app.errorhandler(SecurityError)
    def show_unknown_host(_: SecurityError) -> Response:
        """Answer with a page without links: they would need the name of the site, which is unknown here."""
        log.warning("the request names a host that is neither in SITE_URL nor in ALLOWED_HOSTS")
        return make_response(render_template("errors/unknown_host.html"), HTTPStatus.BAD_REQUEST)

    @app.errorhandler(Exception)
    def show_unexpected(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        _let_go()
        return show(SiteError(500))


def show(error: SiteError) -> Response:
    """The page, or for htmx the notice, that says what happened."""
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and request.environ.get("wsgi.input_terminated"):
        # A server that closes with bytes of the body unread resets the connection, and the answer is lost.
        left = MOST_THROWN_AWAY
        with suppress(BadRequest):
            while left > 0 and (read := request.environ["wsgi.input"].read(65_536)):
                left -= len(read)
    template = "errors/notice.html" if wants_fragment() else "errors/page.html"
    try:
        # What was typed into a form that failed is shown, to be sent again. A password is typed again.
        is_lost = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and request.method == "POST"
        is_shown = is_lost and not request.files and not SECRETS & request.form.keys()
        sent = list(request.form.items(multi=True)) if is_shown else []
        response = make_response(render_template(template, error=error, sent=sent), error.status)
    except Exception:
        log.exception("the error page failed")
        response = make_response(LAST_RESORT, error.status)
    if error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = "60"
    return response


def _show_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # type: ignore[return-value]  # a redirect, or an answer made on purpose
    cause = getattr(error, "original_exception", None)  # was raised in another error handler
    if isinstance(cause, SiteError):
        return show(cause)
    if isinstance(cause, DATABASE_ERRORS):
        return _show_database(cause)
    if isinstance(cause, TurnTaken):
        return _show_crowd(cause)
    response = show(SiteError(error.code))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _show_database(error: SQLAlchemyError) -> Response:
    """The lock was not free in time, a connection was lost or took too long, the disk is full: all may pass.

    PostgreSQL raises InternalError for a transaction that it ended, and on a server that only reads.
    """
    reason = getattr(error, "orig", error)
    log.error("database did not answer: %s", reason)
    _let_go()
    return show(SiteError(503))


def _show_crowd(_: TurnTaken) -> Response:
    return show(
        SiteError(
            503,
            "We’re very busy right now. Please try again in a minute.",
            "Please wait a minute",
        )
    )


def _let_go() -> None:
    """Leave the broken transaction, so that the error page does not trip over it."""
    try:
        stop_reading()
    except Exception:
        log.exception("rollback failed")
