"""A reader packs summaries for an appointment: the pack is on the device or in its address, and nowhere else."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

ARTICLES = [
    f"/research/{slug}"
    for slug in ("amitriptyline-pain-trial", "erection-problems-veterans", "opioids-first-24-hours")
]


def add_by(visitor: Page) -> str:
    """Press the button of an article page; returns the article's title."""
    title = visitor.locator("h1").inner_text()
    visitor.locator("button:has-text('Add to my visit pack'):visible").first.click()
    return title


@pytest.mark.parametrize("width", [360, 1280])
def test_three_summaries_from_their_pages_are_in_the_pack(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    titles, count = [], page.locator(".head-pack")
    for number, path in enumerate(ARTICLES, 1):
        page.goto(path)
        titles.append(add_by(page))
        expect(page).to_have_url(re.compile(f"{path}$"))  # reading goes on
        expect(count).to_have_accessible_name(f"{number} in my pack")
        expect(page.locator(".told")).to_contain_text(f"Added. {number} in my pack.")
    add_by(page)
    expect(page.locator(".told")).to_contain_text("It’s in your pack already.")
    count.click()
    rows = page.locator(".pack h2")
    expect(rows).to_have_text([re.compile(re.escape(title)) for title in titles])
    page.get_by_role("button", name="Move up summary 3").click()
    expect(rows.nth(1)).to_contain_text(titles[2])
    page.get_by_role("button", name="Remove summary 1").click()
    expect(rows).to_have_count(2)
    page.goto("/visit-pack")  # the list comes from the device
    expect(rows).to_have_text([re.compile(re.escape(titles[2])), re.compile(re.escape(titles[1]))])
    expect(count).to_have_accessible_name("2 in my pack")
    page.get_by_role("button", name="Empty my pack").click()
    expect(page.get_by_text("Your pack is empty.")).to_be_visible()
    expect(count).to_be_hidden()
    assert page.context.cookies() == []


def test_without_scripts_the_address_of_the_pack_collects_three_summaries(plain_page: Page) -> None:
    plain_page.goto(ARTICLES[0])
    buttons = plain_page.locator("button:has-text('Add to my visit pack'):visible")
    first, last, details = (
        it.bounding_box() for it in (buttons.first, buttons.last, plain_page.locator("#more"))
    )
    assert first is not None and last is not None and details is not None
    assert first["y"] <= 2 * 844 and last["y"] > details["y"]  # within two screens, and at the end
    titles = [add_by(plain_page)]
    for word, path in (("erection", ARTICLES[1]), ("opioid", ARTICLES[2])):
        plain_page.get_by_label("Find a summary by a word").fill(word)
        plain_page.get_by_role("button", name="Find").click()
        plain_page.locator(f".pack-add__list a[href^='{path}']").click()
        expect(plain_page.locator(".head-pack")).to_have_accessible_name(f"{len(titles)} in my pack")
        titles.append(add_by(plain_page))
    expect(plain_page.locator(".pack h2")).to_have_text([re.compile(re.escape(title)) for title in titles])
    plain_page.get_by_role("button", name="Remove summary 1").click()
    expect(plain_page.locator(".pack h2")).to_have_count(2)
    expect(plain_page.get_by_role("link", name="WhatsApp")).to_be_visible()
    assert plain_page.context.cookies() == []


def test_a_pack_that_somebody_sent_does_not_replace_the_own_one_unasked(page: Page) -> None:
    page.goto(ARTICLES[0])
    add_by(page)
    page.goto("/visit-pack?s=1-2")
    count = page.locator(".head-pack")
    page.get_by_role("button", name="Remove summary 1").click()
    expect(page.locator(".pack h2")).to_have_count(1)
    page.goto("/visit-pack?s=1-2-3")
    expect(count).to_have_accessible_name("1 in my pack")
    page.get_by_role("button", name="Save it as my pack").click()
    expect(count).to_have_accessible_name("3 in my pack")
    expect(page.get_by_text("This pack isn’t the one saved on this device.")).to_be_hidden()


def test_a_pack_is_shared_by_the_system_where_it_can_be(page: Page) -> None:
    page.add_init_script(
        "navigator.share = (shared) => { window.shared = shared; return Promise.resolve(); }"
    )
    page.goto("/visit-pack?s=1-2")
    page.get_by_role("button", name="Share").click()
    assert page.evaluate("shared.text").endswith("/visit-pack?s=1-2")


def test_elsewhere_the_link_is_copied_and_that_is_seen(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/visit-pack?s=1-2")
    expect(page.get_by_role("button", name="Share")).to_be_hidden()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".told")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("/visit-pack?s=1-2")


def test_where_nothing_can_be_stored_the_button_leads_to_the_pack(page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })"
    )
    page.goto(ARTICLES[0])
    title = add_by(page)
    expect(page.locator(".pack h2")).to_contain_text(title)
