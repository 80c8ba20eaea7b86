"""Publishing at a set time, in the editor's own time zone, late included."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import Sent, complete, fields_of, opened, press, send_sheet
from tests.factories import add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Draft, Editor, Role, Schedule
from webapp.publishing import scheduling

NEW = "/editor/summaries/new"
PAGE = "/research/a-made-up-pill-did-not-ease-pain-in-trial-1"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)  # nine o'clock in Berlin


@pytest.fixture(autouse=True)
def editor(client: PageClient) -> PageClient:
    """Somebody in Berlin, signed in."""
    add_editor()
    db.session.scalars(select(Editor)).one().time_zone = "Europe/Berlin"
    db.session.commit()
    with time_machine.travel(START, tick=False):
        sign_in(client)
    return client


def schedule(client: PageClient, at: str = "2026-11-30T09:00", status: int = 303, **more: str) -> str:
    with time_machine.travel(START, tick=False):
        answer = press(
            client,
            NEW,
            opened(client, NEW, **complete() | {"publish_at": at} | more),
            "schedule",
            status=status,
        )
        return client.get(answer.location).text if status == 303 else answer.text


def publish_due(app: Flask, at: datetime) -> str:
    db.session.rollback()
    with time_machine.travel(at, tick=False):
        result = app.test_cli_runner().invoke(args=["articles", "publish-due"])
    assert result.exit_code == 0, result.output
    return result.output


def reopened(client: PageClient, **changes: str) -> tuple[str, Sent]:
    edit = f"/editor/summaries/{db.session.scalar(select(Draft.id))}"
    return edit, opened(client, edit, **changes)


def test_a_text_goes_out_at_its_time_and_not_before(client: PageClient, app: Flask) -> None:
    page = schedule(client)
    assert "Revision 1 will be published on November 30, 2026, 09:00." in page
    assert publish_due(app, DUE - timedelta(seconds=1)) == "Nothing is due.\n"
    client.get(PAGE, status=404)
    assert publish_due(app, DUE) == "Published: A made-up pill did not ease pain in trial 1\n"
    client.get(PAGE)
    assert publish_due(app, DUE) == "Nothing is due.\n"
    assert db.session.scalars(select(Schedule.publish_at)).one() == DUE


def test_the_list_says_when_it_goes_out(client: PageClient) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        assert (
            "Scheduled for November 30, 2026, 09:00 (Europe/Berlin)" in client.get("/editor/summaries").text
        )


def test_later_changes_do_not_go_out_with_it(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        edit, sent = reopened(client, harms="Not yet checked.")
        press(client, edit, sent, "save")
    publish_due(app, DUE)
    assert "Not yet checked." not in client.get(PAGE).text
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.published_revision, draft.revision_number, draft.content["harms"]) == (
        1,
        2,
        "Not yet checked.",
    )


def test_everything_was_down_at_its_time_so_it_goes_out_late_and_says_so(
    client: PageClient, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    schedule(client)
    assert "90 minutes late" in publish_due(app, DUE + timedelta(minutes=90))
    assert "a scheduled text was published late" in caplog.text
    with time_machine.travel(DUE + timedelta(hours=2), tick=False):
        sign_in(client)
        edit, _ = reopened(client)
        assert (
            "It was published on November 30, 2026, 10:30, 90 minutes late."
            in client.get(f"{edit}/history").text
        )


def test_what_cannot_go_out_any_more_is_told_and_does_not_hold_up_others(
    client: PageClient, app: Flask
) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        second = complete(2) | {"publish_at": "2026-11-30T09:00"}
        press(client, NEW, opened(client, NEW, **second), "schedule")
    add_article(paper={"doi": "10.5555/editor.1"}, plain_title="Was quicker")
    output = publish_due(app, DUE)
    assert (
        "Not published: A made-up pill did not ease pain in trial 1: DOI: There’s already a summary of this paper"
        in output
    )
    assert "Published: A made-up pill did not ease pain in trial 2" in output
    with time_machine.travel(DUE, tick=False):
        sign_in(client)
        edit, _ = reopened(client)
        assert (
            "should have been published on November 30, 2026, 09:00, but couldn’t be."
            in client.get(edit).text
        )


def test_a_schedule_is_canceled(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        edit, sent = reopened(client)
        page = client.get(press(client, edit, sent, "unschedule").location).text
    assert "The schedule is canceled." in page and 'id="schedule"' not in page
    assert publish_due(app, DUE) == "Nothing is due.\n"


def test_a_writer_cannot_cancel_a_schedule(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        add_editor("Wri Ter", "writer@example.org", role=Role.WRITER)
        writer = EditorClient(app)
        sign_in(writer, "writer@example.org")
        edit, sent = reopened(writer)
        assert "Cancel the schedule" not in writer.get(edit).text
        press(writer, edit, sent, "unschedule", status=403)
        press(writer, edit, sent, "save")
    assert "Published:" in publish_due(app, DUE)


def test_setting_another_time_takes_the_place_of_the_first(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        edit, sent = reopened(client, publish_at="2026-12-01T09:00")
        press(client, edit, sent, "schedule")
    assert publish_due(app, DUE) == "Nothing is due.\n"
    assert "Published" in publish_due(app, DUE + timedelta(days=1))


def test_publishing_by_hand_ends_the_waiting(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        edit, sent = reopened(client, harms="By hand.")
        press(client, edit, sent, "publish")
    assert publish_due(app, DUE) == "Nothing is due.\n"
    assert "By hand." in client.get(PAGE).text


def test_withdrawing_ends_the_waiting(client: PageClient, app: Flask) -> None:
    schedule(client)
    with time_machine.travel(START, tick=False):
        edit, sent = reopened(client)
        press(client, edit, sent, "publish")
        edit, sent = reopened(client, harms="New.")
        press(client, edit, sent, "save")
        send_sheet(client, f"{edit}/publish", publish_at="2026-11-30T09:00")
        path = f"/editor/articles/{db.session.scalars(select(Draft.article_id)).one()}/withdraw"
        client.post(path, {"note": "Retracted.", "csrf_token": token(client, path)})
    assert publish_due(app, DUE) == "Nothing is due.\n"
    client.get(PAGE, status=410)


def test_scheduling_goes_through_the_same_gate(client: PageClient) -> None:
    page = schedule(client, status=422, harms="", main_message="A breakthrough.")
    assert "Say what harms were reported" in page and "promises more than a study can show" in page
    assert fields_of(page)["publish_at"] == "2026-11-30T09:00"


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("", "Enter the day and the time to publish"),
        ("soon", "Enter the day and the time to publish"),
        ("2026-11-24T10:29", "This time has passed."),
        ("0001-01-01T00:00", "Enter the day and the time to publish"),
        ("9999-12-31T23:59", "no later than the year 2199"),
    ],
)
def test_a_time_that_cannot_be_kept_is_refused(client: PageClient, at: str, sentence: str) -> None:
    assert sentence in schedule(client, at, status=422)
    assert db.session.scalar(select(Schedule)) is None


def test_summer_time_is_counted() -> None:
    assert scheduling.read_time("2027-07-01T09:00", "Europe/Berlin", START) == datetime(
        2027, 7, 1, 7, 0, tzinfo=UTC
    )


def test_a_schedule_on_an_older_text_is_stopped(client: PageClient) -> None:
    with time_machine.travel(START, tick=False):
        press(client, NEW, opened(client, NEW, **complete()), "save")
        edit, mine = reopened(client, harms="Mine.", publish_at="2026-11-30T09:00")
        press(client, edit, opened(client, edit, harms="Theirs."), "save")
        page = press(client, edit, mine, "schedule", status=409).text
    assert fields_of(page)["harms"] == "Mine."
