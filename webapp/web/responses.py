"""How every answer goes out: security headers, caching, and compression with Brotli or gzip."""

import gzip
from http import HTTPStatus

import brotli
from flask import Flask, Response, request
from werkzeug.datastructures import Accept

from webapp.config import Config

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; manifest-src 'self'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
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
PRIVATE_PART = "/editor"

TEXT_TYPES = (
    "text/",
    "application/atom+xml",
    "application/xml",
    "application/json",
    "application/jsonl",
    "application/ld+json",
)
LEAST_BYTES = 500
PAGE_QUALITY = 5  # Brotli 0-11: 5 costs about 1 ms a page and gives most of the gain
FILE_QUALITY = 11


def init_app(app: Flask, config: Config) -> None:
    """Add the final headers to every response, errors included."""
    is_https = config.is_https

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        # Browsers heed this only where it comes over https, so a proxy's word is enough to say it.
        if is_https or request.headers.get("X-Forwarded-Proto") == "https":
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        response.vary.update(("HX-Request", "Cookie", "Accept"))
        is_for_editors = request.path.startswith(PRIVATE_PART)
        is_page = request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK
        is_public = is_page and not is_for_editors and "Set-Cookie" not in headers
        headers.setdefault("Cache-Control", PUBLIC if is_public else PRIVATE)
        if request.method != "HEAD" and not is_for_editors:
            # A page of the editor holds a secret (its form token) together with text from the address. If they were
            # compressed as one, the length of the answer would tell the secret bit by bit (BREACH).
            compress(response)
        if is_public and not response.is_streamed and headers["Cache-Control"] == PUBLIC:
            response.add_etag()
            response.make_conditional(request)
        return response


def never_store(response: Response) -> Response:
    """Mark an answer that is for one visitor or one moment only."""
    response.headers["Cache-Control"] = PRIVATE
    return response


def best_encoding(accepted: Accept) -> str | None:
    """``br`` or ``gzip`` if the browser accepts it, Brotli first."""
    return next((name for name in ("br", "gzip") if accepted[name]), None)


def compressed(body: bytes, encoding: str, quality: int = PAGE_QUALITY) -> bytes:
    """The body in that encoding; the same bytes every time."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
    return gzip.compress(body, min(quality + 1, 9), mtime=0)


def compress(response: Response) -> None:
    """Compress an answer made of text, unless it is short, streamed, or compressed already."""
    is_text = (response.mimetype or "").startswith(TEXT_TYPES)
    if response.is_streamed or response.headers.get("Content-Encoding") or not is_text:
        return
    response.vary.add("Accept-Encoding")
    encoding = best_encoding(request.accept_encodings)
    body = response.get_data()
    if encoding is not None and len(body) >= LEAST_BYTES:
        response.set_data(compressed(body, encoding))
        response.headers["Content-Encoding"] = encoding
