"""The admins' pages: invite, change a role, close an account, help somebody who is locked out."""

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select

from tests.accounts.people import (
    PASSWORD,
    EditorClient,
    add_editor,
    audited,
    sign_in,
    token,
    turn_on_second_factor,
)
from tests.editor.forms import complete, opened, press
from tests.newsletter.steps import delivered, link_in
from tests.pages import PageClient
from tests.papers.test_readers import RIS
from webapp.db.session import db
from webapp.db.writing import OPTION
from webapp.models import Article, AuditEntry, AuditKind, Draft, Editor, Role

PEOPLE = "/editor/people/"
BO = "bo@example.org"


@pytest.fixture
def bo(app: Flask, admin: Editor) -> Editor:
    """A writer."""
    return add_editor("Bo Writer", BO, Role.WRITER)


@pytest.fixture
def bos_browser(app: Flask, bo: Editor) -> PageClient:
    """Where the writer is signed in."""
    client = EditorClient(app)
    sign_in(client, BO)
    return client


def act(client: PageClient, editor: Editor, what: str, status: int = 303, **fields: str) -> str:
    sent = {"csrf_token": token(client, PEOPLE)} | fields
    answer = client.post(f"{PEOPLE}{editor.id}/{what}", sent, status=status)
    return answer.location or answer.text


def invite(client: PageClient, status: int = 303, **changes: str) -> str:
    sent = {
        "name": "Cy New",
        "email": "cy@example.org",
        "role": "editor",
        "csrf_token": token(client, PEOPLE),
    }
    answer = client.post(PEOPLE, sent | changes, status=status)
    return answer.location or answer.text


def test_somebody_new_is_invited_and_chooses_a_password(
    client: PageClient, app: Flask, admin: Editor
) -> None:
    assert "The invitation is on its way." in client.get(invite(client)).text
    link = link_in(delivered()[-1], "/editor/invitation/")
    theirs = EditorClient(app)
    theirs.post(link, {"new": "copper kettle under snow", "csrf_token": token(theirs, link)})
    sign_in(theirs, "cy@example.org", "copper kettle under snow")
    theirs.get("/editor/")
    assert AuditKind.ACCOUNT_ADDED in audited()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "ana@example.org"}, "There is an editor with the address ana@example.org already."),
        ({"email": "cy"}, "Enter an email address like name@example.org"),
        ({"name": " "}, "Enter the person’s name."),
        ({"role": "owner"}, "Not a valid choice"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_why_and_keeps_the_rest(
    client: PageClient, admin: Editor, changes: dict[str, str], sentence: str
) -> None:
    page = invite(client, 422, **changes)
    assert sentence in page
    assert len(db.session.scalars(select(Editor)).all()) == 1


def test_a_role_counts_from_the_next_page_on(client: PageClient, bo: Editor, bos_browser: PageClient) -> None:
    bos_browser.get(PEOPLE, status=403)
    act(client, bo, "role", role="admin")
    bos_browser.get(PEOPLE)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == AuditKind.ROLE_CHANGED)).one()
    assert (entry.account_id, entry.detail) == (bo.id, "Writer → Admin")
    act(client, bo, "role", role="owner", status=422)


@pytest.mark.proves("ASVS 7.4.2", "ASVS 7.4.5")
def test_a_closed_account_is_out_at_once_and_can_be_opened_again(
    client: PageClient, bo: Editor, bos_browser: PageClient
) -> None:
    assert "You closed the account." in client.get(act(client, bo, "close")).text
    bos_browser.get("/editor/", status=303)
    sent = {"email": BO, "password": PASSWORD, "csrf_token": token(bos_browser)}
    closed = bos_browser.post("/editor/sign-in", sent, status=422).text
    assert "email address and password don’t match" in closed
    act(client, bo, "open")
    sign_in(bos_browser, BO)
    bos_browser.get("/editor/")
    assert {AuditKind.ACCOUNT_DISABLED, AuditKind.ACCOUNT_ENABLED} < set(audited())


