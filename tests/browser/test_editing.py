"""Writing in a real browser: rows by keyboard, autosave, a cut network, a sign-in that runs out, two people at once."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import give_password, sign_in
from tests.drills.site import Site

SECONDS = 15_000
PAUSE = 3000  # milliseconds without typing, after which the browser sends what was typed


def sign_out(page: Page) -> None:
    page.locator(".head-menu > summary").click()
    page.get_by_role("button", name="Sign out").click()


def sign_in_again(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    give_password(dialog)
    expect(dialog).to_be_hidden()


def new_draft(page: Page, title: str) -> str:
    """A saved draft; returns its address."""
    page.goto("/editor/summaries/new")
    page.get_by_label("Plain title").fill(title)
    page.locator("#save-draft").click()
    page.wait_for_url("**/editor/summaries/*done=saved")
    return page.url.split("?")[0]


def wait_until_stored(page: Page) -> None:
    """Let the seconds pass after which what was typed is sent, in a browser with a clock of the test's own."""
    page.clock.fast_forward(PAUSE)
    expect(page.get_by_text("Your typing is saved")).to_be_visible(timeout=SECONDS)


def accept_warnings(page: Page) -> None:
    """Try to publish a text of the library, whose abstract is not stored, and say why its numbers may stay."""
    page.get_by_role("button", name="Publish", exact=True).click()
    page.locator("#accept-0").fill("Compared with the paper.")


def save_signed_out(page: Page) -> None:
    """Change the draft and save it after the sign-in has run out; a dialog then asks to sign in again."""
    page.context.clear_cookies()
    page.get_by_label("Harms and side effects").fill("Typed after lunch.")
    page.locator("#save-draft").click()


@pytest.fixture
def editor(context: BrowserContext, add_sign_in: Callable[[BrowserContext], None]) -> Page:
    """A page of somebody who is signed in, and whose clock a test may put forward.

    Its browser may complain, of a cut network for example.
    """
    add_sign_in(context)
    context.clock.install()
    return context.new_page()


