"""Nothing runs over the edge: every page and everything that opens, on narrow and wide screens, in usual and large text."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import PUBLIC

WIDTHS = (320, 360, 390, 768, 1280)
NARROW = (320, 360, 768)  # a page that fits here fits wider screens
TEXT_SIZES = USUAL, LARGEST, TWICE = (
    "document.documentElement.style.fontSize = ''",
    "Object.assign(document.documentElement.dataset, { text: 'largest', spacing: 'wide' })",
    "document.documentElement.style.fontSize = '200%'",
)


def each_layout(
    page: Page, text_sizes: Sequence[str] = TEXT_SIZES, widths: Sequence[int] = WIDTHS
) -> Iterator[int]:
    """Show the page in each text size on each width of screen; gives the width."""
    for text_size in text_sizes:
        page.evaluate(text_size)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            yield width


def is_in_the_screen(part: Locator, width: int) -> bool:
    box = part.bounding_box()
    assert box is not None
    return box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.parametrize("path", [*PUBLIC, "/newsletter", "/research/amitriptyline-pain-trial/report"])
def test_no_page_is_wider_than_the_screen(phone: Page, path: str) -> None:
    phone.goto(path)
    phone.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for width in each_layout(phone, widths=NARROW):
        assert phone.evaluate("document.documentElement.scrollWidth") <= width


def test_the_menu_opens_in_the_screen(page: Page) -> None:
    page.goto("/about")
    page.evaluate("document.querySelector('.head-menu').open = true")
    menu, labels = page.locator(".menu-panel"), page.locator(".menu-panel a")
    cut = "labels => labels.filter((label) => label.scrollWidth > label.clientWidth).length"
    for width in each_layout(page):
        if menu.is_visible():  # a wide screen shows the links themselves
            assert is_in_the_screen(menu, width)
            assert labels.evaluate_all(cut) == 0


def test_the_header_of_a_phone_is_one_row(page: Page) -> None:
    """At twice the size its words need two rows."""
    page.goto("/about")
    top, bottom = page.locator(".site-head .logo"), page.locator(".site-head .wrap > :visible").last
    for width in each_layout(page, (USUAL, LARGEST), WIDTHS[:-1]):
        first, last = top.bounding_box(), bottom.bounding_box()
        assert first is not None and last is not None
        assert last["y"] < first["y"] + first["height"], width


def test_instant_results_open_in_the_screen(page: Page) -> None:
    page.goto("/")
    page.locator("#home-q").fill("pain")
    panel = page.locator("#instant")
    expect(panel.locator(".all")).to_be_visible()
    for width in each_layout(page):
        assert is_in_the_screen(panel, width)
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_a_word_explained_opens_in_the_screen(page: Page) -> None:
    page.goto("/research/amitriptyline-pain-trial")
    page.locator("a.word").first.click()
    meaning = page.locator(".words details[open] > div").first
    for width in each_layout(page):
        assert is_in_the_screen(meaning, width)
