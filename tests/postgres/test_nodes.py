"""Two web nodes on one PostgreSQL: gunicorn each, with folders of their own and one key."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from tests.accounts.people import add_editor
from tests.conftest import KEY
from tests.drills.people import Browser, Writer
from tests.drills.site import Site
from tests.editor.forms import Sent
from tests.factories import add_categories
from tests.postgres.server import Server
from tests.waiting import seconds_until
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db

SAVES = 20

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


def withdraw(browser: Browser, node: Site, address: str) -> None:
    title = f"A {address.rpartition('/')[2].rpartition('-')[0]} did not"
    draft = re.search(rf'<a href="([^"]+)">{title}', browser.open(node, "/editor/summaries"))
    assert draft
    found = re.search(r"/editor/articles/\d+/withdraw", browser.open(node, draft.group(1)))
    assert found
    path = found.group()
    sent = Sent({"note": "It was a drill.", "csrf_token": browser.token(node, path)})
    assert browser.read(node, path, sent)[0] == 200
    assert browser.read(node, address)[0] == 410


@pytest.fixture(scope="module")
def browser(nodes: Nodes) -> Browser:
    """Somebody who signed in on the first node."""
    browser = Browser()
    browser.sign_in(nodes[0])
    return browser


def test_what_is_published_on_one_is_read_and_found_on_the_other(nodes: Nodes, browser: Browser) -> None:
    one, two = nodes
    for number in (1, 2, 3):
        assert f"zebrafish-{number}" not in browser.read(two, "/")[2]  # kept there as a finished page
        address = browser.publish(one, number, "zebrafish")
        assert browser.read(two, address)[0] == 200
        assert address in browser.read(two, "/research")[2]
        seconds_until(lambda address=address: browser.finds(two, address))  # type: ignore[misc]
        seconds_until(lambda address=address: browser.finds(one, address))  # type: ignore[misc]


def test_who_signed_in_on_one_withdraws_on_the_other_and_it_is_gone_on_both(
    nodes: Nodes, browser: Browser
) -> None:
    one, two = nodes
    address = browser.publish(one, 7, "salamander")
    seconds_until(lambda: browser.finds(two, address))
    assert browser.read(one, address)[0] == 200
    withdraw(browser, two, address)
    assert browser.read(one, address)[0] == 410
    for node in nodes:
        assert not browser.finds(node, address)
        assert address not in browser.read(node, "/research")[2]


@pytest.mark.proves("Promise 1: a killed node leaves the other one with all its work")
def test_killed_one_leaves_the_other_with_all_its_work(nodes: Nodes, browser: Browser) -> None:
    one, two = nodes
    writer = Writer(one)

    def kill() -> None:
        writer.site = two  # where whoever stands in front of both sends what comes from now on
        one.kill_everything()

    killer = Timer(0.5, kill)
    killer.start()
    told = [writer.save(f"Save {number}.") for number in range(SAVES)]
    killer.join()
    answered = {number for number in told if number is not None}
    assert len(answered) >= SAVES - 1, "only the save that the kill met may be without an answer"
    history = browser.open(two, f"{writer.address}/history")
    assert answered <= {int(number) for number in re.findall(r'<th scope="row">(\d+)<', history)}
    address = browser.publish(two, 9, "axolotl")
    seconds_until(lambda: browser.finds(two, address))
    one.start()
    seconds_until(lambda: browser.finds(one, address))  # its own index follows what happened meanwhile
