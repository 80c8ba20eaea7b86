"""The paper beside its facts in a real browser: facts are confirmed by keyboard, and their sentences light up."""

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import violations
from tests.browser.test_editing import sign_in

MARIGOLD = "rgb(244, 182, 63)"
IN_ROW = "document.activeElement.closest('.fact')?.id"


def press_until(page: Page, key: str, condition: str) -> None:
    """Press a key until the focus is where a person wants it."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate(condition):
            return
    raise AssertionError(f"{key} does not lead to {condition}")


def test_five_facts_are_confirmed_without_a_mouse_and_the_focus_stays(page: Page) -> None:
    sign_in(page)
    page.goto("/editor/summaries/57/paper#the-facts")
    for count in range(1, 6):
        press_until(page, "Tab", "document.activeElement.matches('.quick button')")
        row = page.evaluate(IN_ROW)
        page.keyboard.press("Enter")
        expect(page.locator("#fact-progress")).to_contain_text(f"{count} of ")
        expect(page.locator(f"#{row}.is-set")).to_be_visible()
        expect(page.locator(f"#{row} > details > summary")).to_be_focused()
    expect(page.locator(".fact.is-set")).to_have_count(5)
    page.reload()
    expect(page.locator(".fact.is-set")).to_have_count(5)


def test_an_open_fact_lights_its_sentence_and_links_lead_there_and_back(page: Page) -> None:
    sign_in(page)
    page.goto("/editor/summaries/58/paper")
    row = page.locator(".fact:has(.offer)").first
    number = row.locator(".fact__n").inner_text()
    sentence = page.locator(f"#manuscript .in{number}").first
    light = "one => getComputedStyle(one.querySelector('span')).backgroundColor"
    assert sentence.evaluate(light) != MARIGOLD
    row.locator("summary").first.press("Enter")
    assert sentence.evaluate(light) == MARIGOLD
    row.get_by_text("Change").press("Enter")
    assert violations(page) == []
    row.get_by_role("link", name="See it in the paper").first.press("Enter")
    expect(page.locator("#manuscript .span:target")).to_be_in_viewport()
    page.locator("#manuscript .span:target").press("Enter")
    expect(page.locator(f"#f{number}-do")).to_be_in_viewport()


def test_on_a_phone_a_link_to_a_sentence_opens_the_paper_and_its_number_leads_back(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page)
    page.goto("/editor/summaries/59/paper")
    expect(page.locator("#the-paper")).to_be_hidden()
    row = page.locator(".fact:has(.offer)").first
    row.locator("summary").first.click()
    row.get_by_role("link", name="See it in the paper").first.click()
    expect(page.locator("#the-paper")).to_be_visible()
    expect(page.locator("#the-facts")).to_be_hidden()
    page.locator("#manuscript .span:target").click()
    expect(page.locator("#the-facts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