@pytest.fixture
def colleague(browser: Browser, site: Site) -> Iterator[Page]:
    """The same desk, another browser."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    sign_in(page)
    yield page
    context.close()


def test_rows_are_added_and_moved_by_keyboard_and_the_focus_stays(editor: Page) -> None:
    editor.goto("/editor/summaries/new")
    for text in ("First", "Second"):
        editor.get_by_role("button", name="Add a finding").press("Enter")
        expect(
            editor.get_by_label("Finding 1" if text == "First" else "Finding 2", exact=True)
        ).to_be_focused()
        editor.keyboard.type(text)
    editor.get_by_role("button", name="Move finding 2 up").press("Enter")
    expect(editor.get_by_label("Finding 1", exact=True)).to_have_value("Second")
    expect(editor.get_by_role("button", name="Move finding 1 up")).to_be_focused()
    expect(editor.locator("#status")).to_have_text("Finding 2 is now 1")
    editor.get_by_role("button", name="Remove finding 1").press("Enter")
    expect(editor.get_by_role("button", name="Bring back the removed finding")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(editor.get_by_label("Finding 1", exact=True)).to_have_value("Second")


def test_back_after_the_first_save_leads_to_the_same_draft(editor: Page) -> None:
    address = new_draft(editor, "First title")
    editor.go_back()
    expect(editor.get_by_label("Plain title")).to_have_value("First title")
    editor.get_by_label("Plain title").fill("Second title")
    editor.locator("#save-draft").click()
    expect(editor.locator("#save-status")).to_contain_text("Draft saved")
    assert editor.url.split("?")[0] == address


def test_typing_is_kept_without_a_press_and_survives_closing_the_tab(
    editor: Page, context: BrowserContext
) -> None:
    address = new_draft(editor, "Autosave")
    editor.get_by_label("Harms and side effects").fill("Typed and never saved.")
    wait_until_stored(editor)
    editor.close()
    again = context.new_page()
    again.goto(address)
    expect(again.get_by_label("Harms and side effects")).to_have_value("Typed and never saved.")
    expect(again.get_by_text("This is what you typed but didn’t save.")).to_be_visible()


def test_a_cut_network_loses_nothing_and_the_text_goes_out_when_it_is_back(
    editor: Page, context: BrowserContext
) -> None:
    new_draft(editor, "Cut network")
    context.set_offline(True)
    editor.get_by_label("Harms and side effects").fill("Typed in a tunnel.")
    editor.clock.fast_forward(PAUSE)
    expect(editor.get_by_text("No answer from the server.")).to_be_visible(timeout=SECONDS)
    context.set_offline(False)
    expect(editor.get_by_text("Your typing is saved")).to_be_visible(timeout=SECONDS)
    assert (
        editor.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('editor-copy')).length")
        == 0
    )


def test_text_that_never_reached_us_is_brought_back_from_the_browser(
    editor: Page, context: BrowserContext
) -> None:
    address = new_draft(editor, "Crash")
    context.set_offline(True)
    editor.get_by_role("button", name="Add a question").evaluate("button => button.blur()")
    editor.get_by_label("Harms and side effects").fill("Typed before the crash.")
    editor.clock.fast_forward(800)
    editor.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    again.get_by_role("button", name="Bring it back").click()
    expect(again.get_by_label("Harms and side effects")).to_have_value("Typed before the crash.")


def test_a_text_that_was_saved_is_not_offered_as_unsaved(editor: Page, context: BrowserContext) -> None:
    address = new_draft(editor, "Refused and saved")
    editor.get_by_label("Harms and side effects").fill("Typed, then refused. ")
    editor.get_by_role("button", name="Publish", exact=True).click()
    expect(editor.get_by_text("Not published yet.")).to_be_visible(timeout=SECONDS)
    editor.close()
    again = context.new_page()
    again.goto(address)
    expect(again.get_by_label("Harms and side effects")).to_have_value("Typed, then refused.")
    expect(again.locator("#browser-copy")).to_be_hidden()
    again.get_by_label("Harms and side effects").fill("Typed, then looked at. ")
    again.get_by_role("button", name="Preview").click()
    expect(again.get_by_text("This is how readers would see it.")).to_be_visible(timeout=SECONDS)
    again.close()
    once_more = context.new_page()
    once_more.goto(address)
    expect(once_more.get_by_label("Harms and side effects")).to_have_value("Typed, then looked at.")
    expect(once_more.locator("#browser-copy")).to_be_hidden()


def test_a_text_published_while_its_tab_closed_is_not_offered_as_unsaved(
    editor: Page, context: BrowserContext
) -> None:
    editor.goto("/research/baclofen-early-safety")
    number = editor.locator("[data-pack-add]").first.get_attribute("data-pack-add")
    editor.goto(f"/editor/articles/{number}")
    editor.get_by_label("Web address").fill("")  # made from the title
    editor.get_by_label("Harms and side effects").fill("Published at the last moment.")
    accept_warnings(editor)
    answered = []
    editor.route("**/publish", lambda route: answered.append(route.fetch(max_redirects=0)))  # and no more
    editor.get_by_role("button", name="Publish", exact=True).click(no_wait_after=True)
    while not answered:
        editor.wait_for_timeout(50)
    assert answered[0].status == 303
    editor.close()
    again = context.new_page()
    again.goto(f"/editor/articles/{number}")
    expect(again.get_by_label("Harms and side effects")).to_have_value("Published at the last moment.")
    expect(again.locator("#browser-copy")).to_be_hidden()


def test_signing_in_on_the_page_lets_the_save_go_through(editor: Page) -> None:
    new_draft(editor, "Run out")
    save_signed_out(editor)
    sign_in_again(editor)
    expect(editor.locator("#save-status input[name=revision]")).to_have_value("2", timeout=SECONDS)
    expect(editor.get_by_label("Harms and side effects")).to_have_value("Typed after lunch.")
    editor.reload()
    expect(editor.get_by_label("Harms and side effects")).to_have_value("Typed after lunch.")


@pytest.mark.proves("ASVS 14.3.1")
def test_signing_out_leaves_no_text_in_the_browser(context: BrowserContext) -> None:
    context.clock.install()
    editor = context.new_page()
    sign_in(editor)
    new_draft(editor, "Sign out")
    context.set_offline(True)
    editor.get_by_label("Harms and side effects").fill("Private.")
    editor.clock.fast_forward(PAUSE)
    expect(editor.get_by_text("No answer from the server.")).to_be_visible(timeout=SECONDS)
    context.set_offline(False)
    sign_out(editor)
    expect(editor.get_by_text("You’re signed out.")).to_be_visible()
    assert "Private." not in editor.evaluate("JSON.stringify(localStorage)")


def test_two_browsers_on_one_field_see_both_texts(editor: Page, colleague: Page) -> None:
    address = new_draft(editor, "Two at once")
    colleague.goto(address)
    colleague.get_by_label("Harms and side effects").fill("Theirs.")
    colleague.locator("#save-draft").click()
    expect(colleague.locator("#save-status input[name=revision]")).to_have_value("2", timeout=SECONDS)
    editor.get_by_label("Harms and side effects").fill("Mine.")
    editor.locator("#save-draft").click()
    editor.get_by_role("button", name="See both texts").click()
    expect(editor.locator("#browser-copy")).to_be_hidden()
    conflict = editor.locator("#conflict")
    expect(conflict.get_by_text("Theirs.", exact=True)).to_be_visible()
    expect(conflict.get_by_text("Mine.", exact=True)).to_be_visible()
    editor.get_by_role("button", name="Take theirs for harms").click()
    expect(editor.get_by_label("Harms and side effects")).to_have_value("Theirs.")


def test_after_a_conflict_is_resolved_nothing_unsaved_is_left(
    editor: Page, colleague: Page, context: BrowserContext
) -> None:
    """Neither what the server stored while typing nor the copy in the browser is offered again, in this tab or a new one."""
    address = new_draft(editor, "Resolved")
    colleague.goto(address)
    editor.get_by_label("Harms and side effects").fill("Mine.")
    wait_until_stored(editor)
    colleague.get_by_label("Harms and side effects").fill("Theirs.")
    colleague.locator("#save-draft").click()
    expect(colleague.locator("#save-status")).to_contain_text("Draft saved", timeout=SECONDS)
    editor.locator("#save-draft").click()
    editor.get_by_role("button", name="See both texts").click()
    expect(editor.locator("#conflict")).to_be_visible(timeout=SECONDS)
    editor.get_by_label("Harms and side effects").fill("Mine and theirs.")
    wait_until_stored(editor)
    with editor.expect_response("**/save"):  # the page says "Draft saved" of the time before, too
        editor.locator("#save-draft").click()
    expect(editor.get_by_text("Draft saved.", exact=True)).to_be_visible(timeout=SECONDS)
    editor.clock.fast_forward(PAUSE + 1000)  # longer than it takes to store what was typed
    editor.wait_for_timeout(500)  # for what that might send
    for tab in (editor, context.new_page()):
        tab.goto(address)
        expect(tab.get_by_label("Harms and side effects")).to_have_value("Mine and theirs.")
        expect(tab.get_by_text("This is what you typed but didn’t save.")).to_have_count(0)
        expect(tab.locator("#browser-copy")).to_be_hidden()
        expect(tab.locator("#conflict")).to_have_count(0)


def test_an_old_tab_is_ended_by_the_merged_save_of_another(editor: Page, context: BrowserContext) -> None:
    """Two tabs of one person: what the older one stored is in the text that the newer one saved, so it is not offered again."""
    address = new_draft(editor, "Two tabs, one text")
    editor.get_by_label("Harms and side effects").fill("Typed in the old tab.")
    wait_until_stored(editor)
    newer = context.new_page()
    newer.goto(address)
    expect(newer.get_by_label("Harms and side effects")).to_have_value("Typed in the old tab.")
    newer.get_by_label("Harms and side effects").fill("Typed in the old tab, and here.")
    with newer.expect_response("**/save"):  # the page says "Draft saved" of the time before, too
        newer.locator("#save-draft").click()
    newer.goto(address)  # the old tab is still open
    expect(newer.get_by_label("Harms and side effects")).to_have_value("Typed in the old tab, and here.")
    expect(newer.get_by_text("This is what you typed but didn’t save.")).to_have_count(0)
    expect(newer.locator("#browser-copy")).to_be_hidden()


def test_a_hard_word_is_swapped_at_a_press(editor: Page) -> None:
    editor.goto("/editor/summaries/new")
    editor.get_by_role("textbox", name="Simple explanation").fill("Numerous people utilized it.")
    editor.clock.fast_forward(PAUSE)
    editor.get_by_role("button", name="Swap “Numerous” for “many”").click(timeout=SECONDS)
    expect(editor.get_by_role("textbox", name="Simple explanation")).to_have_value("Many people utilized it.")


def test_without_scripts_a_summary_is_written_and_text_survives_the_sign_in(
    plain_page: Page, add_sign_in: Callable[[BrowserContext], None]
) -> None:
    add_sign_in(plain_page.context)
    plain_page.goto("/editor/summaries/new")
    plain_page.get_by_label("Plain title").fill("No scripts here")
    plain_page.get_by_role("button", name="Add a limitation").click()
    plain_page.get_by_label("Limitation 1", exact=True).fill("It was small.")
    plain_page.context.clear_cookies()
    plain_page.locator("#save-draft").click()
    expect(plain_page.get_by_text("Your text is safe.")).to_be_visible()
    give_password(plain_page)
    expect(plain_page.get_by_label("Limitation 1", exact=True)).to_have_value("It was small.")
    plain_page.locator("#save-draft").click()
    expect(plain_page.get_by_text("Draft saved.", exact=True)).to_be_visible()
