"""Searching in a real browser: as it is typed, with the keyboard, on Back, and without scripts."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.faults import fault

PANEL = "#instant"
FIELD = "#home-q"
RESULTS = "#search-results"


def test_home_shows_a_few_results_from_the_second_letter(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).press_sequentially("s")
    screen.wait_for_timeout(500)
    expect(screen.locator(PANEL)).to_be_hidden()
    screen.locator(FIELD).press_sequentially("tem cel")
    expect(screen.locator(f"{PANEL} ul").first.locator("a").first).to_contain_text("ell")
    expect(screen.locator("#status")).to_have_text(re.compile(r"\d of \d+ summar(y|ies) shown"))
    expect(screen.locator(FIELD)).to_be_focused()
    assert screen.url.endswith("/")


def test_the_panel_is_reached_with_tab_and_its_link_with_enter(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).press_sequentially("treadmill")
    first = screen.locator(f"{PANEL} li a").first
    expect(first).to_be_visible()
    screen.keyboard.press("Tab")
    screen.keyboard.press("Tab")
    expect(first).to_be_focused()
    screen.keyboard.press("Enter")
    screen.wait_for_url("**/research/*")


def test_escape_closes_the_panel_and_gives_the_focus_back(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).press_sequentially("stem cells")
    first = screen.locator(f"{PANEL} li a").first
    expect(first).to_be_visible()
    first.focus()
    screen.keyboard.press("Escape")
    expect(screen.locator(PANEL)).to_be_hidden()
    expect(screen.locator(FIELD)).to_be_focused()


def test_clearing_the_field_closes_the_panel(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).press_sequentially("stem cells")
    expect(screen.locator(f"{PANEL} li a").first).to_be_visible()
    screen.locator(FIELD).fill("")
    expect(screen.locator(PANEL)).to_be_hidden()
    screen.wait_for_timeout(500)
    expect(screen.locator(PANEL)).to_be_hidden()


def test_completions_are_ordinary_links(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).press_sequentially("autonomic dys")
    screen.locator(PANEL).get_by_role("link", name="autonomic dysreflexia", exact=True).click()
    screen.wait_for_url("**/search?q=autonomic+dysreflexia")
    expect(screen.locator("#search-heading")).to_contain_text("“autonomic dysreflexia”")


def test_enter_on_home_opens_the_search_page(screen: Page) -> None:
    screen.goto("/")
    screen.locator(FIELD).fill("nerve pain")
    screen.keyboard.press("Enter")
    screen.wait_for_url("**/search?q=nerve+pain*")
    expect(screen.locator("#search-heading")).to_contain_text("“nerve pain”")


def test_the_search_page_answers_as_it_is_typed_and_keeps_its_address(screen: Page) -> None:
    screen.goto("/search")
    screen.locator("#q").press_sequentially("bladder")
    screen.wait_for_url("**/search?q=bladder")
    expect(screen.locator("#search-heading")).to_contain_text("“bladder”")
    expect(screen.locator("#q")).to_be_focused()
    expect(screen.locator("#status")).to_contain_text("for “bladder”")


def test_back_leads_through_searches_to_where_the_reader_came_from(screen: Page) -> None:
    screen.goto("/about")
    screen.goto("/search?q=pain")
    screen.locator("#q").fill("bladder")
    screen.wait_for_url("**/search?q=bladder")
    expect(screen.locator("#search-heading")).to_contain_text("“bladder”")
    screen.go_back()
    screen.wait_for_url("**/search?q=pain")
    expect(screen.locator("#search-heading")).to_contain_text("“pain”")
    expect(screen.locator("#q")).to_have_value("pain")
    screen.go_back()
    screen.wait_for_url("**/about")


@pytest.mark.parametrize(("path", "field", "target"), [("/search", "#q", RESULTS), ("/", FIELD, PANEL)])
def test_a_late_answer_never_replaces_a_newer_one(page: Page, path: str, field: str, target: str) -> None:
    late: list[Route] = []
    first_search = re.compile(r"/search\?.*q=zeb")

    def hold(route: Route) -> None:
        late.append(route)

    page.route(first_search, hold)
    page.goto(path)
    with page.expect_request(first_search):
        page.locator(field).fill("zeb")
    page.locator(field).fill("walking")
    expect(page.locator(target)).to_contain_text(re.compile("walk", re.I))
    for route in late:
        route.continue_()
    page.wait_for_timeout(1500)
    expect(page.locator(target)).to_contain_text(re.compile("walk", re.I))
    expect(page.locator(target)).not_to_contain_text("zeb")


def test_a_filter_is_one_press_and_keeps_focus_place_and_other_counts(screen: Page) -> None:
    screen.goto("/search?q=pain")
    filters = screen.locator("#filters")
    if filters.get_attribute("open") is None:
        filters.locator("summary").press("Enter")
    people = screen.locator("#filter-subject-people")
    animals = screen.locator("#filter-subject-animals .n").inner_text()
    people.press("Enter")
    screen.wait_for_url("**/search?q=pain&subject=people")
    expect(people).to_have_attribute("aria-current", "true")
    expect(people).to_be_focused()
    expect(screen.locator("#filter-subject-animals .n")).to_have_text(animals)
    people.press("Enter")
    screen.wait_for_url("**/search?q=pain")
    expect(people).to_be_visible()
    expect(people).to_be_focused()


def test_typing_other_words_keeps_filters_and_order(screen: Page) -> None:
    screen.goto("/search?q=pain&subject=people&kind=randomized-trial&sort=newest")
    screen.locator("#q").fill("walking")
    screen.wait_for_url("**/search?q=walking&*")
    for part in ("subject=people", "kind=randomized-trial", "sort=newest"):
        assert part in screen.url
    expect(screen.locator("#filter-subject-people")).to_have_attribute("aria-current", "true")


def test_a_busy_server_is_told_and_what_is_shown_stays(page: Page) -> None:
    page.goto("/search?q=pain")
    page.route(re.compile(r"/search\?.*q=walking"), lambda route: route.fulfill(status=503, body=""))
    page.locator("#q").fill("walking")
    expect(page.locator("#status")).to_have_text("That didn’t work. Please try again in a minute.")
    expect(page.locator(".told")).to_be_visible()
    expect(page.locator("#search-heading")).to_contain_text("“pain”")


def test_everything_works_without_scripts(plain_page: Page) -> None:
    page = plain_page
    page.goto("/")
    page.locator(FIELD).fill("can't pee")
    page.locator("#home-q-form button").click()
    expect(page.get_by_text("We also looked for")).to_be_visible()
    page.locator("#filters summary").click()
    value = page.locator("#filters .check--link").first
    name, label = value.get_attribute("id"), value.locator("span").nth(1).inner_text()
    value.click()
    expect(page.locator(f"#{name}")).to_have_attribute("aria-current", "true")
    page.locator(".chips a", has_text=label).first.click()
    expect(page.locator("#search-heading")).to_contain_text("“can't pee”")
    page.get_by_role("link", name="Search only my words").click()
    expect(page.get_by_text("We also looked for")).to_have_count(0)


def test_without_scripts_the_form_keeps_filters_and_order(plain_page: Page) -> None:
    plain_page.goto("/search?q=pain&subject=people&subject=animals&sort=newest")
    plain_page.locator("#q").fill("walking")
    plain_page.locator("#q-form button").click()
    expect(plain_page.locator("#filter-subject-animals")).to_have_attribute("aria-current", "true")
    expect(plain_page.locator(".sorts [aria-current]")).to_have_text("Newest")


def test_a_search_is_one_entry_in_the_history_however_slowly_it_is_typed(page: Page) -> None:
    steps = (fault("31-history-entry-for-each-letter") / "steps.txt").read_text(encoding="utf-8")
    [typed] = re.findall(r"type ((?:\w )+)slowly", steps)
    page.goto("/about")
    page.goto("/search")
    before = page.evaluate("history.length")
    for letter in typed.split():
        page.locator("#q").press_sequentially(letter)
        page.wait_for_timeout(500)
    page.wait_for_url("**/search?q=bladder")
    assert page.evaluate("history.length") == before + 1
    expect(page).to_have_title("bladder – search – Spinal Cord Research Help")
    page.go_back()
    page.wait_for_url("**/search")
    expect(page.locator("#search-heading")).to_have_text("Browse by topic")
    expect(page).to_have_title("Search the summaries – Spinal Cord Research Help")
    page.go_back()
    page.wait_for_url("**/about")


def test_the_next_search_is_another_entry_in_the_history(screen: Page) -> None:
    screen.goto("/search")
    for text in ("bladder", "walking"):
        screen.locator("#q").fill(text)
        screen.wait_for_url(f"**/search?q={text}")
        screen.locator("#q").blur()
    screen.go_back()
    screen.wait_for_url("**/search?q=bladder")
    expect(screen.locator("#search-heading")).to_contain_text("“bladder”")
