"""Views of texts: what counts as one, that that nothing is lost over writers and kills."""

import os
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.drills.site import Site, inside, processes
from tests.engines import both_engines
from tests.factories import NOW, add_answer, add_article, add_categories, add_views
from tests.pages import PageClient
from tests.writers import another_writer
from webapp import create_app, jobs
from webapp.config import Config
from webapp.db.session import db
from webapp.models import DailyViews, Draft
from webapp.publishing.publication import withdraw
from webapp.search import indexing
from webapp.web import page_views
from webapp.web.page_views import is_robot

BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
}


def views() -> dict[str, int]:
    """What was counted, by the title of the text, once the job has run."""
    jobs.write_views(Event())
    counted = select(Draft.title, func.sum(DailyViews.count)).join(Draft, Draft.id == DailyViews.draft_id)
    found = {title: count for title, count in db.session.execute(counted.group_by(Draft.title))}  # noqa: C416
    db.session.rollback()
    return found


@pytest.fixture
def page(app: Flask) -> str:
    """The address of a summary that is in the search index, so that its finished page is kept."""
    article = add_article(plain_title="A pill")
    indexing.catch_up()
    return f"/research/{article.slug}"


@both_engines
def test_each_opened_page_is_a_view_of_its_text_whether_it_was_made_or_kept(
    app: Flask, client: PageClient
) -> None:
    article, answer = add_article(plain_title="A pill"), add_answer(question="Does the pill help?")
    indexing.catch_up()
    for _ in range(3):
        client.get(f"/research/{article.slug}", headers=BROWSER)
    for _ in range(2):
        client.get(f"/answers/{answer.slug}", headers=BROWSER)
    assert views() == {"A pill": 3, "Does the pill help?": 2}
    client.get(f"/research/{article.slug}", headers=BROWSER)
    assert views() == {"A pill": 4, "Does the pill help?": 2}


def test_a_view_in_another_language_is_one_of_the_same_text(client: PageClient, page: str) -> None:
    for path in (page, f"/es{page}", f"/es{page}"):
        client.get(path, headers=BROWSER)
    assert views() == {"A pill": 3}


def test_views_are_counted_by_day_and_nothing_else_is_stored(client: PageClient, page: str) -> None:
    client.get(page, headers=BROWSER)
    views()
    row = db.session.query(DailyViews).one()
    assert row.viewed_on == datetime.now(UTC).date()
    assert {column.name for column in DailyViews.__table__.columns} == {"viewed_on", "draft_id", "count"}


def test_a_page_that_the_browser_has_already_is_a_view_too(client: PageClient, page: str) -> None:
    etag = client.get(page, headers=BROWSER).headers["ETag"]
    answer = client.flask.get(page, headers=BROWSER | {"If-None-Match": etag})
    assert answer.status_code == 304
    assert views() == {"A pill": 2}


def test_a_view_is_counted_while_somebody_else_writes(app: Flask, client: PageClient, page: str) -> None:
    db.session.remove()
    with another_writer(app):
        client.get(page, headers=BROWSER)
    assert views() == {"A pill": 1}


def test_without_a_page_cache_views_are_counted_all_the_same(app: Flask, config: Config, page: str) -> None:
    db.session.remove()
    other = create_app(Config.from_environ({**_environ(config), "PAGE_CACHE_MB": "0"}))
    with other.app_context():
        for _ in range(2):
            other.test_client().get(page, headers=BROWSER)
        assert views() == {"A pill": 2}


# ------------------------------------------------------------------ what is no view


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": ""},
        {"HX-Request": "true"},
    ],
)
def test_a_robot_and_a_browser_that_fetches_ahead_or_a_part_are_no_readers(
    client: PageClient, page: str, headers: dict[str, str]
) -> None:
    for _ in range(2):
        client.flask.get(page, headers=BROWSER | headers)
    assert views() == {}
    client.get(page, headers=BROWSER)
    assert views() == {"A pill": 1}


