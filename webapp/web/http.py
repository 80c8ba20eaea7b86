"""What every request passes on its way in, and every answer on its way out.

In: the language is taken off the address; the address, host, body and origin are checked before any view sees them, and only
the editor has sessions. Out: security headers, caching, compression, and a line in the log.

/es/answers is /answers in Spanish, as if the site were mounted at /es (``SCRIPT_NAME``). So no route is doubled, and the
addresses on a page stay in its language by themselves. What is for editors, and files that are the same in each language,
have their plain addresses only.
"""

import gzip
import logging
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes, urlsplit
from uuid import uuid4

import brotli
from flask import Flask, Request, Response, current_app, g, request
from flask import url_for as plain_url_for
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, SecurityError
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from webapp.config import Config
from webapp.languages.language import (
    ENGLISH,
    Language,
    current_language,
    in_language,
    known_languages,
)
from webapp.parsing import clean_text
from webapp.web.errors import SiteError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("webapp.requests")

PRIVATE_PART = "/editor"
LOOPBACK = ("localhost", "127.0.0.1")
LOOPBACK_6 = re.compile(r"\[::1\](:\d{1,5})?")  # which Werkzeug cannot compare with TRUSTED_HOSTS
OPEN_TO_ANY_HOST = ("/livez", "/readyz")  # monitors and containers ask by address
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
MOST_FIELDS = 200
MOST_FIELDS_OF_EDITORS = 1_000  # a summary with all its lists full has about 400
PROFILE = "me"  # the field that holds a reader's profile (webapp/content/people_like_me.py)
IN_NO_LANGUAGE = re.compile(
    r"/(editor|review|assets|livez|readyz|metrics|\.well-known)(/.*)?"
    r"|.*\.(ris|bib|json|jsonl|csv|png|svg|xml|txt|js|ico|webmanifest)",
    re.DOTALL,
)
REMEMBERED = {"slug", "ending", "of", "revision"}  # parts of addresses that every article page asks for
FORM = "application/x-www-form-urlencoded"
FORM_IN_PARTS = "multipart/form-data"
# Mail programs press "Unsubscribe" for their readers (RFC 8058). Every other form comes from a page of this site.
OPEN_TO_OTHER_SITES = ("newsletter.unsubscribe_now",)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
        "manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "no-store"

TEXT_TYPES = (
    "text/",
    "application/atom+xml",
    "application/xml",
    "application/json",
    "application/jsonl",
    "application/ld+json",
)
ENCODINGS = ("br", "gzip")  # the first one wins where a browser likes both equally
LEAST_BYTES = 500
PAGE_QUALITY = 4  # Brotli 0-11: 5 takes 1.1 ms for a page instead of 0.7, and saves 5 % of its bytes
FILE_QUALITY = 11


class RowNumber(IntegerConverter):
    """A row's number in an address, no larger than an integer column can hold: above that the page does not exist."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **{"max": 2**31 - 1} | options)


class DraftNumber(RowNumber):
    """A draft's number, or "new", which is 0, for a text that was never saved."""

    regex = r"\d+|new"

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1)

    def to_python(self, value: str) -> int:
        return 0 if value == "new" else int(super().to_python(value))

    def to_url(self, value: int) -> str:
        return str(super().to_url(value)) if value else "new"


class Slug(BaseConverter):
    """The name of a page in its address: it has no dot, as the names of files have."""

    regex = r"[^/.]+"


@dataclass(frozen=True)
class Body:
    """The body of a request as the server reads it.

    Malformed chunks and a client that has gone are noticed only then, and every server raises exceptions of its own for them.
    """

    sent: IO[bytes]

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes; raises BadRequest if the server cannot."""
        try:
            return self.sent.read(size)
        except Exception as error:
            raise BadRequest from error


class Fields(ImmutableMultiDict[str, Any]):
    """The fields of an address or a form, as clean text; uploaded files stay as they are."""

    def __init__(self, sent: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(
            [
                (clean_text(name), clean_text(value) if isinstance(value, str) else value)
                for name, value in sent
            ]
        )


class FormRequest(Request):
    """What people send is a form. Flask-WTF would take JSON as well, and its depth and types would break what reads fields."""

    is_json = False  # of every request, whatever it calls itself

    parameter_storage_class = Fields


class Addresses:
    """WSGI middleware: takes the language off the front of the path and answers in it; gives monitors a host that we know."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        language, path = language_of(environ["PATH_INFO"])
        if path in OPEN_TO_ANY_HOST or LOOPBACK_6.fullmatch(environ.get("HTTP_HOST", "")):
            environ["HTTP_HOST"] = LOOPBACK[0]
        if language is ENGLISH:
            return self._application(environ, start_response)
        if not path:
            start_response("301 MOVED PERMANENTLY", [("Location", f"{language.prefix}/")])
            return ()
        mounted = {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + language.prefix, "PATH_INFO": path}
        with in_language(language):
            return self._application(environ | mounted, start_response)


