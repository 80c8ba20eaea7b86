"""The first screen of the site, and the way to help for somebody who has just been injured."""

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_the_first_screen_says_for_whom_what_and_why_to_trust_it(
    phone: Page, width: int, height: int
) -> None:
    phone.goto("/")
    phone.set_viewport_size({"width": width, "height": height})
    for words in ("For people living with an injury", "What would you like to know about?", "No ads, nothing to sell"):  # fmt: skip
        box = phone.get_by_text(words).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, words


def test_home_search_and_menu_lead_to_where_to_start(plain_page: Page) -> None:
    """Without scripts, as somebody would look for it whose child was just injured."""
    for path in ("/", "/search?q=my+kid+was+just+injured+what+now"):
        plain_page.goto(path)
        plain_page.get_by_role("main").get_by_role("link", name="Start here").click()
        expect(plain_page).to_have_url("/start")
    plain_page.locator(".head-menu > summary").click()
    expect(plain_page.get_by_role("navigation", name="Menu").get_by_role("link").nth(1)).to_have_text(
        "Start here"
    )
    expect(plain_page.locator(".door")).to_have_count(4)
