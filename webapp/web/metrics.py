"""Metrics for Prometheus: rate, errors and duration of requests by endpoint, hits of the page cache.

prometheus_client decides when it is first imported whether the processes of one server share their counts
(PROMETHEUS_MULTIPROC_DIR). So it is imported in the worker, and only where an OPS_TOKEN lets somebody read the metrics.
"""
# ruff: noqa: PLC0415

import os
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, g, request

from webapp.config import Config

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
SHARED = "PROMETHEUS_MULTIPROC_DIR"


def init_app(app: Flask, config: Config) -> None:
    """Measure every request that reaches Flask, if somebody may read the metrics."""
    if not config.ops_token:
        return
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()
    app.extensions["metrics"] = registry
    app.extensions["page_hits"] = Counter(
        "site_page_cache_hits", "Public pages answered from memory, before any endpoint", registry=registry
    )
    duration = Histogram(
        "site_request_duration_seconds",
        "Requests by endpoint and status",
        ("endpoint", "status"),
        buckets=DURATIONS,
        registry=registry,
    )
    running = Gauge(
        "site_requests_running", "Requests being answered", registry=registry, multiprocess_mode="livesum"
    )

    @app.before_request
    def start() -> None:
        g.measured_from = time.perf_counter()
        running.inc()

    @app.after_request
    def measure(response: Response) -> Response:
        if "measured_from" in g:
            labels = request.endpoint or "none", str(response.status_code)
            duration.labels(*labels).observe(time.perf_counter() - g.measured_from)
        return response

    @app.teardown_request
    def stop(_error: BaseException | None) -> None:
        if g.pop("measured_from", None) is not None:
            running.dec()


def exposition(gauges: Mapping[str, tuple[str, float]]) -> tuple[bytes, str]:
    """The metrics of all processes of this server in Prometheus' text format, and its content type.

    ``gauges`` are values read just now: name -> (what it is, value).
    """
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry: Any = current_app.extensions["metrics"]
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    lines = [generate_latest(registry).decode()]
    for name, (about, value) in gauges.items():
        lines.append(f"# HELP {name} {about}\n# TYPE {name} gauge\n{name} {float(value)}\n")
    return "".join(lines).encode(), CONTENT_TYPE_LATEST


def forget_process(pid: int) -> None:
    """A worker ended: what it was answering is not being answered any more. What it counted stays."""
    if SHARED in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call]
