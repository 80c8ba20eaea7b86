"""What is scheduled goes out by itself, and at start-up if everything was down at its time."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from tests.accounts.people import add_editor
from tests.drills.site import Site, running
from tests.factories import add_categories, content
from tests.waiting import wait_until
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.editor import due
from webapp.models import Article, Category, PublicChange, Schedule
from webapp.publishing import revisions, scheduling

LATE = timedelta(minutes=40)


def schedule(publish_at: datetime, **changes: str) -> None:
    """A text that waits for its time."""
    text = content(slug="a-lantern", **changes)
    scheduling.schedule(
        revisions.new_draft(), text, add_editor().id, publish_at - timedelta(days=1), publish_at, accepted={}
    )
    db.session.commit()


def is_published() -> bool:
    article_id = db.session.scalar(select(Article.id))
    db.session.rollback()  # do not keep the write lock
    return article_id is not None


def test_two_workers_look_and_it_goes_out_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAUSE", 0.05)
    schedule(datetime.now(UTC) + timedelta(seconds=0.4))
    workers = [due.start_publishing(app), due.start_publishing(app)]
    try:
        wait_until(is_published)
        time.sleep(0.2)
    finally:
        for stop in workers:
            stop.set()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(PublicChange)) == 1


def test_a_refused_text_is_told_once_and_the_loop_goes_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(due, "PAUSE", 0.02)
    monkeypatch.setattr(due, "TRIED_AGAIN_EACH", timedelta(0))
    schedule(datetime.now(UTC) - LATE)
    db.session.execute(delete(Category))  # now it can be filed nowhere
    db.session.commit()
    stop = threading.Event()
    worker = threading.Thread(target=due.publish_forever, args=(app, stop))
    worker.start()
    time.sleep(0.5)
    stop.set()
    worker.join()
    db.session.rollback()
    assert "There is no category" in (db.session.scalars(select(Schedule.problem)).one() or "")
    assert caplog.text.count("a scheduled text cannot be published") == 1


def test_what_became_due_while_everything_was_down_goes_out_at_the_start_and_late_is_logged(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    site.flask("db", "upgrade")
    app = create_app(Config.from_environ(site.environment))
    with app.app_context():
        add_categories()
        schedule(datetime.now(UTC) - LATE)
        db.session.rollback()
        with running(site):
            wait_until(is_published)
            site.wait_for("/research/a-lantern")
        db.engine.dispose()
    assert "a scheduled text was published late" in site.log
    assert '"minutes": 40' in site.log
