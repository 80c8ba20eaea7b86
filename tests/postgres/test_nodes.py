"""Two web nodes on one PostgreSQL: gunicorn each, with folders of their own and one key."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.accounts.people import EMAIL, PASSWORD, add_editor
from tests.conftest import KEY
from tests.drills.site import Site
from tests.editor.forms import Sent, changed, complete, fields_of
from tests.factories import add_categories
from tests.postgres.server import Server
from webapp import create_app
from webapp.config import Config
from webapp.extensions import db

SOON = 1.0  # seconds after the answer to whoever published; a busy machine may need longer now and then
AT_LAST = 8.0

Nodes = tuple[Site, Site]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, postgresql: Server) -> Iterator[Nodes]:
    """Both, running, with the twelve categories and an editor. Page and search index are each node's own affair."""
    with postgresql.database() as url:
        one, two = (_site(tmp_path_factory.mktemp(name), url) for name in ("one", "two"))
        _prepare(url)
        try:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(Site.start, (one, two)))
            yield one, two
        finally:
            one.kill_everything()
            two.kill_everything()


def _site(folder: Path, database_url: str) -> Site:
    return Site(folder, DATABASE_URL=database_url, SECRET_KEY=KEY, WEB_CONCURRENCY="1")


def _prepare(url: str) -> None:
    environ = {"DATABASE_URL": url, "SECRET_KEY": KEY, "INSTANCE_PATH": "/nonexistent"}
    with create_app(Config.from_environ(environ)).app_context():
        add_categories()
        add_editor()
        db.session.remove()
        db.engine.dispose()


class Browser:
    """An editor at a browser; the cookies are good for both nodes, as behind one address."""

    def __init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def read(self, node: Site, path: str, sent: Sent | None = None) -> tuple[int, str, str]:
        """Status, address and text of an answer."""
        body = None if sent is None else urlencode(list(sent.items(multi=True))).encode()
        try:
            with self._opener.open(
                Request(node.url + path, body, {"Sec-Fetch-Site": "same-origin"}), timeout=20
            ) as answer:
                return answer.status, answer.url.removeprefix(node.url), answer.read().decode()
        except HTTPError as error:
            return error.code, path, error.read().decode()

    def sign_in(self, node: Site) -> None:
        fields = {"email": EMAIL, "password": PASSWORD, "csrf_token": self._token(node, "/editor/sign-in")}
        assert "/editor/" in self.read(node, "/editor/sign-in", Sent(fields))[1]

    def publish(self, node: Site, number: int, word: str) -> str:
        """A new summary with this word in its title; returns its address."""
        path = "/editor/summaries/new"
        fields = complete(number) | {"plain_title": f"A {word} did not ease pain", "slug": f"{word}-{number}"}
        sent = changed(fields_of(self.read(node, path)[2]), action="publish", **fields)
        assert self.read(node, path, sent)[0] == 200
        return f"/research/{word}-{number}"

    def withdraw(self, node: Site, address: str) -> None:
        title = f"A {address.rpartition('/')[2].rpartition('-')[0]} did not"
        draft = re.search(rf'<a href="([^"]+)">{title}', self.read(node, "/editor/")[2])
        assert draft
        found = re.search(r"/editor/articles/\d+/withdraw", self.read(node, draft.group(1))[2])
        assert found
        path = found.group()
        sent = Sent({"note": "It was a drill.", "csrf_token": self._token(node, path)})
        assert self.read(node, path, sent)[0] == 200
        assert self.read(node, address)[0] == 410

    def finds(self, node: Site, address: str) -> bool:
        word = address.rpartition("/")[2].rpartition("-")[0]
        return f'href="{address}"' in self.read(node, f"/search?q={word}")[2]

    def _token(self, node: Site, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.read(node, path)[2])
        assert found
        return found.group(1)


@pytest.fixture(scope="module")
def browser(nodes: Nodes) -> Browser:
    """Somebody who signed in on the first node."""
    browser = Browser()
    browser.sign_in(nodes[0])
    return browser


def seconds_until(what: Callable[[], bool]) -> float:
    """How long it took; fails if it does not come about."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < AT_LAST, "it did not come about"
        time.sleep(0.05)
    return time.monotonic() - started


def test_what_is_published_on_one_is_read_and_found_on_the_other(nodes: Nodes, browser: Browser) -> None:
    one, two = nodes
    times = []
    for number in (1, 2, 3):
        assert f"zebrafish-{number}" not in browser.read(two, "/")[2]  # kept there as a finished page
        address = browser.publish(one, number, "zebrafish")
        assert browser.read(two, address)[0] == 200
        assert address in browser.read(two, "/research")[2]
        times.append(seconds_until(lambda address=address: browser.finds(two, address)))  # type: ignore[misc]
        assert browser.finds(one, address)
    assert min(times) < SOON, times


def test_who_signed_in_on_one_withdraws_on_the_other_and_it_is_gone_on_both(
    nodes: Nodes, browser: Browser
) -> None:
    one, two = nodes
    address = browser.publish(one, 7, "salamander")
    seconds_until(lambda: browser.finds(two, address))
    assert browser.read(one, address)[0] == 200
    browser.withdraw(two, address)
    assert browser.read(one, address)[0] == 410
    for node in nodes:
        assert not browser.finds(node, address)
        assert address not in browser.read(node, "/research")[2]


def test_killed_one_leaves_the_other_with_all_its_work(nodes: Nodes, browser: Browser) -> None:
    one, two = nodes
    one.kill_everything()
    assert browser.read(two, "/research")[0] == 200
    address = browser.publish(two, 9, "axolotl")
    seconds_until(lambda: browser.finds(two, address))
    one.start()
    assert browser.finds(one, address)
