"""Errors for Sentry and traces for OpenTelemetry, each only where a setting names a server.

They say what the log says: routes and times, never an address, a token, a search, a form or a cookie. Their packages are
optional, so they are imported only where they are used.
"""
# ruff: noqa: PLC0415

import atexit
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from webapp.config import Config
from webapp.web.logs import without_personal_data


def report_errors(config: Config) -> None:
    """Report to Sentry what is logged as an error, by web workers, jobs and commands alike."""
    if not config.sentry_dsn:
        return
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    def cleaned(event: Any, hint: Any) -> Any:
        """The parts of an event that hold nothing of a visitor, their texts as they are logged."""
        parts = "event_id", "timestamp", "level", "logger", "platform", "release", "exception", "sdk"
        record: logging.LogRecord = hint["log_record"]
        for error in event.get("exception", {}).get("values", []):
            error["value"] = without_personal_data(str(error["value"]))
        tags = {}
        if has_request_context():
            tags = {"request_id": g.get("request_id"), "route": g.get("route")}
        message = {"message": without_personal_data(record.getMessage())}
        return {key: event[key] for key in parts if key in event} | {"logentry": message, "tags": tags}

    # The default integrations would add the request, the command line and the values of local variables.
    sentry_sdk.init(
        config.sentry_dsn,
        default_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None)],
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=cleaned,
    )
    atexit.register(sentry_sdk.flush, 2)


def trace_requests(app: Flask, config: Config) -> None:
    """Send a span for each request that reaches Flask to an OpenTelemetry collector."""
    if not config.otel_exporter_otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(resource=Resource.create({"service.name": "spinal-cord-research-help"}))
    exporter = OTLPSpanExporter(f"{config.otel_exporter_otlp_endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("webapp")

    @app.before_request
    def begin_span() -> None:
        # A proxy in front may have begun the trace. Its "tracestate" could hold anything, so it is left out.
        sent = {"traceparent": request.headers.get("traceparent", "")}
        context = TraceContextTextMapPropagator().extract(sent)
        g.span = tracer.start_span(f"{request.method} {g.route}", context, SpanKind.SERVER)
        g.span.set_attribute("http.route", g.route)

    @app.after_request
    def end_span(response: Response) -> Response:
        if span := g.pop("span", None):
            span.set_attribute("http.response.status_code", response.status_code)
            span.set_attribute("request_id", g.get("request_id", ""))
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.set_status(StatusCode.ERROR)
            span.end()
        return response
