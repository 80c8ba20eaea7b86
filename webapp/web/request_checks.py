"""What is refused before any view sees it: a host that is not ours, bytes that are no text, more fields than a form has."""

from functools import cached_property
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, SecurityError

from webapp.config import Config
from webapp.web.errors import SiteError
from webapp.web.headers import PRIVATE_PART

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LOOPBACK = ("localhost", "127.0.0.1")
MOST_FIELDS = 200
MOST_FIELDS_OF_EDITORS = 1_000  # a summary with all its lists full has about 400
FORM = "application/x-www-form-urlencoded"
FORM_IN_PARTS = "multipart/form-data"


class Body:
    """The body of a request as the server reads it. Malformed chunks and a client that has gone are noticed only then, and
    every server raises exceptions of its own for them.
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
        if self.path.startswith(
            PRIVATE_PART
        ):  # public forms refuse control characters, and say so beside the field
            self.__dict__["form"] = _without_nul(self.form)


def init_app(app: Flask, config: Config) -> None:
    """Look at every request first."""
    app.config["TRUSTED_HOSTS"] = [str(urlsplit(config.site_url).hostname), *LOOPBACK, *config.allowed_hosts]
    app.request_class = FormRequest
    app.before_request(_refuse_unreadable)


def _refuse_unreadable() -> None:
    if not request.host:
        raise SecurityError  # no Host at all, or one with signs that no name has
    path, query = request.environ["PATH_INFO"], request.environ.get("QUERY_STRING", "")
    if not (path.isascii() and path.isprintable()) and not _text(path.encode("latin-1")).isprintable():
        raise SiteError(400)
    if "%" in query or not query.isascii():
        _text(unquote_to_bytes(query.encode("latin-1")))
    _check_field_count(query.encode("latin-1"))
    if request.mimetype == FORM:
        body = _body()
        _check_field_count(body)
        _text(unquote_to_bytes(body))
    elif request.mimetype == FORM_IN_PARTS and not request.path.startswith(PRIVATE_PART):
        _text(_body())  # only editors send files, and those may be any bytes


def _without_nul(sent: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    """PostgreSQL cannot hold the character NUL, which copying from a PDF may bring along: a space takes its place."""
    pairs = sent.items(multi=True)
    return ImmutableMultiDict([(name.replace("\0", " "), value.replace("\0", " ")) for name, value in pairs])


def _body() -> bytes:
    """All that was sent; refused with 413 if it is too long."""
    body = request.get_data()
    if request.content_length is None and len(body) == request.max_content_length:
        raise SiteError(413)  # what comes in chunks tells no length, and werkzeug cuts it without a word
    return body


def _text(found: bytes) -> str:
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise SiteError(400) from None


def _check_field_count(fields: bytes) -> None:
    most = MOST_FIELDS_OF_EDITORS if request.path.startswith(PRIVATE_PART) else MOST_FIELDS
    if fields.count(b"&") >= most:
        raise SiteError(
            400, "There were more fields than any form of ours has. Please go back and try again."
        )
