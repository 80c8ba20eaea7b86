"""Deleting drafts that were never published, and bringing them back."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EditorClient, add_editor, audited, sign_in, token
from tests.editor.forms import complete, form_of, opened, press
from tests.factories import add_article
from tests.pages import PageClient
from webapp import jobs
from webapp.db.session import db
from webapp.models import AuditKind, Autosave, Draft, PublicChange, Revision, Role, Schedule

NEW = "/editor/summaries/new"
LIST = "/editor/summaries"


@pytest.fixture
def bo(app: Flask) -> PageClient:
    """A browser in which a writer is signed in."""
    client = EditorClient(app)
    add_editor("Bo Writer", "bo@example.org", Role.WRITER)
    sign_in(client, "bo@example.org")
    return client


def saved(client: PageClient) -> str:
    """The address of a new draft."""
    press(client, NEW, opened(client, NEW, **complete()), "save")
    return f"/editor/summaries/{db.session.scalar(select(func.max(Draft.id)))}"


def delete(client: PageClient, path: str, status: int = 303) -> str:
    """Press Delete in the form; returns the page that follows."""
    answer = press(client, path, opened(client, path), "delete", status=status)
    return client.get(answer.location).text if status == 303 else answer.text


def undelete(client: PageClient, path: str) -> str:
    """Press Undo in the list of summaries; returns the page that follows."""
    return client.get(client.post(f"{path}/undelete", {"csrf_token": token(client, LIST)}).location).text


def is_deleted() -> bool:
    db.session.rollback()
    return db.session.scalars(select(Draft)).one().deleted_at is not None


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_a_deleted_draft_leaves_the_list_and_can_be_brought_back(editor_client: PageClient) -> None:
    path = saved(editor_client)
    page = delete(editor_client, path)
    assert f'action="{path}/undelete"' in page and "is deleted." in page
    assert f'href="{path}"' not in editor_client.get(LIST).text
    assert f'href="{path}"' in editor_client.get(f"{LIST}?tab=deleted").text
    assert "The draft is back." in undelete(editor_client, path)
    assert f'href="{path}"' in editor_client.get(LIST).text and not is_deleted()


def test_the_audit_log_names_each_deletion_once_and_readers_hear_nothing(editor_client: PageClient) -> None:
    path = saved(editor_client)
    sent = {"csrf_token": token(editor_client, LIST)}
    for button in ("undelete", "delete", "delete", "undelete", "undelete"):
        editor_client.post(f"{path}/{button}", sent)
    assert audited()[1:] == [AuditKind.DRAFT_DELETED, AuditKind.DRAFT_RESTORED]
    assert db.session.scalar(select(func.count()).select_from(PublicChange)) == 0


def test_a_form_that_is_still_open_loses_nothing(editor_client: PageClient) -> None:
    path = saved(editor_client)
    form = opened(editor_client, path, harms="Typed meanwhile.")
    delete(editor_client, path)
    press(editor_client, path, form, "save")
    assert not is_deleted() and "Typed meanwhile." in editor_client.get(path).text


@pytest.mark.parametrize("button", ["save", "publish"])
def test_saving_a_deleted_draft_as_it_is_brings_it_back(editor_client: PageClient, button: str) -> None:
    path = saved(editor_client)
    delete(editor_client, path)
    assert "This draft is deleted." in editor_client.get(path).text
    press(editor_client, path, opened(editor_client, path), button)
    assert not is_deleted()


def test_a_writer_deletes_only_drafts_of_their_own(editor_client: PageClient, bo: PageClient) -> None:
    path = saved(editor_client)
    press(bo, path, opened(bo, path, harms="Bo saved it, but Ana began it."), "save")
    assert "Delete this draft" not in bo.get(path).text
    delete(bo, path, status=403)
    own = saved(bo)
    delete(bo, own)
    assert db.session.get_one(Draft, int(own.rsplit("/", 1)[1])).deleted_at is not None


def test_an_editor_deletes_a_writers_draft(editor_client: PageClient, bo: PageClient) -> None:
    delete(editor_client, saved(bo))
    assert is_deleted()


def test_deleting_ends_the_schedule_and_a_writer_cannot_do_that(
    editor_client: PageClient, bo: PageClient
) -> None:
    path = saved(bo)
    when = f"{later(2):%Y-%m-%dT%H:%M}"
    press(editor_client, path, opened(editor_client, path, publish_at=when), "schedule")
    delete(bo, path, status=403)
    assert db.session.scalars(select(Schedule)).one().ended_at is None
    delete(editor_client, path)
    db.session.rollback()
    assert db.session.scalars(select(Schedule)).one().problem == "The draft was deleted."


def test_what_was_published_cannot_be_deleted(editor_client: PageClient) -> None:
    path = form_of(editor_client, add_article().id)
    assert "Delete this draft" not in editor_client.get(path).text
    assert "can be withdrawn, but not deleted" in delete(editor_client, path, status=403)
    assert not is_deleted()


def test_after_a_day_nothing_of_it_is_left_and_its_number_is_not_used_again(
    editor_client: PageClient,
) -> None:
    path = saved(editor_client)
    press(editor_client, path, opened(editor_client, path, harms="Not saved."), "autosave")
    delete(editor_client, path)
    for hours, rows in ((23, [1, 1, 1]), (25, [0, 0, 0])):
        with time_machine.travel(later(hours / 24)):
            jobs.forget(Event())
        assert [db.session.query(table).count() for table in (Draft, Revision, Autosave)] == rows
    editor_client.get(path, status=404)
    assert saved(editor_client) != path


def test_an_odd_address_does_no_harm(editor_client: PageClient) -> None:
    for button in ("delete", "undelete"):
        editor_client.post(
            f"/editor/summaries/9/{button}", {"csrf_token": token(editor_client, LIST)}, status=404
        )
    for number in ("9", "x", "²", "99999999999999999999"):
        assert "is deleted." not in editor_client.get(f"{LIST}?deleted={number}").text
