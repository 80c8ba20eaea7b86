"""Scheduled texts are published when due, or at the next start of a site that was down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

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
from webapp.models import Article, Category, PublicChange, Schedule
from webapp.publishing import revisions, scheduling

LATE = timedelta(minutes=40)


def schedule(publish_at: datetime, **changes: str) -> None:
    """Schedule a new text."""
    text = content(slug="a-lantern", **changes)
    scheduling.schedule(
        revisions.new_draft(),
        text,
        0,
        add_editor().id,
        publish_at - timedelta(days=1),
        publish_at=publish_at,
        accepted={},
    )
    db.session.commit()


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
