"""What Sentry and a collector of traces are sent: enough to find a failure, and nothing of the visitor."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import brotli
import pytest
import sentry_sdk
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.conftest import pushed
from tests.http_servers import SilentHandler, http_server
from tests.waiting import wait_until
from tests.web.failing import TRACE, add_failing_page, send_everything
from webapp.config import Config

PRIVATE = (b"private", b"203.0.113.7", b"example.org", b"Mozilla")


@contextmanager
def receiving() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes whatever is sent to it; its host and port, and the bodies."""
    bodies: list[bytes] = []

    class Handler(SilentHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            decode = {"br": brotli.decompress, "gzip": gzip.decompress}.get(
                self.headers["Content-Encoding"], bytes
            )
            bodies.append(decode(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with http_server(Handler) as place:
        yield place, bodies


@contextmanager
def watched(config: Config) -> Iterator[Flask]:
    """An application with a page that fails."""
    with pushed(config) as app:
        add_failing_page(app)
        yield app


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search")
def test_sentry_is_told_what_failed_and_nothing_of_the_visitor(config: Config) -> None:
    with receiving() as (place, bodies):
        with watched(replace(config, sentry_dsn=f"http://key@{place}/1")) as app:
            send_everything(app)
            sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
    (event,) = bodies
    for expected in (
        b"unexpected error",
        b"RuntimeError",
        b"it went wrong with",
        b"/failing/<token>",
        b"0123456789abcdef",
    ):
        assert expected in event
    assert [word for word in PRIVATE if word in event] == []


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search")
def test_a_trace_names_the_route_and_nothing_of_the_visitor(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")  # milliseconds
    with (
        receiving() as (place, bodies),
        watched(replace(config, otel_exporter_otlp_endpoint=f"http://{place}")) as app,
    ):
        send_everything(app)
        wait_until(lambda: bool(bodies))
    (body,) = bodies
    (span,) = ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans
    assert span.name == "POST /failing/<token>"
    assert span.trace_id.hex() == TRACE
    assert {item.key for item in span.attributes} == {"http.route", "http.response.status_code", "request_id"}
    assert [word for word in PRIVATE if word in body] == []


def test_without_settings_nobody_is_told(config: Config) -> None:
    with watched(config) as app:
        send_everything(app)
        assert not sentry_sdk.get_client().is_active()
        assert "begin_span" not in str(app.before_request_funcs)
