"""Finished public pages, stored in each process as compressed bytes and answered before Flask sees the request.

Views know nothing of it. An answer is stored if it is a public page read by GET (``Cache-Control: public``, no cookie set),
under the newest public change that was committed *before* the page was made. So a page can be newer than its change, never
older, and a request after a later change gets a new one.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.http import parse_accept_header, parse_cookie
from werkzeug.wrappers import Response

from webapp.config import Config
from webapp.db.change_log import ChangesUnknown
from webapp.web.http import ENCODINGS, PRIVATE_PART
from webapp.web.live_values import NEWEST_CHANGE
from webapp.web.page_views import SHOWN, Text, counter_of
from webapp.web.templating import PREFERENCES_COOKIE, Preferences

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_PAGE = 1_000_000  # bytes
KEPT_SECONDS = 300.0  # then a page is made again, for what changes with the calendar alone, like the year at the foot of a page
BODY_HEADERS = ("content-length", "content-type", "content-encoding")

# What an Accept header names besides pages, pictures and what browsers say of themselves.
_OTHER_FORMAT = re.compile(
    r"application/(?!xhtml\+xml|xml\b|signed-exchange)|text/(?!html|\*)", re.IGNORECASE
)

Headers = list[tuple[str, str]]
Key = tuple[object, ...]


@dataclass(frozen=True)
class FinishedPage:
    """An answer as it goes out."""

    headers: Headers
    body: bytes
    etag: str
    made_at: float  # seconds of the cache's clock
    shown: Sequence[Text]  # whose views are counted


def init_app(app: Flask, config: Config) -> None:
    """Put the cache before the application, unless it is switched off."""
    if config.page_cache_mb:
        newest_change, byte_limit = app.extensions["newest_change"], config.page_cache_mb * 1_000_000
        hits = app.extensions.get("page_hits")  # counted only where somebody may read the metrics
        app.wsgi_app = PageCache(  # type: ignore[method-assign]
            app.wsgi_app, newest_change, byte_limit, hits and hits.inc, counter_of(app).add
        )


class PageCache:
    """WSGI middleware. Holds at most ``byte_limit`` bytes of bodies, and evicts the least recently used page first."""

    def __init__(
        self,
        application: "WSGIApplication",
        newest_change: Callable[[], int],
        byte_limit: int,
        on_hit: Callable[[], None] | None = None,
        on_view: Callable[[Text, "WSGIEnvironment"], None] = lambda _text, _environ: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._newest_change = newest_change
        self._byte_limit = byte_limit
        self._on_hit = on_hit
        self._on_view = on_view
        self._clock = clock
        self._pages: OrderedDict[Key, FinishedPage] = OrderedDict()
        self._change = -1
        self._byte_count = 0
        self._changing = Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        is_for_editors = environ["PATH_INFO"].startswith(PRIVATE_PART)
        key = None if is_for_editors or environ["REQUEST_METHOD"] != "GET" else _key_of(environ)
        if key is None:
            return self._application(environ, start_response)
        try:
            change = self._newest_change()
        except ChangesUnknown:
            return self._application(environ, start_response)
        with self._changing:
            if change != self._change:
                self._pages.clear()
                self._change, self._byte_count = change, 0
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
        if page is None or self._clock() - page.made_at > KEPT_SECONDS:
            return self._made(environ, start_response, key, change)
        if self._on_hit:
            self._on_hit()
        for text in page.shown:
            self._on_view(text, environ)
        return _answer(page, environ.get("HTTP_IF_NONE_MATCH", ""), start_response)

    def _made(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", key: Key, change: int
    ) -> Iterable[bytes]:
        """Ask the application for the whole page, store it if everybody may have it, and answer."""
        known = environ.pop("HTTP_IF_NONE_MATCH", "")
        environ[NEWEST_CHANGE] = change
        shown: list[Text] = []
        environ[SHOWN] = shown
        response = Response.from_app(self._application, environ)
        headers = response.headers
        is_public = headers.get("Cache-Control", "").startswith("public") and "Set-Cookie" not in headers
        if response.status_code != HTTPStatus.OK or not is_public or "ETag" not in headers:
            return response(environ, start_response)
        if "Content-Length" not in headers:  # sent while it is written, like the library as a file
            response.implicit_sequence_conversion = False
            response.make_conditional(environ | {"HTTP_IF_NONE_MATCH": known})
            return response(environ, start_response)
        with response:
            body = response.get_data()
        page = FinishedPage(headers.to_wsgi_list(), body, headers["ETag"], self._clock(), shown)
        with self._changing:
            # Otherwise something was published while this page was made.
            if change == self._change and len(body) <= LARGEST_PAGE:
                former = self._pages.pop(key, None)
                self._byte_count += len(body) - (len(former.body) if former else 0)
                self._pages[key] = page
                while self._byte_count > self._byte_limit:
                    self._byte_count -= len(self._pages.popitem(last=False)[1].body)
        return _answer(page, known, start_response)


def _answer(page: FinishedPage, known: str, start_response: "StartResponse") -> Sequence[bytes]:
    if page.etag in known:
        start_response(
            "304 NOT MODIFIED", [pair for pair in page.headers if pair[0].lower() not in BODY_HEADERS]
        )
        return ()
    start_response("200 OK", page.headers)
    return (page.body,)


def _key_of(environ: "WSGIEnvironment") -> Key | None:
    """All that an answer depends on, apart from the database; None for a request that is never answered from the cache."""
    if _OTHER_FORMAT.search(environ.get("HTTP_ACCEPT", "")):
        return None  # a program that may be given a citation instead of the page, or the page instead of a citation
    return (
        environ["PATH_INFO"],
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
    return parse_accept_header(accepted).best_match(ENCODINGS)


@lru_cache(maxsize=256)
def _preferences(cookies: str) -> Preferences:
    return Preferences.from_cookie(parse_cookie(cookies).get(PREFERENCES_COOKIE, ""))
