"""Somebody with a question reads its answer, on a phone and on a computer, with and without scripts."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.drills.site import Site

ANSWER = "/answers/will-i-walk-again"
SCREENS = {"phone": (360, 640), "computer": (1280, 900)}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_verdict_is_seen_at_once_and_the_picture_shows_what_its_table_says(
    browser: Browser, site: Site, screen: str, has_scripts: bool
) -> None:
    width, height = SCREENS[screen]
    page = browser.new_page(
        base_url=site.url, java_script_enabled=has_scripts, viewport={"width": width, "height": height}
    )
    page.goto(ANSWER)
    box = page.locator(".verdict").bounding_box()
    assert box is not None and box["y"] + box["height"] <= height
    dots, rows = page.locator(".study-dot"), page.locator(".twin tbody tr")
    assert dots.count() == rows.count() > 0
    assert dots.first.is_visible() and not rows.first.is_visible()
    page.get_by_text("The same as a table").click()
    expect(rows.last).to_be_visible()
    assert page.get_by_role("link", name="Send by email").filter(visible=True).count() > 0
    page.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_family_comes_from_the_home_page_to_the_first_steps(page: Page, screen: str) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.goto("/")
    page.locator("main").get_by_role("link", name="Start here").first.click()
    page.get_by_role("link", name="This week").click()
    expect(page.get_by_role("heading", name="This week")).to_be_in_viewport()
    page.get_by_text("Ten questions for the team today").click()
    expect(page.get_by_text("When does rehab start?")).to_be_visible()
    expect(page.get_by_role("link", name="Call 800-539-7309")).to_have_attribute("href", "tel:+18005397309")