def language_of(path: str) -> tuple[Language, str]:
    """The language of a path, and what comes after it: /es/answers is Spanish, and /answers."""
    code = path.partition("/")[2].partition("/")[0]  # "OPTIONS *" has none
    language = known_languages().get(code, ENGLISH)
    rest = path.removeprefix(language.prefix)
    return (ENGLISH, path) if language is ENGLISH or IN_NO_LANGUAGE.fullmatch(rest) else (language, rest)


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
    """Check every request and finish every answer, errors included; open sessions for editors only."""
    app.wsgi_app = Addresses(app.wsgi_app)  # type: ignore[method-assign]
    app.request_class = FormRequest
    app.session_interface = EditorSessions()
    app.url_map.converters |= {"int": RowNumber, "draft": DraftNumber, "slug": Slug}
    site, is_https = urlsplit(config.site_url), config.is_https
    app.config.update(
        TRUSTED_HOSTS=[str(site.hostname), *LOOPBACK, *config.allowed_hosts],
        SESSION_COOKIE_NAME="__Host-session" if is_https else "session",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )

    @app.before_request
    def begin() -> None:
        """Give the request an id, then refuse it if it cannot be read or if another site's page caused it.

        A form is ours with ``Sec-Fetch-Site: same-origin``, else with an Origin that is our own, else with our own Referer.
        """
        # The id of a proxy in front leads from its log to ours; anything else in that header could be personal.
        sent_id = request.headers.get("X-Request-ID", "")
        g.request_id = sent_id if REQUEST_ID.fullmatch(sent_id) else uuid4().hex[:12]
        g.route = request.url_rule.rule if request.url_rule else "(no such page)"  # a path may hold a token
        g.started = time.perf_counter()
        if not request.host:
            raise SecurityError  # no Host at all, or one with signs that no name has
        request.environ["wsgi.input"] = Body(request.environ["wsgi.input"])
        refuse_unreadable()
        if request.method != "POST" or request.endpoint in (None, *OPEN_TO_OTHER_SITES):
            return
        fetch_site = request.headers.get("Sec-Fetch-Site")
        source = request.headers.get("Origin") or request.headers.get("Referer") or ""
        is_our_origin = urlsplit(source).netloc in (request.host, site.netloc)
        if not (is_our_origin if fetch_site is None else fetch_site in ("same-origin", "none")):
            raise SiteError(
                403,
                "This form was sent from another site. Please open the page on our site and send it from there.",
            )

    @app.after_request
    def finish(response: Response) -> Response:
        """Add the final headers, compress, and log the route: the full address may hold a search or a token."""
        headers = response.headers
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)  # the preview of a mail allows its own style
        # Browsers heed this only where it comes over https, so a proxy's word is enough to say it.
        if is_https or request.headers.get("X-Forwarded-Proto") == "https":
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        response.vary.update(("HX-Request", "Cookie", "Accept"))
        is_for_editors = request.path.startswith(PRIVATE_PART)
        is_page = request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK
        is_public = is_page and not is_for_editors and "Set-Cookie" not in headers
        if PROFILE in request.args:  # whatever page it is: this address is one reader's own
            is_public = False
            headers["Cache-Control"], headers["X-Robots-Tag"] = PRIVATE, "noindex"
        headers.setdefault("Cache-Control", PUBLIC if is_public else PRIVATE)
        # A page of the editor holds a secret (its form token) together with text from the address. If they were compressed
        # as one, the length of the answer would tell the secret bit by bit (BREACH).
        is_text = not is_for_editors and (response.mimetype or "").startswith(TEXT_TYPES)
        if is_text and "Content-Encoding" not in headers:
            compress(response)
        if is_public and headers["Cache-Control"] == PUBLIC:
            if not response.is_streamed:
                response.add_etag()
            # Otherwise Werkzeug would read a stream to its end, for its length.
            response.implicit_sequence_conversion = not response.is_streamed
            response.make_conditional(request)
        # A page that is stored would name an older request.
        if not headers["Cache-Control"].startswith("public"):
            headers["X-Request-ID"] = g.get("request_id", "")
        if request.endpoint != "assets.show_asset":
            log.info(
                "%s %s",
                request.method,
                g.get("route"),
                extra={
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                    "fragment": request.headers.get("HX-Request") == "true",
                },
            )
        return response


