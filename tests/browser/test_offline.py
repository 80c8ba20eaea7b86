"""Summaries that were read can be opened without a connection, by readers who asked for it."""

from playwright.sync_api import BrowserContext, Page, expect

ARTICLE = "/research/amitriptyline-pain-trial"


def ask_to_keep(page: Page) -> None:
    page.goto("/preferences")
    page.get_by_label("Keep the summaries I read").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()


def test_a_summary_that_was_read_opens_without_a_connection(context: BrowserContext, page: Page) -> None:
    ask_to_keep(page)
    page.goto(ARTICLE)
    title = page.get_by_role("heading", level=1).inner_text()
    context.set_offline(True)
    page.goto(ARTICLE)
    expect(page.get_by_role("heading", level=1)).to_have_text(title.replace("\n", " "))
    page.goto("/research/baclofen-early-safety")
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    expect(page.get_by_role("link", name=title.replace("\n", " "))).to_be_visible()
    context.set_offline(False)


def test_unchecking_deletes_what_was_kept(page: Page) -> None:
    ask_to_keep(page)
    page.goto(ARTICLE)
    page.goto("/preferences")
    page.get_by_label("Keep the summaries I read").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.wait_for_function("caches.keys().then((names) => names.length === 0)")


def test_nothing_is_kept_for_a_reader_who_did_not_ask(page: Page) -> None:
    page.goto(ARTICLE)
    assert page.evaluate("caches.keys().then((names) => names.length)") == 0
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
