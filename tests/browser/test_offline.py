"""Summaries that were read can be opened without a connection, by readers who asked for it."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.drills.site import Site
from tests.faults import fault
from tests.waiting import wait_until

ARTICLE = "/research/amitriptyline-pain-trial"
TITLE = "Amitriptyline did not ease"
OTHER = "/research/baclofen-early-safety"
OTHER_TITLE = "Early baclofen was linked"
# What the storage of a browser may do, put in place of the worker's own functions.
FAILURES = {
    "full": "() => { Cache.prototype.put = () => Promise.reject(new DOMException('', 'QuotaExceededError')); }",
    "forbidden": "() => { caches.open = () => Promise.reject(new DOMException('', 'SecurityError')); }",
    "damaged": """() => {
      for (const name of ['match', 'put', 'delete'])
        Cache.prototype[name] = () => Promise.reject(new DOMException('', 'UnknownError'));
    }""",
    "stuck": "() => { Cache.prototype.put = () => new Promise(() => {}); }",
}


def ask_to_keep(page: Page) -> None:
    page.goto("/preferences")
    page.get_by_label("Keep the summaries and answers I read").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()


def is_kept(page: Page, path: str) -> bool:
    kept = "(path) => caches.match(path, { ignoreVary: true }).then((copy) => copy !== undefined)"
    return bool(page.evaluate(kept, path))


def read_and_keep(page: Page, path: str) -> None:
    page.goto(path)
    wait_until(lambda: is_kept(page, path))


@pytest.mark.parametrize("path", [ARTICLE, "/answers/will-i-walk-again"])
def test_what_was_read_opens_without_a_connection(context: BrowserContext, page: Page, path: str) -> None:
    ask_to_keep(page)
    read_and_keep(page, path)
    title = page.get_by_role("heading", level=1).inner_text()
    context.set_offline(True)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(title.replace("\n", " "))
    page.goto(OTHER)
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    expect(page.get_by_role("link", name=title.replace("\n", " "))).to_be_visible()
    context.set_offline(False)


def test_unchecking_deletes_what_was_kept(page: Page) -> None:
    ask_to_keep(page)
    page.goto(ARTICLE)
    page.goto("/preferences")
    page.get_by_label("Keep the summaries and answers I read").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    wait_until(lambda: page.evaluate("caches.keys().then((names) => names.length)") == 0)
    # the worker serves this page to its end, and must not begin to store again
    assert page.evaluate("fetch(document.querySelector('link[rel=icon]').href).then((answer) => answer.ok)")
    assert page.evaluate("caches.keys().then((names) => names.length)") == 0


def test_nothing_is_kept_for_a_reader_who_did_not_ask(page: Page) -> None:
    page.goto(ARTICLE)
    assert page.evaluate("caches.keys().then((names) => names.length)") == 0
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def keep_an_old_copy(page: Page) -> None:
    """Put a copy of the article into storage that says something else than the article now says."""
    page.evaluate(
        """async (path) => (await caches.open("kept-1")).put(path, new Response("<title>An old copy</title>",
          { headers: { "Content-Type": "text/html" } }))""",
        ARTICLE,
    )


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_with_a_connection_a_reader_gets_the_networks_answer_whatever_storage_does(
    context: BrowserContext, page: Page, failure: str
) -> None:
    ask_to_keep(page)
    keep_an_old_copy(page)
    context.service_workers[0].evaluate(failure)
    for path, title in ((ARTICLE, TITLE), (OTHER, OTHER_TITLE), ("/about", "About")):
        page.goto(path)
        assert page.title().startswith(title)
    assert page.evaluate("fetch(document.querySelector('link[rel=icon]').href).then((answer) => answer.ok)")


def test_with_a_full_disk_a_reader_gets_the_networks_answer(
    context: BrowserContext, page: Page, site: Site
) -> None:
    script = (fault("25-service-worker-when-storage-is-full") / "full_storage.py").read_text(encoding="utf-8")
    [quota] = map(int, re.findall(r'"quotaSize": (\d+)', script))
    paths = re.findall(r"\{site\}(/research/[\w-]+)", script)
    ask_to_keep(page)
    keep_an_old_copy(page)
    devtools = context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": quota})
    for path, title in zip(paths, (TITLE, OTHER_TITLE), strict=True):
        page.goto(path)
        assert page.title().startswith(title)


def test_an_outdated_copy_that_cannot_be_replaced_is_deleted(context: BrowserContext, page: Page) -> None:
    ask_to_keep(page)
    keep_an_old_copy(page)
    context.service_workers[0].evaluate(FAILURES["full"])
    page.goto(ARTICLE)
    wait_until(lambda: not is_kept(page, ARTICLE))