def refuse_unreadable() -> None:
    """Refuse bytes that are not text, and more fields than a form has."""
    is_for_editors = request.path.startswith(PRIVATE_PART)
    path = request.environ["PATH_INFO"].encode("latin-1")
    query = request.environ.get("QUERY_STRING", "").encode("latin-1")
    texts, forms = [path, unquote_to_bytes(query)], [query]
    # Only editors send files, and those may be any bytes.
    if request.mimetype == FORM or (request.mimetype == FORM_IN_PARTS and not is_for_editors):
        body = request.get_data()
        if request.content_length is None and len(body) == request.max_content_length:
            raise SiteError(413)  # what comes in chunks has no stated length, and Werkzeug cuts it silently
        if request.mimetype == FORM:
            forms.append(body)
            body = unquote_to_bytes(body)
        texts.append(body)
    try:
        b"\n".join(texts).decode()
    except UnicodeDecodeError:
        raise SiteError(400) from None
    if not path.decode().isprintable():
        raise SiteError(400)
    most = MOST_FIELDS_OF_EDITORS if is_for_editors else MOST_FIELDS
    if any(fields.count(b"&") >= most for fields in forms):
        raise SiteError(400, "That form has too many fields. Please go back and try again.")


def url_for(endpoint: str, **values: Any) -> str:
    """Flask's ``url_for`` for templates, which ask for some 70 addresses a page. Words and tokens are not remembered."""
    address = _remembered_address if values.keys() <= REMEMBERED else _address
    return address(current_language().prefix, endpoint, **values)


def _address(prefix: str, endpoint: str, /, **values: Any) -> str:
    """An address in the current language, which has this prefix; the plain one of what has no address in it."""
    address = plain_url_for(endpoint, **values)
    plain = address.removeprefix(prefix)
    return plain if prefix and IN_NO_LANGUAGE.fullmatch(plain.partition("?")[0]) else address


_remembered_address = lru_cache(maxsize=10_000)(_address)


def text_file(body: str | Iterable[str], mimetype: str, name: str) -> Response:
    """A text to download as a file with this name."""
    headers = {
        "Content-Type": f"{mimetype}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(body, HTTPStatus.OK, headers)


def never_store(response: Response) -> Response:
    """Mark an answer that is for one visitor or one moment only."""
    response.headers["Cache-Control"] = PRIVATE
    return response


def set_reader_cookie(response: Response, name: str, value: str, days: int) -> Response:
    """Store what a reader chose in their own browser, and nowhere else; an empty value deletes it."""
    response.set_cookie(
        name,
        value,
        max_age=days * 86_400 if value else 0,
        secure=current_app.extensions["config"].is_https,
        httponly=True,
        samesite="Lax",
    )
    return never_store(response)


def compress(response: Response) -> None:
    """Compress an answer as the current request accepts it; a stream while it is sent."""
    response.vary.add("Accept-Encoding")
    encoding = request.accept_encodings.best_match(ENCODINGS)
    if encoding is None:
        return
    if response.is_streamed:
        response.response = compressed_pieces(response.iter_encoded(), encoding)
    elif len(body := response.get_data()) >= LEAST_BYTES:
        response.set_data(compressed(body, encoding))
    else:
        return
    response.headers["Content-Encoding"] = encoding


def compressed(body: bytes, encoding: str, quality: int = PAGE_QUALITY) -> bytes:
    """The body in that encoding; the same bytes every time."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
    return gzip.compress(body, min(quality + 1, 9), mtime=0)


def compressed_pieces(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """What is sent a piece at a time, in that encoding."""
    if encoding == "br":
        brotli_stream = brotli.Compressor(quality=PAGE_QUALITY)
        yield from map(brotli_stream.process, pieces)
        yield brotli_stream.finish()
    else:
        gzip_stream = zlib.compressobj(PAGE_QUALITY + 1, wbits=zlib.MAX_WBITS | 16)  # with the header of gzip
        yield from map(gzip_stream.compress, pieces)
        yield gzip_stream.flush()
