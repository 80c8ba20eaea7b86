"""An editor plans the next newsletter, by keyboard alone, with and without scripts; and the screens work for everybody."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete, select, update

from tests.browser.test_accessibility import violations
from tests.browser.test_fact_sheet import press_until
from tests.drills.site import Site, inside
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import Article, Frequency, IssueDraft
from webapp.newsletter import next_issue

PAGE = "/editor/newsletter/next/weekly"


@pytest.fixture
def titles(site: Site) -> Iterator[list[str]]:
    """The titles of three new summaries, the newest first; all others are old. Afterwards everything is as before."""
    with inside(site), writing() as now:
        before = {
            row.id: row.published_at for row in db.session.scalars(select(Article).order_by(Article.id))
        }
        new = list(before)[:3]
        for number in before:
            age = timedelta(seconds=new.index(number) + 1) if number in new else timedelta(days=90)
            db.session.execute(update(Article).where(Article.id == number).values(published_at=now - age))
        found = [db.session.get_one(Article, number).title for number in new]
    yield found
    with inside(site), writing():
        for number, published_at in before.items():
            db.session.execute(update(Article).where(Article.id == number).values(published_at=published_at))
        db.session.execute(delete(IssueDraft))


@pytest.fixture(params=["with scripts", "without scripts"])
def editor(request: pytest.FixtureRequest, add_sign_in: Callable[[BrowserContext], None]) -> Page:
    """A signed-in editor, once with scripts and once without, at a phone."""
    page: Page = request.getfixturevalue("page" if request.param == "with scripts" else "plain_page")
    add_sign_in(page.context)
    return page


def in_order(page: Page) -> list[str]:
    return page.locator(".issue-order b").all_inner_texts()


def test_a_newsletter_is_planned_by_keyboard(editor: Page, titles: list[str]) -> None:
    first, second, third = titles
    editor.goto(PAGE)
    assert in_order(editor) == titles
    editor.get_by_role("button", name=f"Move summary 1 down: {first}").press("Enter")
    expect(editor.get_by_text(f"Moved down: {first}. Saved.")).to_be_visible()
    assert in_order(editor) == [second, first, third]
    expect(editor.get_by_role("button", name=f"Move summary 2 down: {first}")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("button", name=f"Move summary 3 down: {first}")).to_be_focused()
    assert in_order(editor) == [second, third, first]
    editor.get_by_role("button", name=f"Take summary 2 out: {third}").press("Enter")
    expect(editor.get_by_text(f"Taken out: {third}. Saved.")).to_be_visible()
    assert in_order(editor) == [second, first]
    editor.get_by_text("1 left out").press("Enter")
    editor.get_by_role("button", name="Put back").press("Enter")
    expect(editor.get_by_text(f"Put in: {third}. Saved.")).to_be_visible()
    assert in_order(editor) == [second, first, third]
    editor.get_by_label("Greeting (optional)").fill("Hello! Three new ones.")
    editor.get_by_label("Subject (optional)").fill("Three new ones")
    editor.get_by_label("Subject (optional)").press("Enter")  # saves, and neither sends nor moves anything
    expect(editor.get_by_text("Saved. Nothing has gone out yet.")).to_be_visible()
    assert in_order(editor) == [second, first, third]
    editor.get_by_role("button", name="Preview").press("Enter")
    expect(editor.get_by_role("heading", name="In English")).to_be_visible()
    expect(editor.get_by_text("Hello! Three new ones.").first).to_be_visible()
    editor.goto(PAGE)
    editor.get_by_role("button", name="Hold it").press("Enter")
    expect(editor.get_by_text("It doesn’t go out until somebody releases it.").first).to_be_visible()
    editor.get_by_role("button", name="Release it").press("Enter")
    expect(editor.get_by_role("button", name="Hold it")).to_be_visible()
    editor.get_by_role("button", name="Send me a test").press("Enter")
    expect(editor.get_by_text("A test is on its way to you.")).to_be_visible()


def test_each_control_is_reached_by_tab(
    page: Page, titles: list[str], add_sign_in: Callable[[BrowserContext], None]
) -> None:
    add_sign_in(page.context)
    page.goto(PAGE)
    for selector in (
        "[name=greeting]",
        "[name=subject]",
        f"[aria-label='Move summary 2 up: {titles[1]}']",
        "[name=send_at]",
        "[formaction$='/ask']",
    ):
        press_until(page, "Tab", f'document.activeElement.matches("{selector}")')
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to send")


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_pages_have_no_violation_and_fit(desk: Page, site: Site, titles: list[str], width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 844})
    for path in (
        "/editor/newsletter/",
        PAGE,
        f"{PAGE}/preview",
        f"{PAGE}/send",
        "/editor/newsletter/bounces",
    ):
        desk.goto(path)
        desk.evaluate("for (const box of document.querySelectorAll('main details')) box.open = true")
        assert violations(desk) == [], path
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    with inside(site):
        assert next_issue.drafts(Frequency.WEEKLY) == []