def test_a_fresh_link_goes_out_by_mail(client: PageClient, bo: Editor) -> None:
    act(client, bo, "link")
    mail = delivered()[-1]
    assert mail["To"] == BO and link_in(mail, "/editor/invitation/")


def test_a_second_factor_is_taken_off_and_written_down(client: PageClient, app: Flask, bo: Editor) -> None:
    turn_on_second_factor(bo)
    assert "The second factor is off." in client.get(act(client, bo, "second-factor")).text
    theirs = EditorClient(app)
    sign_in(theirs, BO)
    theirs.get("/editor/")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == AuditKind.FACTOR_RESET)).one()
    assert entry.account_id == bo.id and entry.actor is not None and entry.actor.name == "Ana Example"


@pytest.mark.parametrize("what", ["role", "close", "open", "link", "second-factor"])
def test_admins_leave_their_own_account_alone(client: PageClient, admin: Editor, what: str) -> None:
    assert "Ask another admin" in act(client, admin, what, status=403, role="writer")
    assert "This is you." in client.get(f"{PEOPLE}{admin.id}").text


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999999"])
def test_nobody_has_that_number(client: PageClient, admin: Editor, number: str) -> None:
    client.get(f"{PEOPLE}{number}", status=404)


def test_only_admins_see_the_link_to_people(client: PageClient, bos_browser: PageClient) -> None:
    assert f'href="{PEOPLE}"' in client.get("/editor/account").text
    assert f'href="{PEOPLE}"' not in bos_browser.get("/editor/account").text


def closed_while_waiting(app: Flask, email: str) -> None:
    """Let an account be closed when the next request gets its turn of writing, after the check of its sign-in."""

    def close(connection: Connection) -> None:
        if OPTION in connection.get_execution_options():
            connection.exec_driver_sql(
                "UPDATE editor SET disabled_at = '2026-01-01 00:00:00.000000' WHERE email = ?", (email,)
            )

    event.listen(db.engine, "begin", close)


def test_an_admin_closed_meanwhile_changes_no_role(client: PageClient, app: Flask, bo: Editor) -> None:
    sent = {"csrf_token": token(client, PEOPLE), "role": "admin"}
    closed_while_waiting(app, "ana@example.org")
    client.post(f"{PEOPLE}{bo.id}/role", sent, status=403)
    db.session.expire_all()
    assert bo.role is Role.WRITER


def test_an_editor_closed_meanwhile_publishes_nothing(client: PageClient, app: Flask, admin: Editor) -> None:
    path = "/editor/summaries/new"
    sent = opened(client, path, **complete())
    closed_while_waiting(app, "ana@example.org")
    press(client, path, sent, "publish", status=403)
    assert db.session.scalar(select(Article)) is None


def test_an_editor_closed_meanwhile_imports_nothing(client: PageClient, app: Flask, admin: Editor) -> None:
    sent = {"csrf_token": token(client, "/editor/papers/import"), "text": RIS, "all": "yes"}
    review = client.post("/editor/papers/import", sent, content_type="multipart/form-data").location
    closed_while_waiting(app, "ana@example.org")
    client.post(review, sent, status=403)
    assert db.session.scalar(select(Draft)) is None


def test_an_editor_closed_meanwhile_fills_in_nothing(client: PageClient, app: Flask, admin: Editor) -> None:
    sent = {"csrf_token": token(client, "/editor/papers/import"), "text": RIS, "all": "yes"}
    review = client.post("/editor/papers/import", sent, content_type="multipart/form-data").location
    closed_while_waiting(app, "ana@example.org")
    client.post(f"{review}/fill/1", sent, status=403)


@pytest.mark.parametrize(
    "path",
    [
        "feedback/messages/1/done", "feedback/notes/1/undo", "newsletter/uncertain/1",
        "summaries/1/delete", "summaries/1/undelete", "bulk/1/undo",
    ],
)  # fmt: skip
def test_an_editor_closed_meanwhile_changes_nothing_else(
    client: PageClient, app: Flask, admin: Editor, path: str
) -> None:
    sent = {"csrf_token": token(client, "/editor/")}
    closed_while_waiting(app, "ana@example.org")
    client.post(f"/editor/{path}", sent, status=403)
