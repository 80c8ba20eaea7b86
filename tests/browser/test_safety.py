"""Somebody in danger sees first what to do: on a phone and a wide screen, without scripts, without a connection, and in print."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.test_offline import ask_to_keep
from tests.browser.test_reflow import LARGEST, TWICE, each_layout

WIDTHS = (360, 1280)
SMALLEST_TARGET = 44
MILLIMETER = 96 / 25.4  # pixels
# The words of what is hidden, lower than a number of pixels, or out of the screen.
UNSEEN = """(parts, least) => parts.filter((part) => {
  const box = part.getBoundingClientRect();
  return !part.checkVisibility() || box.height < least || box.left < 0 || box.right > document.documentElement.clientWidth;
}).map((part) => part.textContent)"""


def unseen(parts: Locator, least_height: int = 1) -> list[str]:
    """The words of parts that a reader cannot see, or cannot hit; all parts are looked at in one step."""
    assert parts.count()
    found: list[str] = parts.evaluate_all(UNSEEN, least_height)
    return found


def test_every_card_is_shown_in_large_text_and_in_forced_colors(phone: Page) -> None:
    phone.goto("/emergency")
    phone.emulate_media(forced_colors="active")
    phone.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for _width in each_layout(phone, widths=WIDTHS, text_sizes=[LARGEST, TWICE]):
        assert unseen(phone.locator(".sos-fold h2, .do li, .sos__body :is(li, p, blockquote)")) == []
        assert unseen(phone.locator(".sos__call .btn"), SMALLEST_TARGET) == []


def test_a_link_opens_its_card_without_scripts(plain_page: Page) -> None:
    plain_page.goto("/search?q=blood+clot")
    plain_page.get_by_role("link", name="Is this happening now?").click()
    expect(plain_page.locator("#blood-clot .do")).to_be_in_viewport()


def test_the_cards_are_there_without_a_connection(context: BrowserContext, page: Page) -> None:
    """Also for a reader who never opened that page."""
    ask_to_keep(page)
    context.set_offline(True)
    page.goto("/emergency")
    expect(page.get_by_role("heading", level=1)).to_have_text("Emergency: what to do now")
    page.goto("/about")
    page.get_by_role("link", name="Emergency: what to do now").click()
    expect(page.locator("#burn")).to_be_attached()
    context.set_offline(False)


@pytest.mark.parametrize("words", ["", "headache sweating"])
def test_cards_are_printed_with_all_that_is_folded(phone: Page, words: str) -> None:
    phone.goto(f"/search?q={words}" if words else "/emergency")
    phone.emulate_media(media="print")
    assert unseen(phone.locator(".sos__body :is(li, p, blockquote)")) == []


def test_the_card_for_the_wallet_has_the_size_of_a_credit_card(phone: Page) -> None:
    phone.goto("/emergency/dysreflexia-card")
    phone.set_viewport_size({"width": 800, "height": 1000})
    phone.emulate_media(media="print")
    for side in phone.locator(".wallet__side").all():
        box = side.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(85.6 * MILLIMETER, abs=1)
        assert box["height"] == pytest.approx(54 * MILLIMETER, abs=1)
        assert side.evaluate("side => side.scrollHeight <= side.clientHeight + 1")
    expect(phone.locator(".site-head")).to_be_hidden()
