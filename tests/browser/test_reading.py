"""A reader finds a summary, reads it and looks around: with scripts, with the keyboard alone, and without scripts."""

from playwright.sync_api import BrowserContext, Page, expect

ARTICLE = "/research/amitriptyline-pain-trial"


def test_the_main_message_is_seen_on_a_phone_without_scrolling(screen: Page) -> None:
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto(ARTICLE)
    box = screen.locator(".verdict").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844


def test_the_details_open_in_place_with_the_evidence_steps(screen: Page) -> None:
    screen.goto(ARTICLE)
    screen.get_by_text("Details for researchers and the curious").click()
    expect(screen.get_by_text("This paper", exact=True)).to_be_visible()


# pages near the limit; a library of long and short texts has few that are longer
LONG = (
    "activity-based-therapy-walking",
    "amitriptyline-pain-trial",
    "botulinum-toxin-overactive-bladder",
    "stimulation-for-cough-three-people",
    "tizanidine-with-robot-training",
)


def test_an_article_is_short_and_quickly_read(screen: Page) -> None:
    """Folds closed: a few screens, the answer after a few stops or one heading, the actions near the top and at the end."""
    for slug in LONG:
        screen.set_viewport_size({"width": 1280, "height": 844})
        screen.goto(f"/research/{slug}")
        assert screen.evaluate("document.documentElement.scrollHeight") <= 3500, slug
        is_before = (
            "it.checkVisibility() && it.compareDocumentPosition(verdict) & Node.DOCUMENT_POSITION_FOLLOWING"
        )
        for part, most in (("#main", 4), ("body", 12)):  # after the skip link, and without it
            stops = f"(verdict) => [...document.querySelectorAll('{part} :is(a, button, summary, input)')].filter((it) => {is_before}).length"
            assert screen.locator(".verdict").evaluate(stops) <= most, slug
        assert screen.evaluate("document.querySelector('h1 + .verdict') !== null"), slug
        screen.set_viewport_size({"width": 390, "height": 844})
        details, actions = screen.locator("#more").bounding_box(), screen.locator(".by-thumb .btn:visible")
        first, last = actions.first.bounding_box(), actions.last.bounding_box()
        assert details is not None and first is not None and last is not None
        assert screen.evaluate("document.documentElement.scrollHeight") <= 6 * 844, slug
        assert first["y"] <= 2 * 844 and last["y"] > details["y"], slug


def test_the_links_of_the_footer_take_one_press_on_a_phone(screen: Page) -> None:
    screen.set_viewport_size({"width": 1280, "height": 844})
    screen.goto(ARTICLE)
    links, fold = screen.locator(".site-foot nav a"), screen.get_by_text("All pages and contact")
    for link in links.all():
        expect(link).to_be_visible()
    expect(fold).to_be_hidden()
    screen.set_viewport_size({"width": 390, "height": 844})
    for link in links.all():
        expect(link).to_be_hidden()
    fold.click()
    for link in links.all():
        expect(link).to_be_visible()


def test_a_hard_word_opens_its_meaning_under_the_paragraph(screen: Page) -> None:
    screen.goto(ARTICLE)
    screen.locator("a.word").first.click()
    meaning = screen.locator(".words details").first
    expect(meaning).to_have_attribute("open", "")
    expect(meaning.locator("summary")).to_be_focused()


def test_the_skip_link_is_first_and_leads_to_the_text(screen: Page) -> None:
    screen.goto(ARTICLE)
    screen.keyboard.press("Tab")
    expect(screen.get_by_role("link", name="Skip to main content")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(screen.locator("#main")).to_be_focused()


def test_the_whole_page_can_be_walked_with_the_keyboard(screen: Page) -> None:
    screen.goto(ARTICLE)
    stops: list[str] = []
    for _ in range(150):
        screen.keyboard.press("Tab")
        name = screen.evaluate(
            "(({activeElement: it}) => it === document.body ? '' : it.textContent.trim() || it.ariaLabel)(document)"
        )
        if not name and stops:
            break
        stops.append(name)
    text = " ".join(stops)
    for wanted in ("Print", "Research Summary", "Yes", "No", "Back to Pain Management", "Disclaimer"):
        assert wanted in text


def test_escape_closes_the_menu_and_gives_the_focus_back(screen: Page) -> None:
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto("/")
    menu = screen.locator(".head-menu > summary")
    menu.click()
    expect(screen.get_by_role("navigation", name="Menu")).to_be_visible()
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("navigation", name="Menu")).to_be_hidden()
    expect(menu).to_be_focused()


def test_sorting_a_category_keeps_the_page_and_its_address(screen: Page) -> None:
    screen.goto("/categories/pain-management")
    screen.get_by_role("link", name="A–Z").click()
    screen.wait_for_url("**/categories/pain-management?sort=title")
    titles = screen.locator("#category-list h3").all_inner_texts()
    assert titles == sorted(titles, key=str.lower)
    screen.go_back()
    screen.wait_for_url("**/categories/pain-management")


def test_text_size_and_colors_are_kept(page: Page) -> None:
    page.goto("/preferences")
    page.get_by_label("Largest").check()
    page.get_by_label("Dark", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto(ARTICLE)
    assert page.locator("html").get_attribute("data-text") == "largest"
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_everything_is_there_without_scripts(plain_page: Page) -> None:
    plain_page.goto("/")
    plain_page.get_by_role("link", name="All research").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Latest Research")
    plain_page.locator(".card h3 a").first.click()
    expect(plain_page.get_by_role("heading", name="Key Findings")).to_be_visible()
    plain_page.goto(ARTICLE)  # not every summary, whichever is newest, has a word to explain
    expect(plain_page.locator(".findings .src").first).to_be_visible()
    expect(plain_page.get_by_role("button", name="Print")).to_have_count(0)
    plain_page.locator("a.word:visible").first.click()
    plain_page.locator(".words details:target summary").click()
    expect(plain_page.locator(".words details:target p")).to_be_visible()


def test_what_was_copied_is_said_and_shown(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(ARTICLE)
    button = page.locator("button:visible", has_text="Copy link")
    button.click()
    expect(page.locator(".told")).to_be_visible()
    expect(button.locator("xpath=following-sibling::*[1]")).to_have_text("Copied.")
    expect(page.locator("#status")).to_have_text("Copied.")
    assert ARTICLE in page.evaluate("navigator.clipboard.readText()")
    page.get_by_text("Details for researchers and the curious").click()
    page.locator("button:visible", has_text="Copy citation").click()
    expect(page.locator(".told")).to_have_count(1)


def test_preferences_work_without_scripts(plain_page: Page) -> None:
    plain_page.goto("/preferences")
    plain_page.get_by_label("Large", exact=True).check()
    plain_page.get_by_role("button", name="Save").click()
    expect(plain_page.get_by_text("Saved.")).to_be_visible()
    assert plain_page.locator("html").get_attribute("data-text") == "large"
