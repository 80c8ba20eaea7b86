"""A text that is published is on its pages at once and soon found; a withdrawn one is gone at once."""

from playwright.sync_api import Page

from tests.browser.test_editing import accept_warnings
from tests.drills.site import Site
from tests.waiting import wait_until

SLUG = "early-decompression-no-gain-rats"
TITLE = "In rats, a zebrafish lantern changed nothing after early surgery"


def is_found(page: Page, words: str) -> bool:
    return f"/research/{SLUG}" in page.request.get("/search", params={"q": words}).text()


def test_what_is_published_is_soon_found_and_withdrawing_is_at_once(editor: Page, site: Site) -> None:
    editor.goto(f"/research/{SLUG}")
    number = editor.locator("[data-pack-add]").first.get_attribute("data-pack-add")
    editor.goto(f"/editor/articles/{number}")
    editor.get_by_label("Plain title").fill(TITLE)
    accept_warnings(editor)
    editor.get_by_role("button", name="Publish", exact=True).click()
    editor.get_by_role("textbox", name="Why did you change it?").fill("A title for a test.")
    editor.get_by_role("radio", name="No, only clearer").check()
    editor.get_by_role("button", name="Publish", exact=True).click()
    editor.wait_for_url("**done=published**")
    assert TITLE in editor.request.get(f"/research/{SLUG}").text()
    wait_until(lambda: is_found(editor, "zebrafish lantern"))

    editor.goto(f"/editor/articles/{number}/withdraw")
    editor.get_by_role("textbox").first.fill("A test took this off.")
    with editor.expect_navigation():
        editor.get_by_role("button", name="Withdraw").click()
    assert editor.request.get(f"/research/{SLUG}").status == 410
    assert not is_found(editor, "zebrafish lantern")
    assert TITLE not in editor.request.get("/research").text()
