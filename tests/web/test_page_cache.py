"""Finished pages are answered without Flask, and never after they are out of date."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import flask
import pytest
from flask import Flask

from tests.factories import NOW, add_article, content, publish
from tests.pages import PageClient
from webapp import create_app, jobs
from webapp.config import Config
from webapp.db.change_log import ChangesUnknown
from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.publishing.publication import withdraw
from webapp.search import indexing
from webapp.web.page_cache import PageCache

HEADERS = [("Cache-Control", "public, max-age=0, must-revalidate"), ("ETag", '"a-mark"')]


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The paths of the requests that reach Flask in the block."""
    paths: list[str] = []

    def note(_: Flask, **__: Any) -> None:
        paths.append(flask.request.path)

    with flask.request_started.connected_to(note, app):
        yield paths


def test_a_page_is_made_once_and_answered_with_the_same_bytes(client: PageClient, app: Flask) -> None:
    path = f"/research/{add_article().slug}"
    indexing.catch_up()  # similar summaries would be missing otherwise, so the page would not be stored
    first = client.get(path)
    with counted(app) as made:
        second = client.get(path)
    assert made == []
    assert second.data == first.data
    assert second.headers.to_wsgi_list() == first.headers.to_wsgi_list()


def test_a_change_is_seen_by_the_next_request(client: PageClient, app: Flask) -> None:
    article = add_article(main_message="The pill did nothing.")
    path = f"/research/{article.slug}"
    client.get(path)
    client.get("/")
    publish(content(slug=article.slug, main_message="The pill did very little."), NOW, article)
    db.session.commit()
    assert "The pill did very little." in client.get(path).text
    assert "The pill did very little." in client.get("/").text


def test_a_change_made_by_another_process_is_seen_by_the_next_request(
    client: PageClient, app: Flask, config: Config
) -> None:
    client.get("/research")
    db.session.remove()
    other = create_app(config)
    with other.app_context():
        add_article(plain_title="A summary from elsewhere")
    assert "A summary from elsewhere" in client.get("/research").text


@pytest.mark.proves("Promise 2: a withdrawn article is gone at the next request")
def test_a_withdrawn_summary_is_gone_at_the_next_request(client: PageClient, app: Flask) -> None:
    article = add_article()
    client.get(f"/research/{article.slug}")
    assert article.title in client.get("/feed.atom").text
    withdraw(article, "We mixed up two papers.", NOW)
    db.session.commit()
    client.get(f"/research/{article.slug}", status=410)
    assert article.title not in client.get("/feed.atom").text


def test_a_change_that_is_taken_back_leaves_finished_pages_alone(client: PageClient, app: Flask) -> None:
    article = add_article()
    client.get("/")
    withdraw(article, "", NOW)
    db.session.rollback()
    with counted(app) as made:
        assert article.title in client.get("/").text
    assert made == []


def test_what_the_search_finds_is_made_anew_when_the_index_has_followed(
    client: PageClient, app: Flask
) -> None:
    indexing.catch_up()
    first = add_article(plain_title="A pill against spasms").slug
    indexing.catch_up()
    assert f"/research/{first}" in client.get("/search?q=spasms").text
    second = add_article(plain_title="Stretching against spasms").slug
    assert f"/research/{second}" not in client.get("/search?q=spasms").text
    indexing.catch_up()
    assert f"/research/{second}" in client.get("/search?q=spasms").text


def test_each_search_without_results_is_counted(client: PageClient, app: Flask) -> None:
    indexing.catch_up()
    for _ in range(2):
        client.get("/search?q=unicorns")
    jobs.write_misses(Event())
    assert db.session.query(SearchMiss).one().count == 2


def test_a_browser_that_has_the_page_is_told_so(client: PageClient, app: Flask) -> None:
    path = f"/research/{add_article().slug}"
    indexing.catch_up()
    etag = client.get(path).headers["ETag"]
    with counted(app) as made:
        answer = client.flask.get(path, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, made) == (304, b"", [])
    assert answer.headers["ETag"] == etag
    assert client.flask.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_browser_that_has_a_page_not_kept_here_is_told_so_too(client: PageClient, app: Flask) -> None:
    etag = client.get("/about").headers["ETag"]
    add_article()  # nothing is kept any more
    assert client.flask.get("/about", headers={"If-None-Match": etag}).status_code == 304


