"""HTTP servers of a test's own, which stand in for others."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class SilentHandler(BaseHTTPRequestHandler):
    """Answers without a line in the log."""

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def http_server(handler: type[SilentHandler], port: int = 0) -> Iterator[str]:
    """A server that answers by this handler, on a free port unless one is given; yields its host and port."""
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
