"""The paper beside its facts in a real browser: facts are confirmed by keyboard, and their sentences light up."""

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import violations

MARIGOLD = "rgb(244, 182, 63)"
IN_ROW = "document.activeElement.closest('.fact')?.id"


def press_until(page: Page, key: str, condition: str) -> None:
    """Press a key until the focus is where a person wants it."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate(condition):
            return
    raise AssertionError(f"{key} does not lead to {condition}")


def test_five_facts_are_confirmed_without_a_mouse_and_the_focus_stays(editor: Page) -> None:
    editor.goto("/editor/summaries/57/paper#the-facts")
    for count in range(1, 6):
        press_until(editor, "Tab", "document.activeElement.matches('.quick button')")
        row = editor.evaluate(IN_ROW)
        editor.keyboard.press("Enter")
        expect(editor.locator("#fact-progress")).to_contain_text(f"{count} of ")
        expect(editor.locator(f"#{row}.is-set")).to_be_visible()
        expect(editor.locator(f"#{row} > details > summary")).to_be_focused()
    expect(editor.locator(".fact.is-set")).to_have_count(5)
    editor.reload()
    expect(editor.locator(".fact.is-set")).to_have_count(5)


def test_an_open_fact_lights_its_sentence_and_links_lead_there_and_back(editor: Page) -> None:
    editor.goto("/editor/summaries/58/paper")
    row = editor.locator(".fact:has(.offer)").first
    number = row.locator(".fact__n").inner_text()
    sentence = editor.locator(f"#manuscript .in{number}").first
    light = "one => getComputedStyle(one.querySelector('span')).backgroundColor"
    assert sentence.evaluate(light) != MARIGOLD
    row.locator("summary").first.press("Enter")
    assert sentence.evaluate(light) == MARIGOLD
    row.get_by_text("Change").press("Enter")
    assert violations(editor) == []
    row.get_by_role("link", name="See it in the paper").first.press("Enter")
    expect(editor.locator("#manuscript .span:target")).to_be_in_viewport()
    editor.locator("#manuscript .span:target").press("Enter")
    expect(editor.locator(f"#f{number}-do")).to_be_in_viewport()


def test_on_a_phone_a_link_to_a_sentence_opens_the_paper_and_its_number_leads_back(editor: Page) -> None:
    editor.set_viewport_size({"width": 390, "height": 844})
    editor.goto("/editor/summaries/59/paper")
    expect(editor.locator("#the-paper")).to_be_hidden()
    row = editor.locator(".fact:has(.offer)").first
    row.locator("summary").first.click()
    row.get_by_role("link", name="See it in the paper").first.click()
    expect(editor.locator("#the-paper")).to_be_visible()
    expect(editor.locator("#the-facts")).to_be_hidden()
    editor.locator("#manuscript .span:target").click()
    expect(editor.locator("#the-facts")).to_be_visible()
    assert editor.evaluate("document.documentElement.scrollWidth") == 390
