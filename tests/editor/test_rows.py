"""Repeating lists: add, up, down, remove and bring back, with htmx and without."""

import re

import pytest
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import Sent, changed, complete, fields_of, opened, press
from tests.pages import PageClient
from webapp.db.session import db
from webapp.editor import rows
from webapp.models import Draft

NEW = "/editor/summaries/new"


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


def three_findings(client: PageClient) -> Sent:
    return opened(
        client, NEW, **complete() | {"findings-2-text": "Third  \r\n line", "findings-2-place": "Table 2"}
    )


def texts(page: str, name: str = "findings", end: str = "-text") -> list[str]:
    sent = fields_of(page)
    return [sent[f"{name}-{number}{end}"] for number in range(40) if f"{name}-{number}{end}" in sent]


def focused(text: str) -> str:
    """The id of the control that gets the focus."""
    tags = re.findall(r"<\w+[^>]*\sautofocus[^>]*>", text)
    assert len(tags) == 1, f"{len(tags)} controls get the focus"
    return str(re.findall(r'\sid="([^"]+)"', tags[0])[0])


def test_a_row_is_added_at_the_end_and_gets_the_focus(client: PageClient) -> None:
    page = press(client, NEW, opened(client, NEW, **complete()), "move", "findings-add", status=200).text
    assert texts(page)[2:] == [""]
    assert focused(page) == "findings-2-text"
    assert "Finding 3 added." in page


def test_a_row_moves_up_and_its_button_keeps_the_focus(client: PageClient) -> None:
    page = press(client, NEW, three_findings(client), "move", "findings-2-up", status=200).text
    assert texts(page) == [
        "Pain was about the same in both groups.",
        "Third  \r\n line",
        "Dry mouth was more common with the pill.",
    ]
    assert focused(page) == "findings-1-up"
    assert 'aria-label="Move finding 2 up"' in page and "Finding 3 is now 2." in page


def test_a_row_moves_down_with_all_its_fields(client: PageClient) -> None:
    page = press(client, NEW, three_findings(client), "move", "findings-1-down", status=200).text
    assert texts(page, end="-place") == ["Abstract, results", "Table 2", "Abstract, results"]
    assert focused(page) == "findings-2-down"


def test_the_first_row_cannot_move_up(client: PageClient) -> None:
    page = press(client, NEW, three_findings(client), "move", "findings-0-up", status=200).text
    assert texts(page)[0] == "Pain was about the same in both groups."
    assert "Finding 1 can’t move any further." in page and focused(page) == "findings-0-up"


def test_a_removed_row_is_brought_back_byte_for_byte(client: PageClient) -> None:
    before = three_findings(client)
    page = press(client, NEW, before, "move", "findings-2-remove", status=200).text
    assert len(texts(page)) == 2 and focused(page) == "findings-undo"
    back = press(client, NEW, fields_of(page), "move", "findings-undo", status=200).text
    assert texts(back)[2] == "Third  \r\n line" and focused(back) == "findings-2-text"
    assert "Bring back" not in back


def test_a_removed_row_can_be_brought_back_after_a_refused_publish(client: PageClient) -> None:
    page = press(client, NEW, three_findings(client), "move", "findings-0-remove", status=200).text
    page = press(client, NEW, changed(fields_of(page), harms=""), "publish", status=422).text
    page = press(client, NEW, fields_of(page), "move", "findings-undo", status=200).text
    assert texts(page)[0] == "Pain was about the same in both groups."


@pytest.mark.parametrize(
    ("name", "end"), [("implications", "-title"), ("questions", ""), ("limitations", "")]
)
def test_the_other_lists_work_the_same(client: PageClient, name: str, end: str) -> None:
    page = press(client, NEW, opened(client, NEW, **complete()), "move", f"{name}-add", status=200).text
    assert focused(page) == f"{name}-1{end}"
    page = press(
        client,
        NEW,
        changed(fields_of(page), **{f"{name}-1{end}": "New"}),
        "move",
        f"{name}-1-up",
        status=200,
    ).text
    assert texts(page, name, end)[0] == "New"
    page = press(client, NEW, fields_of(page), "move", f"{name}-0-remove", status=200).text
    assert len(texts(page, name, end)) == 1


def test_everything_else_typed_stays_as_it_was(client: PageClient) -> None:
    sent = changed(
        three_findings(client),
        harms="  two spaces\r\n\r\n",
        paper__published_on="sometime",
        paper__status_on="22",
    )
    page = press(client, NEW, sent, "move", "limitations-add", status=200).text
    shown = fields_of(page)
    assert (shown["harms"], shown["paper-published_on"], shown["paper-status_on"]) == (
        "  two spaces\r\n\r\n",
        "sometime",
        "22",
    )
    assert shown.getlist("categories") == ["pain-management", "rehabilitation"]


def test_htmx_gets_the_one_list_with_focus_and_words_to_announce(client: PageClient) -> None:
    sent = changed(three_findings(client), move="findings-2-up")
    fragment = client.post_fragment(f"{NEW}/move", sent)
    assert fragment.strip().startswith('<section class="panel" id="findings"')
    assert re.search(r'id="findings-1-up"[^>]* data-focus', fragment)
    assert 'data-announce="Finding 3 is now 2"' in fragment
    assert fragment.strip() in client.post(f"{NEW}/move", sent, status=200).text


def test_moving_rows_saves_nothing(client: PageClient) -> None:
    press(client, NEW, three_findings(client), "move", "findings-2-up", status=200)
    db.session.rollback()
    assert db.session.scalar(select(Draft)) is None


@pytest.mark.parametrize(
    "button", ["findings-9-up", "findings-up", "findings-0-add", "findings-undo", "authors-0-up", "x", ""]
)
def test_a_button_that_does_not_exist_changes_nothing(client: PageClient, button: str) -> None:
    page = press(client, NEW, three_findings(client), "move", button, status=200).text
    assert len(texts(page)) == 3


def test_gaps_in_the_numbers_are_closed() -> None:
    sent = Sent([("limitations-4", "b"), ("limitations-2", "a"), ("harms", "h")])
    moved = rows.move(sent, "limitations-1-up")
    assert [(key, value) for key, value in moved.fields.items(multi=True)] == [
        ("harms", "h"),
        ("limitations-0", "b"),
        ("limitations-1", "a"),
    ]