def test_what_a_page_depends_on_is_told_apart(client: PageClient, app: Flask) -> None:
    indexing.catch_up()
    whole = client.get("/search?q=pain")
    assert client.fragment("/search?q=pain") != whole.text
    packed = client.flask.get("/search?q=pain", headers={"Accept-Encoding": "br"})
    assert packed.headers["Content-Encoding"] == "br"
    client.flask.set_cookie("reading", "largest.dark.usual.forget")
    assert 'data-theme="dark"' in client.get("/search?q=pain").text
    assert 'data-theme="dark"' not in whole.text


def test_a_program_that_asks_for_a_citation_is_not_given_the_page(client: PageClient, app: Flask) -> None:
    path = f"/research/{add_article().slug}"
    client.get(path)
    answer = client.flask.get(path, headers={"Accept": "application/x-bibtex"})
    assert answer.mimetype == "application/x-bibtex"


def test_a_form_with_a_token_is_made_anew_each_time(client: PageClient, app: Flask) -> None:
    with counted(app) as made:
        client.get("/contact")
        client.get("/contact")
    assert made == ["/contact", "/contact"]


class Changes:
    """A log of public changes that says what the test wants."""

    def __init__(self) -> None:
        self.number = 1
        self.is_known = True

    def __call__(self) -> int:
        if not self.is_known:
            raise ChangesUnknown
        return self.number


class Counter:
    """A WSGI application that numbers its answers; it publishes something while it answers, if the test wants that."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.count = 0
        self.publishes = False

    def __call__(self, _environ: Any, start_response: Any) -> Iterable[bytes]:
        self.count += 1
        if self.publishes:
            self.changes.number += 1
        body = b"%d" % self.count
        start_response("200 OK", [*HEADERS, ("Content-Length", str(len(body)))])
        return [body]


def asked(cache: PageCache, path: str = "/") -> bytes:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
    return b"".join(cache(environ, lambda *_: lambda _: None))


def test_a_page_made_while_something_was_published_is_not_kept_as_new() -> None:
    changes = Changes()
    application = Counter(changes)
    cache = PageCache(application, changes, 100)
    application.publishes = True
    assert asked(cache) == b"1"
    application.publishes = False
    assert asked(cache) == b"2"
    assert asked(cache) == b"2"


def test_nothing_is_answered_from_memory_while_the_database_is_silent() -> None:
    changes = Changes()
    cache = PageCache(Counter(changes), changes, 100)
    asked(cache)
    changes.is_known = False
    assert [asked(cache), asked(cache)] == [b"2", b"3"]


def test_the_page_that_was_not_asked_for_longest_makes_room() -> None:
    changes = Changes()
    cache = PageCache(Counter(changes), changes, 2)
    assert [asked(cache, path) for path in ("/a", "/b", "/a", "/c")] == [b"1", b"2", b"1", b"3"]
    assert [asked(cache, path) for path in ("/a", "/c", "/b")] == [b"1", b"3", b"4"]


def test_a_page_is_made_anew_after_five_minutes() -> None:
    changes, seconds = Changes(), [0.0]
    cache = PageCache(Counter(changes), changes, 100, clock=lambda: seconds[0])
    answers = []
    for seconds[0] in (0, 300, 301):
        answers.append(asked(cache))
    assert answers == [b"1", b"1", b"2"]


@pytest.mark.parametrize(
    "accept", ["text/html;q=0.1, application/x-research-info-systems", "*/*;q=0.1, application/x-bibtex"]
)
def test_a_program_that_wants_a_citation_replaces_no_page(client: PageClient, accept: str) -> None:
    path = f"/research/{add_article().slug}"
    page = client.get(path)
    assert client.flask.get(path, headers={"Accept": accept}).mimetype != "text/html"
    other = f"/research/{add_article().slug}"
    assert client.flask.get(other, headers={"Accept": accept}).mimetype != "text/html"
    assert client.get(other).mimetype == client.get(path).mimetype == page.mimetype == "text/html"
