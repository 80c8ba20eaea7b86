"""Brotli or gzip, whichever the browser takes. One place for pages made on request and files made once."""

import gzip

import brotli
from flask import Request, Response
from werkzeug.datastructures import Accept

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


def best_encoding(accepted: Accept) -> str | None:
    """``br`` or ``gzip`` if the browser accepts it, Brotli first."""
    return next((name for name in ("br", "gzip") if accepted[name]), None)


def chosen_encoding(request: Request) -> str | None:
    """The best encoding for who asks."""
    return best_encoding(request.accept_encodings)


def compressed(body: bytes, encoding: str, quality: int = PAGE_QUALITY) -> bytes:
    """The body in that encoding; the same bytes every time."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
    return gzip.compress(body, min(quality + 1, 9), mtime=0)


def compress_response(request: Request, response: Response) -> None:
    """Compress an answer made of text, unless it is short, streamed, or compressed already."""
    is_text = (response.mimetype or "").startswith(TEXT_TYPES)
    if response.is_streamed or response.headers.get("Content-Encoding") or not is_text:
        return
    response.vary.add("Accept-Encoding")
    encoding = chosen_encoding(request)
    body = response.get_data()
    if encoding is not None and len(body) >= LEAST_BYTES:
        response.set_data(compressed(body, encoding))
        response.headers["Content-Encoding"] = encoding
