"""How every request comes in: checked before any view sees it, numbered, logged; with a session for editors only."""

import logging
import time
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes, urlsplit
from uuid import uuid4

from flask import Flask, Request, Response, g, request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, SecurityError

from webapp.config import Config
from webapp.web.errors import SiteError
from webapp.web.responses import PRIVATE_PART

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger("webapp.requests")

LOOPBACK = ("localhost", "127.0.0.1")
MOST_FIELDS = 200
MOST_FIELDS_OF_EDITORS = 1_000  # a summary with all its lists full has about 400
FORM = "application/x-www-form-urlencoded"
FORM_IN_PARTS = "multipart/form-data"


class Body:
    """The body of a request as the server reads it.

    Malformed chunks and a client that has gone are noticed only then, and every server raises exceptions of its own for them.
    """

    def __init__(self, sent: IO[bytes]) -> None:
        self._sent = sent

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes; raises BadRequest if the server cannot."""
        try:
            return self._sent.read(size)
        except Exception as error:
            raise BadRequest from error


class FormRequest(Request):
    """What people send is a form. Flask-WTF would take JSON as well, and its depth and types would break what reads fields."""

    is_json = False  # of every request, whatever it calls itself

    def __init__(
        self, environ: "WSGIEnvironment", populate_request: bool = True, shallow: bool = False
    ) -> None:
        environ["wsgi.input"] = Body(environ["wsgi.input"])
        super().__init__(environ, populate_request, shallow)

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _without_nul(super().args)

    def _load_form_data(self) -> None:
        super()._load_form_data()
        if self.path.startswith(PRIVATE_PART):
            # public forms refuse control characters instead, and say so at the field
            self.__dict__["form"] = _without_nul(self.form)


class NoSession(NullSession):
    """Stands where a session would be outside the editor; touching it is a mistake in the code."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("public pages have no session: they are the same for everybody")

    __getitem__ = __setitem__ = __delitem__ = __contains__ = __iter__ = __len__ = _refuse
    get = pop = popitem = setdefault = update = clear = keys = values = items = _refuse


class EditorSessions(SecureCookieSessionInterface):
    """Signed cookie sessions under /editor, and nowhere else."""

    null_session_class = NoSession

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a request; a ``NoSession`` for a public page."""
        if f"{request.path}/".startswith(f"{PRIVATE_PART}/"):
            return super().open_session(app, request)
        return NoSession()


def init_app(app: Flask, config: Config) -> None:
    """Number, check and log every request, and open sessions for editors only."""
    app.request_class = FormRequest
    app.session_interface = EditorSessions()
    app.config.update(
        TRUSTED_HOSTS=[str(urlsplit(config.site_url).hostname), *LOOPBACK, *config.allowed_hosts],
        SESSION_COOKIE_NAME="__Host-session" if config.is_https else "session",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )

    @app.before_request
    def begin() -> None:
        g.request_id = uuid4().hex[:12]
        g.started = time.perf_counter()
        refuse_unreadable()

    @app.after_request
    def log_answer(response: Response) -> Response:
        """Name the route, never the full address: that may hold a search or a token."""
        if request.endpoint != "assets.show_asset":
            log.info(
                "%s %s",
                request.method,
                request.url_rule.rule if request.url_rule else "(no such page)",
                extra={
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                    "fragment": request.headers.get("HX-Request") == "true",
                },
            )
        return response


def refuse_unreadable() -> None:
    """Refuse a host that no name has, bytes that are not text, and more fields than a form has."""
    if not request.host:
        raise SecurityError  # no Host at all, or one with signs that no name has
    is_for_editors = request.path.startswith(PRIVATE_PART)
    path = request.environ["PATH_INFO"].encode("latin-1")
    query = request.environ.get("QUERY_STRING", "").encode("latin-1")
    texts, forms = [path, unquote_to_bytes(query)], [query]
    if request.mimetype == FORM:
        forms.append(_body())
        texts.append(unquote_to_bytes(forms[-1]))
    elif request.mimetype == FORM_IN_PARTS and not is_for_editors:
        texts.append(_body())  # only editors send files, and those may be any bytes
    try:
        b"\n".join(texts).decode()
    except UnicodeDecodeError:
        raise SiteError(400) from None
    if not path.decode().isprintable():
        raise SiteError(400)
    most = MOST_FIELDS_OF_EDITORS if is_for_editors else MOST_FIELDS
    if any(fields.count(b"&") >= most for fields in forms):
        raise SiteError(
            400, "There were more fields than any form of ours has. Please go back and try again."
        )


def _without_nul(sent: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    """PostgreSQL cannot hold the character NUL, which copying from a PDF may bring along: a space takes its place."""
    pairs = sent.items(multi=True)
    return ImmutableMultiDict([(name.replace("\0", " "), value.replace("\0", " ")) for name, value in pairs])


def _body() -> bytes:
    """All that was sent; refused with 413 if it is too long."""
    body = request.get_data()
    if request.content_length is None and len(body) == request.max_content_length:
        raise SiteError(413)  # what comes in chunks has no stated length, and Werkzeug cuts it silently
    return body
