"""Scheduled texts are published when due, or at the next start of a site that was down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from tests.accounts.people import add_editor
from tests.drills.site import Site, running
from tests.factories import add_categories, content
from tests.waiting import wait_until
from webapp import create_app, jobs
from webapp.config import Config
from webapp.db.session import db
from webapp.models import (
    Article,
    Category,
    Draft,
    Editor,
    PaperPart,
    PaperSection,
    PublicChange,
    Schedule,
    StoredText,
)
from webapp.models.values import ReadFrom
from webapp.publishing import revisions, scheduling

LATE = timedelta(minutes=40)


def schedule(publish_at: datetime, slug: str = "a-lantern", **changes: Any) -> Draft:
    """Schedule a new text."""
    draft = scheduling.schedule(
        revisions.new_draft(),
        content(slug=slug, **changes),
        0,
        db.session.scalar(select(Editor.id)) or add_editor().id,
        publish_at - timedelta(days=1),
        publish_at=publish_at,
        accepted={},
    )
    db.session.commit()
    return draft


def is_published() -> bool:
    article_id = db.session.scalar(select(Article.id))
    db.session.rollback()  # do not keep the write lock
    return article_id is not None


def test_only_one_of_two_workers_publishes(app: Flask) -> None:
    schedule(datetime.now(UTC) + timedelta(seconds=0.4))
    workers = [jobs.start(app), jobs.start(app)]
    try:
        wait_until(is_published)
        with app.app_context():
            jobs.publish_again(Event())
    finally:
        for worker in workers:
            worker.end()
    assert db.session.scalar(select(func.count()).select_from(PublicChange)) == 1


def test_a_refused_text_waits_and_its_reason_is_logged_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    schedule(datetime.now(UTC) - LATE)
    db.session.execute(delete(Category))  # now it can be filed nowhere
    db.session.commit()
    for _ in range(3):
        jobs.publish_again(Event())
    assert "There is no category" in (db.session.scalars(select(Schedule.problem)).one() or "")
    assert caplog.text.count("a scheduled text cannot be published") == 1


def test_a_text_of_a_newer_release_does_not_hold_up_the_others(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    newer = schedule(datetime.now(UTC) - LATE, "of-a-newer-release")
    revision = revisions.get_revision(newer, 1)
    revision.content = revision.content | {"field_of_a_newer_release": "x"}
    schedule(datetime.now(UTC) - LATE / 2)
    for _ in range(3):
        jobs.publish_again(Event())
    assert db.session.scalars(select(Article.slug)).all() == ["a-lantern"]
    waiting = db.session.scalars(select(Schedule).where(Schedule.ended_at.is_(None))).one()
    assert (waiting.draft_id, waiting.problem) == (newer.id, scheduling.UNREADABLE)
    assert caplog.text.count("a scheduled text cannot be published") == 1


def test_a_refusal_quotes_nothing_of_a_private_text(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    draft = schedule(datetime.now(UTC) - LATE, harms="not stated")
    secret = PaperSection(
        PaperPart.FULL_TEXT, "Three serious adverse events occurred: “severe” seizures.", "Results"
    )
    db.session.add(
        StoredText(
            draft_id=draft.id,
            kind=ReadFrom.FULL_TEXT,
            sections=[secret],
            source="a file",
            added_at=datetime.now(UTC),
        )
    )
    db.session.commit()
    jobs.publish_again(Event())
    problem = db.session.scalars(select(Schedule.problem)).one()
    assert problem == "Harms and side effects: The paper reports on harms: “…” Say what it says."
    assert "seizures" not in caplog.text


@pytest.mark.proves("Promise 1: what became due while everything was down is published at the start")
def test_what_became_due_while_everything_was_down_goes_out_at_the_start_and_late_is_logged(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    site.flask("db", "upgrade")
    app = create_app(Config.from_environ(site.environment))
    with app.app_context():
        add_categories()
        schedule(datetime.now(UTC) - LATE)
        with running(site):
            wait_until(is_published)
            site.wait_for("/research/a-lantern")
        db.engine.dispose()
    assert "a scheduled text was published late" in site.log
    assert '"minutes": 40' in site.log
