"""The text of a paper, how often a summary is read, and what editors write to each other, are for editors only.

Nothing else that the site shows, sends, exports or logs has a word of it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import token
from tests.factories import add_views
from tests.hostile.world import World, build
from tests.newsletter.steps import delivered
from tests.pages import PageClient
from webapp import jobs
from webapp.db.session import db
from webapp.exports import site_copy
from webapp.letters import corrections
from webapp.mail import outbox
from webapp.models import Article, Draft, Editor, MailKind
from webapp.models.values import TextKind
from webapp.publishing import teamwork
from webapp.publishing.library import export_library

SECRET = "zanzibarquince"
MANY = 73_190_417  # views


@pytest.fixture
def world(app: Flask) -> World:
    """A site with one of everything."""
    return build(app, lambda field: f"Plain {field}")


@pytest.fixture
def sheets(client: PageClient) -> list[str]:
    """The fact sheets of all drafts of summaries, published or not, each with a text of the paper and a fact found in it."""
    drafts = select(Draft.id).where(Draft.kind == TextKind.SUMMARY)
    addresses = [f"/editor/summaries/{number}/paper" for number in db.session.scalars(drafts)]
    for address in addresses:
        fields = {"text": f"Forty-one {SECRET} adults (n = 41) took part.", "kind": "part"}
        fields["csrf_token"] = token(client, address)
        client.post(f"{address}/text", fields)
        client.post(f"{address}/facts/sample_size/change", fields | {"offer": "41", "value": "41"})
    return addresses


def test_the_text_of_a_paper_is_on_its_sheet_and_nowhere_else(
    app: Flask, client: PageClient, world: World, sheets: list[str]
) -> None:
    found = {path for path in world.pages(app) if SECRET.encode() in client.flask.get(path).data}
    assert found and found <= set(sheets)


def test_no_mail_copy_export_or_log_has_it(
    app: Flask, world: World, sheets: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    article = db.session.get_one(Article, world.values["article_id"])
    now = datetime.now(UTC)
    delivered()
    corrections.enqueue(now)
    outbox.enqueue(MailKind.TEST, "editor@example.org", now, articles=[article])
    db.session.commit()
    assert SECRET not in "".join(map(str, delivered()))
    site_copy.make(tmp_path / "made" / "copy", now)
    export_library(tmp_path / "made" / "library")
    files = [file for file in (tmp_path / "made").rglob("*") if file.is_file()]
    assert files and not [file for file in files if SECRET.encode() in file.read_bytes()]
    assert SECRET not in caplog.text


def test_only_editors_see_how_often_a_summary_is_read(
    app: Flask, client: PageClient, world: World, tmp_path: Path
) -> None:
    add_views(db.session.get_one(Article, world.values["article_id"]), MANY)
    marks = [f"{MANY}".encode(), f"{MANY:,}".encode()]
    found = {path for path in world.pages(app) if any(mark in client.flask.get(path).data for mark in marks)}
    assert "/editor/summaries" in found and all(path.startswith("/editor/") for path in found)
    site_copy.make(tmp_path / "made" / "copy", datetime.now(UTC))
    export_library(tmp_path / "made" / "library")
    files = [file for file in (tmp_path / "made").rglob("*") if file.is_file()]
    assert files and not [file for file in files if any(mark in file.read_bytes() for mark in marks)]


# ------------------------------------------------------------------ comments between colleagues


@pytest.fixture
def forms(client: PageClient, world: World) -> set[str]:
    """The forms of all drafts, published or not, each with a comment, a reply, and a conversation that is done."""
    now, ana = datetime.now(UTC), db.session.scalars(select(Editor).order_by(Editor.id)).first()
    assert ana is not None
    drafts = db.session.scalars(select(Draft)).all()
    for draft in drafts:
        for field in teamwork.COMMENTED_FIELDS[draft.kind]:
            teamwork.write(draft, field, f"A {SECRET}?", ana.id, now)
            db.session.flush()
            begun = teamwork.talks(draft)[field].open[0].comment
            teamwork.write(draft, str(begun.id), f"No {SECRET}.", ana.id, now)
            teamwork.write(draft, field, f"Another {SECRET}.", ana.id, now)
            db.session.flush()
            teamwork.settle(teamwork.talks(draft)[field].open[-1].comment, ana.id, now)
    db.session.commit()
    return {f"/editor/summaries/{draft.id}" for draft in drafts}


def test_what_editors_write_to_each_other_is_in_the_form_and_nowhere_else(
    app: Flask, client: PageClient, world: World, forms: set[str]
) -> None:
    """Nor for reviewers, on a signed link or signed in."""
    found = {path for path in world.pages(app) if SECRET.encode() in client.flask.get(path).data}
    assert found and found <= forms


def test_no_mail_copy_export_or_log_has_what_editors_write_to_each_other(
    app: Flask, world: World, forms: set[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    for editor in db.session.scalars(select(Editor)):
        editor.digest_until, editor.digest_on = now - timedelta(days=1), None
    with time_machine.travel(now.replace(hour=12), tick=False):
        jobs.tell_editors(Event())
    corrections.enqueue(now)
    db.session.commit()
    assert SECRET not in "".join(map(str, delivered()))
    site_copy.make(tmp_path / "made" / "copy", now)
    export_library(tmp_path / "made" / "library")
    files = [file for file in (tmp_path / "made").rglob("*") if file.is_file()]
    assert files and not [file for file in files if SECRET.encode() in file.read_bytes()]
    assert SECRET not in caplog.text
