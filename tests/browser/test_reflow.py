"""Nothing runs over the edge: every page and everything that opens, on narrow and wide screens, in usual and large text."""

import itertools
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import PUBLIC

WIDTHS = (320, 360, 390, 768, 1280)
NARROW = (320, 360, 768)  # a page that fits here fits wider screens
PHONES = (320, 360, 375, 384, 412, 768)
HEADER_WIDTHS = (*PHONES, 705, 1024, 1152, 1153, 1217, 1280, 1600, 1793)
LARGE = "Object.assign(document.documentElement.dataset, { text: 'large' })"
TEXT_SIZES = USUAL, LARGEST, TWICE = (
    "",
    "Object.assign(document.documentElement.dataset, { text: 'largest', spacing: 'wide' })",
    "Object.assign(document.documentElement.dataset, { text: 'largest', spacing: 'wide' }), document.documentElement.style.fontSize = '200%'",
)
RESET = "(({ dataset, style }) => { delete dataset.text; delete dataset.spacing; style.fontSize = ''; })(document.documentElement)"


# the editors' lists, forms and sheets
DESK = ("/editor/", "/editor/summaries", "/editor/summaries/1", "/editor/words", "/editor/newsletter/", "/editor/people/")  # fmt: skip


def each_layout(
    page: Page, text_sizes: Sequence[str] = TEXT_SIZES, widths: Sequence[int] = WIDTHS
) -> Iterator[int]:
    """Show the page on each width of screen, which takes longest, in each text size; gives the width."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        for text_size in text_sizes:
            page.evaluate(f"{RESET}; {text_size}")
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


def test_the_header_is_one_row_that_leads_to_help(screen: Page) -> None:
    """With a full pack. At twice the size its words need two rows."""
    screen.goto("/visit-pack?s=" + "-".join(map(str, range(1, 13))))
    screen.evaluate("for (const part of document.querySelectorAll('.head-pack')) part.hidden = false")
    parts = screen.locator(".site-head .wrap > *")
    for width in each_layout(screen, (USUAL, LARGE, LARGEST), HEADER_WIDTHS):
        boxes = parts.evaluate_all("""parts => parts.map((part) => part.getBoundingClientRect())
            .filter((box) => box.width).map((box) => [box.left, box.right, box.top, box.bottom])""")
        middles = [(top + bottom) / 2 for _, _, top, bottom in boxes]
        assert max(middles) - min(middles) < 2, width
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(boxes)), width
        assert boxes[-1][1] <= width
        assert screen.locator(".head-sos:visible, .head-menu:visible").count() > 0
        assert screen.locator(".site-nav:visible, .head-menu:visible").count() == 1


def test_the_editors_bar_is_one_row_and_its_menu_opens_in_the_screen(desk: Page) -> None:
    desk.goto("/editor/categories")
    desk.locator(".head-menu > summary").click()
    panel, parts = desk.locator(".menu-panel"), desk.locator(".site-head .wrap > *")
    for width in each_layout(desk, (USUAL, LARGE, LARGEST), HEADER_WIDTHS):
        boxes = [box for box in map(Locator.bounding_box, parts.all()) if box and box["width"]]
        middles = [box["y"] + box["height"] / 2 for box in boxes]
        assert max(middles) - min(middles) < 2, width
        assert all(a["x"] + a["width"] <= b["x"] for a, b in itertools.pairwise(boxes)), width
        assert is_in_the_screen(panel, width)
        edge = panel.evaluate("panel => panel.getBoundingClientRect().right")
        ends = panel.locator("a, button").evaluate_all(
            "links => links.map((link) => link.scrollWidth > link.clientWidth ? Infinity : link.getBoundingClientRect().right)"
        )
        assert max(ends) <= edge, width
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        is_bar_shown = desk.locator(".site-nav").is_visible()
        name = desk.locator(".head-menu > summary").inner_text().strip()
        assert name.startswith("More" if is_bar_shown else "Menu")
        assert panel.get_by_role("link", name="My work").is_visible() != is_bar_shown


@pytest.mark.parametrize("path", DESK)
def test_no_page_of_the_desk_is_wider_than_the_screen(desk: Page, path: str) -> None:
    desk.goto(path)
    desk.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for width in each_layout(desk, (USUAL, LARGEST), NARROW):
        assert desk.evaluate("document.documentElement.scrollWidth") <= width


def test_instant_results_open_in_the_screen(screen: Page) -> None:
    screen.goto("/")
    screen.locator("#home-q").fill("pain")
    panel = screen.locator("#instant")
    expect(panel.locator(".all")).to_be_visible()
    for width in each_layout(screen):
        assert is_in_the_screen(panel, width)
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_a_word_explained_opens_in_the_screen(screen: Page) -> None:
    screen.goto("/research/amitriptyline-pain-trial")
    screen.locator("a.word").first.click()
    meaning = screen.locator(".words details[open] > div").first
    for width in each_layout(screen):
        assert is_in_the_screen(meaning, width)


def test_nothing_of_a_summary_at_a_glance_is_cut_off(screen: Page) -> None:
    """Its round corners clip what is too wide, so the page does not get wider."""
    screen.goto("/research/walking-training-and-stamina")
    card = screen.locator(".glance")
    for width in each_layout(screen):
        over = card.evaluate("""card => [...card.querySelectorAll('p, dt, dd, b')].filter((part) =>
            part.getBoundingClientRect().right > card.getBoundingClientRect().right).length""")
        assert over == 0, width
