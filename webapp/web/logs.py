"""Logs as JSON lines in UTC, each with the id of its request. Never an address, a token or a search text."""

import json
import logging
import re
from datetime import UTC, datetime

from flask import g, has_request_context, request

LEAST_LENGTH = 4  # of what is removed from a line: shorter values are part of other words
MAIL_ADDRESS = re.compile(r"[^\s<>()'\",;:=]{1,64}@[^\s<>()'\",;:]{1,255}")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line. Line breaks inside a value are escaped by JSON itself, so a line cannot be forged."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if has_request_context():
            line["request_id"] = g.get("request_id")
        text: dict[str, object] = {"message": record.getMessage()}
        text.update({key: value for key, value in vars(record).items() if key not in STANDARD})
        if record.exc_info:
            text["error"] = self.formatException(record.exc_info)
        if record.levelno >= logging.WARNING:  # the words of an error may repeat what caused it
            if has_request_context():
                text["route"] = g.get("route")
            text = {
                key: without_personal_data(value) if isinstance(value, str) else value
                for key, value in text.items()
            }
        return json.dumps(line | text, default=str)


def without_personal_data(text: str) -> str:
    """The text without mail addresses and, in a request, without what the visitor sent: words, tokens, cookies, address."""
    sent: set[str] = set()
    if has_request_context():
        forms = [request.args, request.cookies]
        if "form" in vars(request):  # it was read before, so reading it here cannot fail
            forms.append(request.form)
        sent.update(value for form in forms for _, value in form.items(multi=True))
        sent.update(str(value) for value in (request.view_args or {}).values())
        sent.update((request.remote_addr or "", request.query_string.decode("latin-1")))
        if not request.url_rule:
            sent.add(request.path)
    for value in sorted(sent, key=len, reverse=True):
        if len(value) >= LEAST_LENGTH:
            for written in (value, repr(value)[1:-1]):
                text = text.replace(written, "[…]")
    return MAIL_ADDRESS.sub("[…]", text)


def set_up(level: str) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # nobody who starts the site needs its steps
