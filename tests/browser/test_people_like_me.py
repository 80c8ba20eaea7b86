"""A reader answers five questions once: the answers stay on the device, or in the address without scripts."""

from playwright.sync_api import Page, expect

ARTICLE = "/research/human-neural-stem-cells-neck-injury"
SENTENCE = "People in this study were injured more recently than you and couldn’t walk."
CODE = "c6-incomplete-12y-34a-walks"


def answer_from(visitor: Page) -> None:
    """From a summary to the questions, and back with all of them answered."""
    visitor.goto(ARTICLE)
    visitor.get_by_role("link", name="Were people like you in this study?").click()
    visitor.get_by_label("Where is the injury?").select_option("C6")
    visitor.get_by_label("Incomplete (AIS B, C, or D)").check()
    visitor.get_by_label("Number", exact=True).fill("12")
    visitor.get_by_label("How old are you?").fill("34")
    visitor.get_by_label("Yes", exact=True).check()
    visitor.get_by_role("button", name="Compare with studies").click()
    expect(visitor.get_by_text(SENTENCE)).to_be_visible()


def test_with_scripts_the_answers_stay_on_the_device(page: Page) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    answer_from(page)
    assert page.evaluate("localStorage.getItem('me')") == CODE
    assert page.evaluate("document.activeElement === document.body")  # nothing took the focus of who reads
    page.goto("/search?q=walking")
    fold = page.locator("#people-like-me > summary")
    expect(fold).to_contain_text("People like you: in")
    fold.click()
    expect(page.locator(".results > .result").first).to_contain_text("People like you:")
    page.get_by_role("link", name="Only studies that included people like me").click()
    expect(page.get_by_text("Only studies that included people like you.")).to_be_visible()
    expect(page.locator(".results .fit:not(.fit--included)")).to_have_count(0)
    page.get_by_role("link", name="People like you", exact=True).click()
    expect(page.locator(".sorts [aria-current]")).to_have_text("People like you")
    page.get_by_label("Search the summaries").press_sequentially(" robot")
    expect(page.locator("#search-heading")).to_contain_text("robot")
    expect(page.locator(".results > .result").first).to_contain_text("People like you:")
    fold.click()
    page.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Where is the injury?")).to_have_value("c6")
    page.get_by_role("link", name="Forget my answers").click()
    expect(page.get_by_label("Where is the injury?")).to_have_value("")
    page.goto(ARTICLE)
    expect(page.get_by_role("link", name="Were people like you in this study?")).to_be_visible()
    assert not any("me=" in address or "incomplete" in address for address in addresses)
    assert page.context.cookies() == []


def test_without_scripts_the_answers_are_in_the_address(plain_page: Page) -> None:
    answer_from(plain_page)
    assert plain_page.url.endswith(f"{ARTICLE}?me={CODE}#people-like-me")
    plain_page.goto(f"/categories/rehabilitation?me={CODE}")
    plain_page.get_by_role("link", name="People like you", exact=True).click()
    first = plain_page.locator("#category-list .card").first
    expect(first).to_contain_text("People like you: Included")
    first.get_by_role("link").first.click()
    expect(plain_page.get_by_role("heading", name="Were people like you in this study?")).to_be_visible()
    plain_page.get_by_role("link", name="Forget").click()
    expect(plain_page.get_by_role("link", name="Were people like you in this study?")).to_be_visible()
    assert plain_page.context.cookies() == []


def test_tab_goes_through_the_questions_in_their_order(screen: Page) -> None:
    screen.goto("/people-like-me")
    screen.get_by_label("Where is the injury?").focus()
    passed = []
    for _ in range(7):
        passed.append(screen.evaluate("document.activeElement.name || document.activeElement.type"))
        screen.keyboard.press("Tab")
    assert passed == ["level", "complete", "time", "unit", "age", "walks", "submit"]
