"""Finished public pages, kept in each process as compressed bytes and answered before Flask sees the request.

The one place that knows of it besides ``create_app``: views do not. An answer is kept if it is a public page read by GET
(``Cache-Control: public``, no cookie set). It is kept under the newest public change that was committed *before* the page
was made, so a page can be newer than its change, never older; a request after a later change finds none.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.http import parse_accept_header, parse_cookie

from webapp.config import Config
from webapp.db.change_log import ChangesUnknown, committed_reader
from webapp.db.session import db
from webapp.web.compression import best_encoding
from webapp.web.headers import PRIVATE_PART
from webapp.web.metrics import page_hit_counter
from webapp.web.templating import PREFERENCES_COOKIE, Preferences

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_PAGE = 1_000_000  # bytes; the library as a file is made anew each time
KEPT_SECONDS = 300.0  # for what changes with the calendar alone, like the year at the foot of a page
BODY_HEADERS = ("content-length", "content-type", "content-encoding")

Headers = list[tuple[str, str]]
Key = tuple[object, ...]


@dataclass(frozen=True)
class FinishedPage:
    """An answer as it goes out."""

    headers: Headers
    body: bytes
    etag: str
    made_at: float  # seconds of the cache's clock


def init_app(app: Flask, config: Config) -> None:
    """Put the cache before the application, unless it is switched off."""
    if config.page_cache_mb:
        with app.app_context():
            newest_change = committed_reader(db.engine)
        byte_limit, on_hit = config.page_cache_mb * 1_000_000, page_hit_counter(app)
        app.wsgi_app = PageCache(app.wsgi_app, newest_change, byte_limit, on_hit)  # type: ignore[method-assign]


class PageCache:
    """WSGI middleware. Holds at most ``byte_limit`` bytes of bodies; what was not asked for longest goes first."""

    def __init__(
        self,
        application: "WSGIApplication",
        newest_change: Callable[[], int],
        byte_limit: int,
        on_hit: Callable[[], None] = lambda: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._newest_change = newest_change
        self._byte_limit = byte_limit
        self._on_hit = on_hit
        self._clock = clock
        self._pages: OrderedDict[Key, FinishedPage] = OrderedDict()
        self._change = -1
        self._byte_count = 0
        self._changing = Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        key = _key_of(environ)
        if key is None:
            return self._application(environ, start_response)
        try:
            change = self._newest_change()
        except ChangesUnknown:
            return self._application(environ, start_response)
        page = self._find(key, change)
        if page is None:
            return self._made(environ, start_response, key, change)
        self._on_hit()
        return _answer(page, environ.get("HTTP_IF_NONE_MATCH", ""), start_response)

    def _find(self, key: Key, change: int) -> FinishedPage | None:
        with self._changing:
            if change != self._change:
                self._pages.clear()
                self._change, self._byte_count = change, 0
            page = self._pages.get(key)
            if page is None or self._clock() - page.made_at > KEPT_SECONDS:
                return None
            self._pages.move_to_end(key)
            return page

    def _made(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", key: Key, change: int
    ) -> Iterable[bytes]:
        """Ask the application for the whole page, keep it if everybody may have it, and answer."""
        known = environ.pop("HTTP_IF_NONE_MATCH", "")
        started: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], object]:  # noqa: ARG001
            started.append((status, headers))
            return _no_writing

        chunks = self._application(environ, start)
        status, headers = started[-1]
        etag = _etag_if_finished(status, headers)
        if etag is None:
            start_response(status, headers)
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", bool)()
        page = FinishedPage(headers, body, etag, self._clock())
        self._keep(key, change, page)
        return _answer(page, known, start_response)

    def _keep(self, key: Key, change: int, page: FinishedPage) -> None:
        if len(page.body) > LARGEST_PAGE:
            return
        with self._changing:
            if change != self._change:
                return  # something was published while this page was made
            former = self._pages.pop(key, None)
            self._byte_count += len(page.body) - (len(former.body) if former else 0)
            self._pages[key] = page
            while self._byte_count > self._byte_limit:
                self._byte_count -= len(self._pages.popitem(last=False)[1].body)


def _answer(page: FinishedPage, known: str, start_response: "StartResponse") -> Sequence[bytes]:
    if page.etag in known:
        start_response(
            "304 NOT MODIFIED", [pair for pair in page.headers if pair[0].lower() not in BODY_HEADERS]
        )
        return ()
    start_response("200 OK", page.headers)
    return (page.body,)


def _key_of(environ: "WSGIEnvironment") -> Key | None:
    """What an answer depends on besides the database; nothing for a request that is never answered from here."""
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] != "GET" or path.startswith(PRIVATE_PART):
        return None
    accept = environ.get("HTTP_ACCEPT", "*/*")
    if not accept.startswith(
        ("text/html", "*/*")
    ):  # a program that may be given a citation instead of the page
        return None
    return (
        path,
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_HOST"),
        environ.get("HTTP_X_FORWARDED_PROTO"),
        environ.get("HTTP_HX_REQUEST"),
        environ.get("HTTP_HX_BOOSTED"),
        environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST"),
        _encoding(environ.get("HTTP_ACCEPT_ENCODING", "")),
        _preferences(environ.get("HTTP_COOKIE", "")),
    )


@lru_cache(maxsize=256)
def _encoding(accepted: str) -> str | None:
    return best_encoding(parse_accept_header(accepted))


@lru_cache(maxsize=256)
def _preferences(cookies: str) -> Preferences:
    return Preferences.from_cookie(parse_cookie(cookies).get(PREFERENCES_COOKIE, ""))


def _etag_if_finished(status: str, headers: Headers) -> str | None:
    """The page's own mark, if it is a whole page that everybody may be given."""
    found = {name.lower(): value for name, value in headers}
    is_public = found.get("cache-control", "").startswith("public") and "set-cookie" not in found
    return found.get("etag") if status.startswith("200") and is_public else None


def _no_writing(_: bytes) -> object:
    raise NotImplementedError("Flask answers with an iterable, never by writing")
