"""The audit log: its entries, its page and its retention."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from slugify import slugify
from sqlalchemy import select

from tests.accounts.people import EMAIL, PASSWORD, EditorClient, add_editor, audited, sign_in, token
from tests.editor.forms import complete, opened, press
from tests.factories import NOW
from tests.pages import PageClient
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.feedback import inbox
from webapp.models import Article, AuditEntry, AuditKind, Editor, Role, Topic
from webapp.publishing import audit, scheduling

AUDIT = "/editor/audit"
NEW = "/editor/summaries/new"


@pytest.mark.proves("ASVS 16.3.1")
def test_signing_in_and_out_is_written_down(client: PageClient, admin: Editor) -> None:
    client.post("/editor/sign-out", {"csrf_token": token(client, "/editor/")})
    assert audited() == [AuditKind.SIGNED_IN, AuditKind.SIGNED_OUT]
    assert set(db.session.scalars(select(AuditEntry.actor_id))) == {admin.id}


@pytest.mark.proves("ASVS 16.3.1")
@pytest.mark.parametrize("email", [EMAIL, "somebody@example.org"])
def test_of_a_failed_sign_in_only_the_account_is_kept(client: PageClient, email: str) -> None:
    editor = add_editor()
    sent = {"email": email, "password": "guess of mine", "csrf_token": token(client)}
    client.post("/editor/sign-in", sent, status=422)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.kind, entry.actor_id, entry.detail) == (AuditKind.SIGN_IN_FAILED, None, "password")
    assert entry.account_id == (editor.id if email == EMAIL else None)


def test_changes_to_the_own_account_are_logged(app: Flask, client: PageClient, admin: Editor) -> None:
    sign_in(EditorClient(app))
    client.post("/editor/account/end-others", {"csrf_token": token(client, "/editor/account")})
    sent = {"current": PASSWORD, "new": "copper kettle under snow"}
    client.post("/editor/account/password", sent | {"csrf_token": token(client, "/editor/account")})
    assert audited()[2:] == [AuditKind.SIGN_INS_ENDED, AuditKind.PASSWORD_CHANGED]


CHANGES_NOTHING = [
    ("people/2/role", {"role": "writer"}),
    ("people/2/open", {}),
    ("people/2/second-factor", {}),
    ("people/3/close", {}),
    ("account/end-others", {}),
    ("summaries/1/undelete", {}),
    ("summaries/1/restore", {"number": "2", "revision": "2"}),
    ("summaries/1/unschedule", {}),
    ("feedback/messages/1/undo", {}),
]


@pytest.mark.parametrize(("path", "fields"), CHANGES_NOTHING)
def test_a_button_that_changed_nothing_is_not_in_the_log(
    client: PageClient, admin: Editor, path: str, fields: dict[str, str]
) -> None:
    add_editor("Bo Writer", "bo@example.org", Role.WRITER)
    add_editor("Cy Closed", "cy@example.org").disabled_at = NOW
    inbox.send(Topic.QUESTION, "Who pays?", "news@localhost", NOW)
    db.session.commit()
    edit = send(client, NEW, "save", harms="One.")
    send(client, edit, "save", harms="Two.")
    sent = opened(client, edit) if path.endswith("unschedule") else {"csrf_token": token(client, edit)}
    before = audited()
    client.post(f"/editor/{path}", {**sent, **fields})
    assert audited() == before


@pytest.mark.proves("ASVS 2.3.3")
def test_what_is_rolled_back_is_not_in_the_log(app: Flask) -> None:
    with pytest.raises(LookupError), writing() as now:
        audit.record(AuditKind.PUBLISHED, now, None)
        raise LookupError
    assert audited() == []


def test_the_page_shows_the_newest_first_in_the_time_zone_of_the_reader(
    client: PageClient, admin: Editor
) -> None:
    admin.time_zone = "America/New_York"
    audit.record(AuditKind.PUBLISHED, NOW - timedelta(days=1), admin.id, detail="A <b>title</b>")
    db.session.commit()
    page = client.get(AUDIT).text
    assert page.index("Signed in</td>") < page.index("Published</td>")
    assert "A &lt;b&gt;title&lt;/b&gt;" in page


def test_it_is_filtered_by_person_and_kind_and_paged_by_links(client: PageClient, admin: Editor) -> None:
    bo = add_editor("Bo Writer", "bo@example.org", Role.WRITER)
    for number in range(51):
        audit.record(AuditKind.PUBLISHED, NOW, bo.id, detail=f"Summary {number}")
    audit.record(AuditKind.ROLE_CHANGED, NOW, admin.id, bo.id, "Writer → Editor")
    db.session.commit()
    first = client.get(f"{AUDIT}?person={bo.id}&kind=published").text
    assert "51 lines" in first and "Summary 50<" in first and "Summary 0<" not in first
    assert f"page=2&amp;kind=published&amp;person={bo.id}" in first
    assert "Summary 0<" in client.get(f"{AUDIT}?person={bo.id}&kind=published&page=2").text
    assert "52 lines" in client.get(f"{AUDIT}?person={bo.id}").text
    assert "Nothing matches." in client.get(f"{AUDIT}?kind=withdrawn").text


@pytest.mark.parametrize("query", ["kind=nonsense", "person=x", "person=99999999999", "page=3", "page=0"])
def test_a_filter_that_makes_no_sense_is_not_found(client: PageClient, admin: Editor, query: str) -> None:
    client.get(f"{AUDIT}?{query}", status=404)


def test_an_entry_is_deleted_after_a_year(app: Flask) -> None:
    audit.record(AuditKind.PUBLISHED, NOW, None)
    db.session.commit()
    audit.forget_old(NOW + timedelta(days=364))
    db.session.commit()
    assert audited() == [AuditKind.PUBLISHED]
    audit.forget_old(NOW + timedelta(days=366))
    db.session.commit()
    assert audited() == []


# ------------------------------------------------------------------ publishing


def lines() -> list[tuple[str, str]]:
    """Return kind and detail of all entries after the sign-in."""
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [(row.kind.value, row.detail) for row in rows[1:]]


def send(client: PageClient, path: str, button: str, **fields: str) -> str:
    """Press a button of the authoring form; returns the path that it redirects to."""
    return str(press(client, path, opened(client, path, **fields), button).location).split("?")[0]


def test_publishing_renaming_and_withdrawing_are_logged(client: PageClient, admin: Editor) -> None:
    edit = send(client, NEW, "publish", **complete())
    send(client, edit, "publish", slug="another-address")
    article = db.session.scalars(select(Article)).one()
    withdraw = f"/editor/articles/{article.id}/withdraw"
    client.post(withdraw, {"note": "It was retracted.", "csrf_token": token(client, withdraw)})
    title = db.session.scalars(select(Article)).one().title
    moved = ("address-changed", f"{slugify(title)} → another-address")
    assert lines() == [("published", title), moved, ("published", title), ("withdrawn", title)]


def test_scheduling_and_scheduled_publishing_are_logged(client: PageClient, admin: Editor) -> None:
    edit = send(client, NEW, "schedule", **complete() | {"publish_at": "2099-01-01T09:00"})
    send(client, edit, "unschedule")
    send(client, edit, "schedule", publish_at="2099-01-01T09:00")
    with time_machine.travel(datetime(2099, 1, 1, 9, 1, tzinfo=UTC), tick=False):
        scheduling.publish_due()
    assert [kind for kind, _ in lines()] == ["scheduled", "unscheduled", "scheduled", "published"]
    assert set(db.session.scalars(select(AuditEntry.actor_id))) == {admin.id}


def test_restoring_an_earlier_text_is_logged(client: PageClient, admin: Editor) -> None:
    edit = send(client, NEW, "save", harms="One.")
    send(client, edit, "save", harms="Two.")
    sent = {"number": "1", "revision": "2", "csrf_token": token(client, edit)}
    client.post(f"{edit}/restore", sent)
    assert [kind for kind, _ in lines()] == ["restored"]


def test_an_import_of_papers_is_logged(client: PageClient, admin: Editor) -> None:
    path = "/editor/papers/import"
    text = "TY  - JOUR\nTI  - A made-up trial\nAU  - Doe, Jo\nJO  - Made-up Trials\nPY  - 2021\nER  - \n"
    review = client.post(path, {"text": text, "csrf_token": token(client, path)}).location
    client.post(review, {"all": "yes", "csrf_token": token(client, review)})
    assert lines() == [("imported", "1 paper")]
