"""The first screen of the site, and the way to help for somebody who has just been injured."""

import pytest
from playwright.sync_api import Page


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
