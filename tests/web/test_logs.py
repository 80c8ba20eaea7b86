"""Logs are JSON lines and tell nothing about a reader."""

import json
import logging

import pytest

from tests.pages import PageClient
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
