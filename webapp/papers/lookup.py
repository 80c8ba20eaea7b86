"""Requests to Crossref for one DOI, limited to one host, 5 seconds and 1 MB."""

import http.client
import json
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from webapp.content.identifiers import find_doi
from webapp.papers.crossref import Message

SECONDS = 5.0
MOST_BYTES = 1_000_000
_CHUNK = 65_536
_INTERNAL = ("localhost", "local", "internal", "invalid", "test", "example")  # top-level domains without mail
_BY_HAND = "You can fill in the fields by hand."


class LookupFailed(Exception):
    """Crossref gave no usable answer; the message says what happened and what to do."""


class UnknownDoi(LookupFailed):
    """Crossref does not have this DOI, or it is invalid; other look-ups may succeed."""


class _SameHostOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to the host that was asked only, so that no answer can make us call another server."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0917
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise LookupFailed(f"Crossref sent us to another site, which we don’t trust. {_BY_HAND}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_contact(address: str) -> bool:
    """Tell whether mail from Crossref could reach an address: it gives those who name one twice the requests."""
    top = address.rpartition("@")[2].rpartition(".")
    return bool(top[0]) and top[2].lower() not in _INTERNAL


def fetch(doi: str, base_url: str, contact: str) -> Message:
    """Fetch Crossref's message about a bare DOI. Raises LookupFailed."""
    if not doi or doi != find_doi(doi):
        raise UnknownDoi("Enter the DOI as it is printed, like 10.1002/jsp2.1186.")
    agent = (
        f"SpinalCordResearchHelp/1.0 (mailto:{contact})"
        if is_contact(contact)
        else "SpinalCordResearchHelp/1.0"
    )
    request = urllib.request.Request(f"{base_url}/works/{quote(doi, safe='')}", headers={"User-Agent": agent})  # noqa: S310
    try:
        with urllib.request.build_opener(_SameHostOnly).open(request, timeout=SECONDS) as answer:
            body = _read(answer)
    except HTTPError as error:
        if error.code == http.client.NOT_FOUND:
            raise UnknownDoi(f"Crossref does not know {doi}. Check the DOI. {_BY_HAND}") from error
        if error.code == http.client.TOO_MANY_REQUESTS:
            raise LookupFailed(f"Crossref asks us to wait. Try again in a minute. {_BY_HAND}") from error
        raise LookupFailed(f"Crossref has a problem at the moment. Try again later. {_BY_HAND}") from error
    except (URLError, http.client.HTTPException, OSError) as error:
        raise LookupFailed(f"Crossref did not answer in time. Try again later. {_BY_HAND}") from error
    try:
        message = json.loads(body)["message"]
    except (ValueError, RecursionError, LookupError, TypeError):
        message = None
    if not isinstance(message, dict):
        raise LookupFailed(f"We couldn’t read Crossref’s answer. Try again later. {_BY_HAND}")
    return message


def _read(answer: Any) -> bytes:
    """Read an answer with limits for its size and its total time: the socket's timeout covers single reads only."""
    until, body = time.monotonic() + SECONDS, b""
    while chunk := answer.read1(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise LookupFailed(f"Crossref’s answer was too long to read. {_BY_HAND}")
        if time.monotonic() > until:
            raise TimeoutError
    return body
