"""A stand-in for Crossref: a local HTTP server whose answers each test sets."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.http_servers import SilentHandler, http_server

SAMPLES = Path(__file__).parent / "samples"


class StandIn:
    """The server's answer, and the requests that it received."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.headers: dict[str, str] = {}
        self.seconds_per_chunk = 0.0
        self.asked: list[tuple[str, str]] = []  # path and user agent
        self.url = ""

    def answers_with(self, sample: str) -> None:
        self.body = (SAMPLES / f"{sample}.json").read_bytes()


@pytest.fixture
def crossref() -> Iterator[StandIn]:
    """Run the stand-in."""
    state = StandIn()

    class Handler(SilentHandler):
        def do_GET(self) -> None:
            state.asked.append((unquote(self.path), self.headers["User-Agent"]))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for at in range(0, len(state.body), 65_536):
                    self.wfile.write(state.body[at : at + 65_536])
                    time.sleep(state.seconds_per_chunk)
            except OSError:
                pass  # the asker hung up, as it should

    with http_server(Handler) as place:
        state.url = f"http://{place}"
        yield state
