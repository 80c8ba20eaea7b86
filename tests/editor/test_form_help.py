"""Small helps of the form: dates as people write them, who else is typing, and no praise for an empty text."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import complete, fields_of, opened, press
from tests.factories import NOW
from tests.pages import H, PageClient, parsed
from webapp.editor.autosaves import TYPING_FOR

NEW = "/editor/summaries/new"


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("3 March 2024", "2024-03-03"),
        ("March 3rd, 2024", "2024-03-03"),
        ("Mar 2024", "2024-03"),
        ("2024-03-03", "2024-03-03"),
        ("2024", "2024"),
        ("31 February 2024", "31 February 2024"),
        ("some day", "some day"),
    ],
)
def test_a_date_can_be_typed_as_people_write_it(client: PageClient, typed: str, stored: str) -> None:
    location = press(client, NEW, opened(client, NEW, paper__published_on=typed), "save").location
    assert fields_of(client.get(location).text)["paper-published_on"] == stored


def test_a_notice_needs_a_whole_day(client: PageClient) -> None:
    page = press(client, NEW, opened(client, NEW, paper__status_on="March 2024"), "save", status=422).text
    assert "Enter the date as year, month and day" in page
    press(client, NEW, opened(client, NEW, paper__status_on="March 3, 2024"), "save")


def test_an_empty_text_gets_no_ticks(client: PageClient) -> None:
    def ticks(path: str) -> int:
        page = parsed(client.get(path, follow_redirects=True).text)
        [check] = [part for part in page.iter(f"{H}section") if part.get("id") == "plain-check"]
        return sum(row.get("class") != "todo" for row in check.iter(f"{H}li"))

    assert ticks(NEW) == 0
    assert ticks(press(client, NEW, opened(client, NEW, **complete()), "save").location) > 0


def test_the_form_says_how_far_each_part_is(client: PageClient) -> None:
    page = client.get(NEW, follow_redirects=True).text
    assert "0 of 7 parts written" in page and '<a href="#h-findings">Key findings</a>: empty' in page
    typed = {"plain_title": "Only a title", "main_message": "Short.", "simple_explanation": "Short."}
    page = client.get(press(client, NEW, opened(client, NEW, **typed), "save").location).text
    assert "1 of 7 parts written" in page and '<a href="#h-flags">Title and flags</a>: begun' in page
    page = client.get("/editor/summaries/new?kind=answer", follow_redirects=True).text
    assert "0 of 6 parts written" in page
    ids = {part.get("id") for part in parsed(page).iter()}
    assert set(re.findall(r'href="#(h-[^"]+)"', page)) <= ids


def test_a_colleague_who_is_typing_is_named_until_they_save_or_stop(client: PageClient, app: Flask) -> None:
    edit = press(client, NEW, opened(client, NEW, **complete()), "save").location.split("?")[0]
    add_editor("Nora Example", "nora@example.org")
    nora = EditorClient(app)
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(nora, "nora@example.org")
        sign_in(client)
        typed = opened(nora, edit, harms="Typed.")
        press(nora, edit, typed, "autosave")
        assert "Nora Example is in this text, too." in client.get(edit).text
        assert "is in this text" not in nora.get(edit).text
        clock.shift(TYPING_FOR + timedelta(seconds=1))
        assert "is in this text" not in client.get(edit).text
        press(nora, edit, typed, "autosave")
        press(nora, edit, typed, "save")
        assert "is in this text" not in client.get(edit).text
