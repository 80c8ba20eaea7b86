"""A stand-in for outside services: a local HTTP server whose answers each test sets."""

import dataclasses
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from flask import Flask

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.http_servers import SilentHandler, http_server
from tests.papers.known_paper import DOI, JATS, MESSAGE, NCT, PMCID, PUBMED, RESULT, STUDY
from webapp.config import Config
from webapp.models import Role
from webapp.papers import services

SAMPLES = Path(__file__).parent / "samples"


@dataclass
class Reply:
    """An answer of the server."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds_per_chunk: float = 0.0
    seconds_per_header: float = 0.0  # of endless headers, if not 0
    is_cut: bool = False

    @classmethod
    def of(cls, value: Any) -> "Reply":
        return cls(json.dumps(value).encode())


Answering = Callable[[dict[str, str]], Reply]  # to the parameters of a request


class StandIn(Reply):
    """What the server answers, and the requests that it received. Paths that begin as in ``replies`` get that reply."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, Reply | Answering] = {}
        self.asked: list[tuple[str, str]] = []  # path and user agent
        self.sent: list[tuple[dict[str, str], bytes]] = []  # headers and body of each form
        self.url = ""

    def answers_with(self, sample: str) -> None:
        self.body = (SAMPLES / f"{sample}.json").read_bytes()

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def stands_for_all(self, config: Config) -> Config:
        """Change the settings of a site that asks this server instead of each service."""
        return dataclasses.replace(
            config,
            crossref_url=f"{self.url}/crossref",
            europe_pmc_url=f"{self.url}/europe-pmc",
            pubmed_url=f"{self.url}/pubmed",
            clinical_trials_url=f"{self.url}/trials",
        )


def results(*rows: dict[str, Any]) -> Reply:
    """What Europe PMC's search answers."""
    return Reply.of({"version": "6.9", "hitCount": len(rows), "resultList": {"result": list(rows)}})


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Run the server."""
    state = StandIn()

    class Handler(SilentHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.sent.append((dict(self.headers), body))
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(self.path)
            state.asked.append((path, self.headers["User-Agent"]))
            found = next((reply for start, reply in state.replies.items() if path.startswith(start)), state)
            reply = found if isinstance(found, Reply) else found(dict(parse_qsl(urlsplit(self.path).query)))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.is_cut:
                self.send_header("Content-Length", str(len(reply.body) + 1))
            try:
                self.flush_headers()
                while reply.seconds_per_header:
                    self.wfile.write(b"X-Slow: yes\r\n")
                    time.sleep(reply.seconds_per_header)
                self.end_headers()
                for at in range(0, len(reply.body), 65_536):
                    self.wfile.write(reply.body[at : at + 65_536])
                    time.sleep(reply.seconds_per_chunk)
            except OSError:
                pass  # the asker hung up, as it should

    with http_server(Handler) as place:
        state.url = f"http://{place}"
        yield state


@pytest.fixture
def crossref(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in, without the waits between requests."""
    monkeypatch.setattr(services, "_paces", defaultdict(services.Pace))
    monkeypatch.setattr(services, "sleep", lambda _: None)
    with stand_in() as state:
        yield state


@pytest.fixture
def known_paper(app: Flask, crossref: StandIn) -> StandIn:
    """All four services, which know one paper and one trial."""
    app.extensions["config"] = crossref.stands_for_all(app.extensions["config"])
    crossref.status = 404
    crossref.replies = {
        "/europe-pmc/search": results(RESULT),
        f"/europe-pmc/{PMCID}/fullTextXML": Reply(JATS.encode()),
        f"/crossref/works/{DOI}": Reply.of({"status": "ok", "message": MESSAGE}),
        "/pubmed/efetch.fcgi": Reply(PUBMED.encode()),
        f"/trials/studies/{NCT}": Reply.of(STUDY),
    }
    return crossref


@pytest.fixture
def writer(app: Flask) -> EditorClient:
    """A signed-in writer: no higher role is needed to import."""
    client = EditorClient(app)
    add_editor(role=Role.WRITER)
    sign_in(client)
    return client
