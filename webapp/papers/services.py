"""Requests to outside services, each to one host and with limits on time, size and rate.

Every failure is an exception whose message names the service, for editors to read.
"""

import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from math import ceil, inf
from threading import Lock
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from msgspec import json

from webapp.config import VERSION, Config
from webapp.models.in_words import plural
from webapp.parsing import int_from
from webapp.web.outgoing import TooLong, open_until, read_all

SECONDS = 10.0  # for one answer, with the wait for our turn
CONNECT_SECONDS = 4.0
MOST_BYTES = 10_000_000
LONGEST_WAIT = 3600  # seconds, whatever a service asks for
DEFAULT_WAIT = 10  # seconds, if a service asks us to wait and does not say how long
_INTERNAL = ("localhost", "local", "internal", "invalid", "test", "example")  # top-level domains without mail


@dataclass(frozen=True)
class Service:
    """An outside service; ``setting`` names the setting with its address, ``seconds`` is for one answer if not SECONDS."""

    name: str
    setting: str
    seconds_between: float
    seconds: float | None = None


# Crossref allows five requests for one DOI a second, and one for a list; PubMed three; the others publish no limit.
CROSSREF = Service("Crossref", "crossref_url", 0.25)
CROSSREF_LISTS = Service("Crossref", "crossref_url", 1.0)
EUROPE_PMC = Service("Europe PMC", "europe_pmc_url", 0.2)
PUBMED = Service("PubMed", "pubmed_url", 0.34)
CLINICAL_TRIALS = Service("ClinicalTrials.gov", "clinical_trials_url", 1.0)


class ServiceFailed(Exception):
    """A service gave no usable answer; the message says what happened."""


class NotThere(ServiceFailed):
    """The service works, and does not have what it was asked for."""


class RequestRefused(ServiceFailed):
    """The service did not understand the request."""


class MustWait(ServiceFailed):
    """The service takes no request before a time that it names."""


class Pace:
    """When the next request to a service may start. Each worker process keeps its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last_at = -inf
        self._paused_until = self._between = 0.0

    def take_turn(self, service: Service, until: float) -> None:
        """Wait until the service takes a request. Raises ServiceFailed if that is later than ``until``."""
        with self._lock:
            now = monotonic()
            next_at = self._last_at + max(service.seconds_between, self._between)
            at = max(next_at, self._paused_until, now)
            if now > until:
                raise ServiceFailed(f"There was no time left to ask {service.name}.")
            if at > until:
                raise _must_wait(service, at - now)
            self._last_at = at
        sleep(at - now)

    def obey(self, headers: Message) -> None:
        """Slow down to the limit that an answer names, like 50 requests in "1s"."""
        limit = int_from(headers.get("x-rate-limit-limit", ""), 1, 1_000_000)
        seconds = int_from(headers.get("x-rate-limit-interval", "").removesuffix("s"), 1, LONGEST_WAIT)
        if limit and seconds:
            self._between = seconds / limit

    def pause(self, retry_after: str) -> float:
        """Start no request for as long as the header Retry-After says, a number of seconds or a date; returns seconds."""
        seconds: float | None = int_from(retry_after)
        if seconds is None:
            try:
                seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError):
                seconds = DEFAULT_WAIT
        seconds = min(max(seconds, 1), LONGEST_WAIT)
        with self._lock:
            self._paused_until = max(self._paused_until, monotonic() + seconds)
        return seconds


_paces: defaultdict[str, Pace] = defaultdict(Pace)  # by address


def fetch(config: Config, service: Service, path: str, *, until: float | None = None, **query: str) -> bytes:
    """Fetch what a service has at a path below its address. Raises ServiceFailed.

    ``until`` is the latest time, by ``time.monotonic()``, at which the answer is still of use.
    """
    return _answer(config, service, path + (f"?{urlencode(query)}" if query else ""), until)


def post(config: Config, service: Service, path: str, value: Any, key: str) -> bytes:
    """Send a value as JSON to a path below a service's address, with a key if there is one. Raises ServiceFailed."""
    authorization = {"Authorization": f"Bearer {key}"} if key else {}
    headers = {"Content-Type": "application/json"} | authorization
    return _answer(config, service, path, None, headers=headers, body=json.encode(value))


def _answer(
    config: Config,
    service: Service,
    path: str,
    until: float | None,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    body: bytes | None = None,
) -> bytes:
    address, started, seconds = getattr(config, service.setting), monotonic(), service.seconds or SECONDS
    pace, until = _paces[address], until or started + seconds
    pace.take_turn(service, until)
    deadline = min(monotonic() + seconds, until)
    ours = f" (mailto:{config.editors_mail})" if is_contact(config.editors_mail) else ""
    agent = {"User-Agent": f"SpinalCordResearchHelp/{VERSION}{ours}"}
    request = urllib.request.Request(f"{address}{path}", body, agent | dict(headers))  # noqa: S310
    try:
        with open_until(deadline, request, _SameHostOnly(service), CONNECT_SECONDS) as answer:
            pace.obey(answer.headers)
            return read_all(answer, MOST_BYTES)
    except HTTPError as error:
        with error:
            raise _failure(service, pace, error) from error
    except TooLong as error:
        raise ServiceFailed(f"The answer from {service.name} is too long to read.") from error
    except IncompleteRead as error:
        raise unreadable(service) from error
    except TimeoutError as error:
        raise _late(service, monotonic() - started) from error
    except (HTTPException, OSError) as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise _late(service, monotonic() - started) from error
        raise ServiceFailed(f"We couldn’t reach {service.name}.") from error


def unreadable(service: Service) -> ServiceFailed:
    """Make the exception for an answer that is not what the service's documentation says."""
    return ServiceFailed(f"We couldn’t read the answer from {service.name}.")


def is_contact(address: str) -> bool:
    """Tell whether a service's mail could reach an address: Crossref gives those who name one twice the requests."""
    top = address.rpartition("@")[2].rpartition(".")
    return bool(top[0]) and top[2].lower() not in _INTERNAL


def contact(config: Config, name: str) -> dict[str, str]:
    """Return our address as the parameter of this name, if a service's mail could reach it."""
    return {name: config.editors_mail} if is_contact(config.editors_mail) else {}


class _SameHostOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to the host that was asked only, so that no answer can make us call another server."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0917
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            fp.close()
            raise ServiceFailed(f"{self.service.name} sent us to another site, which we don’t trust.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _failure(service: Service, pace: Pace, error: HTTPError) -> ServiceFailed:
    if error.code == HTTPStatus.NOT_FOUND:
        return NotThere(f"{service.name} doesn’t have this.")
    asked = error.headers.get("Retry-After", "")
    if error.code == HTTPStatus.TOO_MANY_REQUESTS or (asked and error.code == HTTPStatus.SERVICE_UNAVAILABLE):
        return _must_wait(service, pace.pause(asked))
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceFailed(f"{service.name} has a problem at the moment (error {error.code}).")
    if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ServiceFailed(f"{service.name} doesn’t let us in (error {error.code}).")
    return RequestRefused(f"{service.name} refused our request (error {error.code}).")


def _must_wait(service: Service, seconds: float) -> MustWait:
    return MustWait(f"{service.name} asks us to wait. Try again in {plural(ceil(seconds), 'second')}.")


def _late(service: Service, seconds: float) -> ServiceFailed:
    return ServiceFailed(f"{service.name} didn’t answer within {plural(max(round(seconds), 1), 'second')}.")
