"""Logs are JSON lines and tell nothing about a reader."""

import json
import logging

import pytest
from flask import Flask
from sqlalchemy import text

from tests.pages import PageClient
from tests.web.failing import add_failing_page, send_everything
from webapp.db.session import db
from webapp.web.logs import JsonFormatter


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search", "ASVS 16.4.1")
def test_a_line_cannot_be_forged() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "one\r\ntwo %s", ("three\n",), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line and "\r" not in line
    assert json.loads(line)["message"] == "one\r\ntwo three\n"


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search", "ASVS 16.2.5")
def test_a_search_and_an_address_are_not_logged(client: PageClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/nowhere/private-words?q=private-words", status=404)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any('"status": 404' in line for line in lines)
    assert not any("private-words" in line or "127.0.0.1" in line for line in lines)


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search", "ASVS 16.2.5")
def test_an_error_does_not_repeat_what_the_visitor_sent(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    formatter = JsonFormatter()
    # all tests share this handler, so it has to get its own method back
    monkeypatch.setattr(caplog.handler, "emit", lambda record: lines.append(formatter.format(record)))
    add_failing_page(app)
    send_everything(app)
    (line,) = [json.loads(line) for line in lines if "RuntimeError" in line]
    assert "private" not in str(line) and "203.0.113.7" not in str(line)
    assert line["route"] == "/failing/<token>"
    assert "in fail" in line["error"]


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(app: Flask) -> None:
    with pytest.raises(Exception, match="no such table") as raised:
        db.session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "private words"})
    assert "private words" not in str(raised.value)


def test_a_mail_address_is_not_logged_whatever_happens() -> None:
    for written in (
        "ana@example.org",
        "<ana.b+c@mail.example.org>:",
        "smtp://ana:secret@example.org/",
        "x=a@b",
    ):
        record = logging.LogRecord("x", logging.ERROR, "f", 1, f"refused: {written} again", (), None)
        message = json.loads(JsonFormatter().format(record))["message"]
        assert "@" not in message and "example" not in message
        assert message.startswith("refused: ") and message.endswith(" again")
