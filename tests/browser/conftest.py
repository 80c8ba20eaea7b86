"""A real Chromium, and the real site under gunicorn with its starter library."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from tests.accounts.provider import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.drills.site import Site, running
from tests.shared import made_once

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
)  # the first is four times faster
# The names of what is stored in the browser; nothing is afterwards.
TAKE_STORED = """() => [localStorage, sessionStorage].flatMap((storage) => {
  const names = Object.keys(storage);
  storage.clear();
  return names;
})"""
EDITOR = ("Ed Itor", "ed@example.org", "a long enough passphrase")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, so that it can be chosen or left out."""
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def sign_in_provider() -> Iterator[Provider]:
    """A sign-in provider that the site trusts; it lets the editor in."""
    with provider() as started:
        started.claims = {"email": EDITOR[1]}
        yield started


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sign_in_provider: Provider) -> Iterator[Site]:
    """The site as `make run` starts it, in folders of its own, with a sign-in provider."""

    def make(folder: Path) -> None:
        site = Site(folder)
        site.flask("prepare")
        site.flask("search", "rebuild")
        role = ("--role", "admin")  # may open every page
        site.flask("editors", "add", *EDITOR[:2], *role, "--password-stdin", typed=EDITOR[2] + "\n")

    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(made_once(tmp_path_factory, "site", make), folder, dirs_exist_ok=True)
    site = Site(
        folder,
        LOG_LEVEL="WARNING",
        OIDC_ISSUER=sign_in_provider.issuer,
        OIDC_CLIENT_ID=CLIENT_ID,
        OIDC_CLIENT_SECRET=CLIENT_SECRET,
    )
    site.url = site.url.replace("127.0.0.1", "localhost")  # no browser makes a passkey for an IP address
    site.environment["SITE_URL"] = site.url
    with running(site):
        yield site


@pytest.fixture(autouse=True)
def _tries_forgotten(request: pytest.FixtureRequest) -> None:
    """Each test may sign in, however many did within the last five minutes."""
    if "site" in request.fixturenames:
        database = Path(request.getfixturevalue("site").environment["INSTANCE_PATH"]) / "site.sqlite3"
        with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            connection.execute("DELETE FROM attempt")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the path; a plain reason to skip where there is none (a failure where one is required)."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "no Chromium on the path; on Debian: apt-get install chromium-headless-shell"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A new visitor with scripts, at a desktop computer."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """One page of that visitor; what the browser complains of fails the test."""
    yield from _watched(context)


@pytest.fixture(scope="session")
def add_sign_in(browser: Browser, site: Site) -> Callable[[BrowserContext], None]:
    """Lets a visitor go on as an editor, who signed in once for all tests. A test that signs out uses ``sign_in()``."""
    context = browser.new_context(base_url=site.url)
    sign_in(context.new_page())
    cookies = [(cookie["name"], cookie["value"]) for cookie in context.cookies()]
    context.close()

    def add(context: BrowserContext) -> None:
        context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies])

    return add


@pytest.fixture
def editor(page: Page, add_sign_in: Callable[[BrowserContext], None]) -> Page:
    """The same page, for somebody who is signed in."""
    add_sign_in(page.context)
    return page


@pytest.fixture(scope="session")
def _screen(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(base_url=site.url)
    yield context.new_page()
    context.close()


@pytest.fixture
def screen(_screen: Page) -> Iterator[Page]:
    """One page for all tests that leave nothing in the browser: a page of a test's own takes longer to open than to look at.

    What a test leaves fails it, and it alone.
    """
    as_new(_screen, width=1280, height=900)
    with uncomplaining(_screen):
        yield _screen
        left = _screen.evaluate(TAKE_STORED)
        _screen.context.clear_cookies()  # of the page to sign in
    assert left == []


@pytest.fixture
def phone(screen: Page) -> Page:
    """The same page on a phone, without motion: colors would still be changing to the other scheme when they are measured."""
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.emulate_media(reduced_motion="reduce")
    return screen


@pytest.fixture(scope="session")
def _desk(browser: Browser, site: Site, add_sign_in: Callable[[BrowserContext], None]) -> Iterator[Page]:
    context = browser.new_context(base_url=site.url)
    add_sign_in(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(_desk: Page) -> Iterator[Page]:
    """One page of an editor, without motion, for all tests that leave nothing in the browser; what a test leaves fails it alone."""
    as_new(_desk, width=1280, height=720)
    _desk.emulate_media(reduced_motion="reduce")
    with uncomplaining(_desk):
        yield _desk
        left = _desk.evaluate(TAKE_STORED)
    assert left == []


def as_new(page: Page, *, width: int, height: int) -> None:
    """Show a page that tests share as a new one would be shown, whatever the last test was doing when it ended."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(
        media="null", color_scheme="light", forced_colors="none", reduced_motion="no-preference"
    )


@pytest.fixture
def plain_page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of a visitor whose scripts are off."""
    context = browser.new_context(
        base_url=site.url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    yield from _watched(context)
    context.close()


def _watched(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    with uncomplaining(page):
        yield page


@contextmanager
def uncomplaining(page: Page) -> Iterator[None]:
    """What the browser complains of meanwhile fails the test."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def note_error(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", note)
    page.on("pageerror", note_error)
    yield
    page.remove_listener("console", note)
    page.remove_listener("pageerror", note_error)
    # the browser itself reports answers like 404 and 422, which a test asks for on purpose
    complaints = [
        text
        for text in complaints
        if "Failed to load resource" not in text and "Response Status Error" not in text
    ]
    # a newer search aborts an older one, which htmx reports in two lines; a lost connection has other lines as well
    if "htmx:sendAbort" in complaints:
        complaints = [text for text in complaints if text not in ("htmx:sendAbort", "htmx:afterRequest")]
    assert not complaints, complaints


def give_password(within: Page | Locator, email: str = EDITOR[1], password: str = EDITOR[2]) -> None:
    """Fill in the form for signing in, on its page or in a dialog, and send it."""
    within.get_by_label("Email").fill(email)
    within.get_by_label("Password", exact=True).fill(password)
    within.get_by_role("button", name="Sign in", exact=True).click()


def sign_in(page: Page) -> None:
    """Sign in by the form; it leads to the editor's first page."""
    page.goto("/editor/sign-in")
    give_password(page)
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
