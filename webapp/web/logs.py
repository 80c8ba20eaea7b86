"""Logs as JSON lines in UTC, one request id per answer. Never an address, a token or a search text."""

import json
import logging
import time
from datetime import UTC, datetime
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line. Line breaks inside a value are escaped by JSON itself, so a line cannot be forged."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = g.get("request_id")
        line.update({key: value for key, value in vars(record).items() if key not in STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def set_up(level: str) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(
        logging.WARNING
    )  # its steps are of no use to whoever starts the site


def init_app(app: Flask) -> None:
    """Log each answer by route, never by full address: that may hold a search or a token."""
    log = logging.getLogger("webapp.requests")

    @app.before_request
    def start() -> None:
        g.request_id = uuid4().hex[:12]
        g.started = time.perf_counter()

    @app.after_request
    def report(response: Response) -> Response:
        if request.endpoint == "assets.show_asset":
            return response
        log.info(
            "%s %s",
            request.method,
            request.url_rule.rule if request.url_rule else "(no such page)",
            extra={
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                "fragment": request.headers.get("HX-Request") == "true",
            },
        )
        return response
