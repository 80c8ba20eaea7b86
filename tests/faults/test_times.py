"""Times at which the calendar ends in some time zone."""

import re

from flask import Flask

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import complete, opened, press
from tests.faults import fault
from webapp.db.session import db

NEW = "/editor/summaries/new"


def test_a_time_at_the_edge_of_the_calendar_is_refused_in_words(app: Flask) -> None:
    lines = (fault("32-time-at-the-edge-of-the-calendar") / "times.txt").read_text(encoding="utf-8")
    client, editor = EditorClient(app), add_editor()
    sign_in(client)
    for at, zone in re.findall(r"(\S+) \((\S+)\)", lines):
        editor.time_zone = zone
        db.session.commit()
        page = press(client, NEW, opened(client, NEW, **complete(), publish_at=at), "schedule", status=422)
        assert "Enter the day and the time" in page.text
