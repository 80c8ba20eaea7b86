"""The editor's desk by keyboard alone, and two tabs of one person."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.test_editing import SECONDS, new_draft, sign_in

MOST_STEPS = 150


@pytest.fixture
def editor(page: Page) -> Page:
    """A page of somebody who is signed in."""
    sign_in(page)
    return page


def go_to(page: Page, target: Locator) -> None:
    """Press Tab until the control has the focus, as somebody without a mouse does."""
    expect(target).to_be_visible()
    for _ in range(MOST_STEPS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with Tab")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    go_to(page, target)
    page.keyboard.press(key)


def test_a_draft_is_begun_written_saved_and_its_history_opened_by_keyboard(editor: Page) -> None:
    press(editor, editor.get_by_role("link", name="New summary"))
    go_to(editor, editor.get_by_label("Plain title"))
    editor.keyboard.type("Written by keyboard")
    press(editor, editor.get_by_role("button", name="Add a limitation"))
    expect(editor.get_by_label("Limitation 1", exact=True)).to_be_focused()
    editor.keyboard.type("It was small.")
    press(editor, editor.locator("#save-draft"))
    expect(editor.get_by_text("Draft saved.", exact=True)).to_be_visible()
    press(editor, editor.get_by_role("link", name="History, up to revision 1"))
    expect(editor.get_by_role("heading", name="History")).to_be_visible()


def test_several_are_looked_at_refiled_and_undone_by_keyboard(editor: Page) -> None:
    editor.goto("/editor/summaries?tab=published")
    press(editor, editor.get_by_text("Change several at once"))
    go_to(editor, editor.get_by_label("Category", exact=True))
    editor.keyboard.type("Ortho")
    boxes = editor.get_by_role("checkbox", name="Choose")
    for number in range(2):
        press(editor, boxes.nth(number), "Space")
    editor.keyboard.press("Enter")  # in a form it presses the first button
    expect(editor.get_by_role("heading", name="Re-file 2 summaries?")).to_be_visible()
    press(editor, editor.get_by_role("button", name="Re-file 2 summaries"))
    expect(editor.get_by_role("heading", name="Re-filed: 2 summaries")).to_be_visible()
    press(editor, editor.get_by_role("button", name="Undo"))
    expect(editor.get_by_role("heading", name="Undone for 2 summaries")).to_be_visible()


def test_two_tabs_of_one_person_keep_both_texts(editor: Page, context: BrowserContext) -> None:
    address = new_draft(editor, "Two tabs")
    second = context.new_page()
    second.goto(address)
    for tab, text in ((editor, "In the first tab."), (second, "In the second tab.")):
        tab.get_by_label("Harms and side effects").fill(text)
        expect(tab.get_by_text("Your typing is saved")).to_be_visible(timeout=SECONDS)
    second.goto(address)
    expect(second.get_by_label("Harms and side effects")).to_have_value("In the second tab.")
    second.get_by_role("link", name="What you typed by").click()
    expect(second.get_by_label("Harms and side effects")).to_have_value("In the first tab.")