def test_asking_for_the_head_or_a_form_is_no_view(client: PageClient, page: str) -> None:
    client.flask.head(page, headers=BROWSER)
    client.post(page, {"me": "1"}, status=200, headers=BROWSER)
    assert views() == {}


def test_citations_files_lists_and_histories_are_no_views(client: PageClient, page: str) -> None:
    for path in (f"{page}.ris", f"{page}/history", "/research", "/", "/data/articles.csv"):
        client.get(path, headers=BROWSER)
    client.flask.get(page, headers=BROWSER | {"Accept": "application/x-bibtex"})
    assert views() == {}


def test_an_editor_who_is_signed_in_is_no_reader(app: Flask, client: PageClient, page: str) -> None:
    client.get(page)  # kept from now on
    editor = EditorClient(app)
    add_editor()
    sign_in(editor)
    editor.get(page, headers=BROWSER)
    draft = db.session.scalars(select(Draft)).one()
    editor.get(f"/editor/summaries/{draft.id}/preview", headers=BROWSER)
    assert views() == {}


def test_a_text_that_is_withdrawn_has_no_views(client: PageClient, app: Flask) -> None:
    article = add_article()
    withdraw(article, "We mixed up two papers.", NOW)
    db.session.commit()
    client.get(f"/research/{article.slug}", status=410, headers=BROWSER)
    client.get("/research/no-such-text", status=404, headers=BROWSER)
    assert views() == {}


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER["User-Agent"],
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/520.0]",
        "Opera/9.80 (Android; Opera Mini/90.0/191.389; U; es) Presto/2.12.423 Version/12.16",
    ],
)
def test_browsers_are_no_robots(agent: str) -> None:
    assert not is_robot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Example-User/1.0)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23.20.0",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html)",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    ],
)
def test_programs_that_say_what_they_are_are_robots(agent: str) -> None:
    assert is_robot(agent)


# ------------------------------------------------------------------ processes


def test_two_processes_count_together_and_a_kill_loses_only_what_was_not_written(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.flask("db", "upgrade")
    with inside(site):
        add_categories()
        path = f"/research/{add_article(plain_title='A pill').slug}"
    ready = [processes.Event() for _ in range(2)]
    readers = [processes.Process(target=_read_and_hang, args=(site.environment, path, one)) for one in ready]
    for reader in readers:
        reader.start()
    assert all(one.wait(60) for one in ready)
    for reader in readers:
        os.kill(reader.pid or 0, signal.SIGKILL)
        reader.join()
    with inside(site):
        assert views() == {"A pill": 10}


def _read_and_hang(environment: Mapping[str, str], path: str, ready: ProcessEvent) -> None:
    """Open a page five times, write that down, open it three times more, and wait to be killed."""
    app = create_app(Config.from_environ(environment))
    with app.app_context():
        client = app.test_client()
        for _ in range(5):
            client.get(path, headers=BROWSER)
        jobs.write_views(Event())
        for _ in range(3):
            client.get(path, headers=BROWSER)
    ready.set()
    time.sleep(600)


def test_what_could_not_be_written_is_written_the_next_time(client: PageClient, page: str) -> None:
    client.get(page, headers=BROWSER)

    def full(_session: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is full"))

    event.listen(db.session, "before_commit", full)
    with pytest.raises(OperationalError):
        jobs.write_views(Event())
    event.remove(db.session, "before_commit", full)
    client.get(page, headers=BROWSER)
    assert views() == {"A pill": 2}


def test_views_are_forgotten_after_twelve_months(app: Flask) -> None:
    add_views(add_article(), 1)
    today = datetime.now(UTC).date()
    page_views.forget_old(today + timedelta(days=365))
    assert db.session.query(DailyViews).count() == 1
    page_views.forget_old(today + timedelta(days=366))
    assert db.session.query(DailyViews).count() == 0


def _environ(config: Config) -> dict[str, str]:
    return {
        "INSTANCE_PATH": str(config.instance_path),
        "SEARCH_INDEX": str(config.search_index),
        "SECRET_KEY": config.secret_key,
        "SITE_URL": config.site_url,
    }
