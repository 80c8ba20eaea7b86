"""The editor's desk by keyboard alone, and two tabs of one person."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.test_editing import SECONDS, new_draft, wait_until_stored

MOST_STEPS = 150


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
    editor.goto("/editor/")
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
    context.clock.install()
    address = new_draft(editor, "Two tabs")
    second = context.new_page()
    second.goto(address)
    for tab, text in ((editor, "In the first tab."), (second, "In the second tab.")):
        tab.get_by_label("Harms and side effects").fill(text)
        wait_until_stored(tab)
    second.goto(address)
    expect(second.get_by_label("Harms and side effects")).to_have_value("In the second tab.")
    second.get_by_role("link", name="What you typed by").click()
    expect(second.get_by_label("Harms and side effects")).to_have_value("In the first tab.")


@pytest.mark.parametrize("keys", ["Control+s", "Meta+s"])
def test_ctrl_s_and_cmd_s_save_a_summary_and_an_answer(editor: Page, keys: str) -> None:
    for address, field in (
        ("/editor/summaries/new", "Plain title"),
        ("/editor/summaries/new?kind=answer", "Question"),
    ):
        editor.goto(address)
        editor.get_by_label(field, exact=True).fill(f"Saved by {keys}")
        editor.keyboard.press(keys)
        expect(editor.get_by_text("Draft saved.", exact=True)).to_be_visible(timeout=SECONDS)
        editor.get_by_label(field, exact=True).fill(f"Saved again by {keys}")
        editor.keyboard.press(keys)
        expect(editor.locator("#save-status input[name=revision]")).to_have_value("2", timeout=SECONDS)


def test_ctrl_s_saves_the_draft_of_a_translation(editor: Page) -> None:
    editor.goto("/editor/translations/es/summary/1?all=1")
    editor.locator("textarea").first.fill("Guardado con una tecla.")
    editor.get_by_label("Who translated it").fill("Traducido por Ana.")
    with editor.expect_navigation():
        editor.keyboard.press("Control+s")
    editor.goto("/editor/translations/es/summary/1?all=1")
    expect(editor.locator("textarea").first).to_have_value("Guardado con una tecla.")


def test_ctrl_s_publishes_nothing(editor: Page) -> None:
    """What is saved on the page of a word is public at once: that takes its button."""
    editor.goto("/editor/words/spasticity")
    editor.locator("textarea").first.fill("Not meant to be public yet.")
    editor.keyboard.press("Control+s")
    editor.wait_for_timeout(300)
    editor.goto("/glossary/spasticity")
    expect(editor.get_by_text("Not meant to be public yet.")).to_have_count(0)


def test_a_comment_is_sent_answered_and_done_without_leaving_the_form(editor: Page) -> None:
    new_draft(editor, "Talked about")
    harms = editor.get_by_label("Harms and side effects")
    harms.fill("Typed meanwhile.")
    editor.locator("#talk-fold-harms summary").click()
    editor.locator("#remark-harms").fill("Is that all?")
    editor.locator("#talk-harms button[value=harms]").click()
    said = editor.locator("#talk-harms")
    expect(said.get_by_text("Is that all?")).to_be_visible(timeout=SECONDS)
    expect(editor.locator("#status")).to_have_text("Sent.")
    said.get_by_label("Reply to").fill("It is.")
    said.get_by_role("button", name="Reply").click()
    expect(said.get_by_text("It is.")).to_be_visible(timeout=SECONDS)
    said.get_by_role("button", name="Mark as done").click()
    expect(said.get_by_role("button", name="Undo")).to_be_visible(timeout=SECONDS)
    said.get_by_role("button", name="Undo").click()
    expect(said.get_by_text("Is that all?")).to_be_visible(timeout=SECONDS)
    expect(harms).to_have_value("Typed meanwhile.")


def test_open_comments_stand_beside_the_field_and_are_folded_on_a_phone(editor: Page) -> None:
    new_draft(editor, "Side by side")
    editor.locator("#talk-fold-harms summary").click()
    editor.locator("#remark-harms").fill("Is that all?")
    editor.locator("#talk-harms button[value=harms]").click()
    said, harms = (
        editor.locator("#talk-harms .talk__said").first,
        editor.get_by_label("Harms and side effects"),
    )
    expect(said).to_be_visible(timeout=SECONDS)
    editor.reload()
    field, comment = harms.bounding_box(), said.bounding_box()
    assert field and comment and comment["x"] >= field["x"] + field["width"]
    assert abs(comment["y"] - field["y"]) < 150
    editor.set_viewport_size({"width": 390, "height": 844})
    expect(said).to_be_hidden()
    editor.locator("#talk-fold-harms summary").click()
    expect(said).to_be_visible()
    assert editor.evaluate("document.documentElement.scrollWidth") <= 390
