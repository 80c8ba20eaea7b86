"""What readers come to do, on a phone and on a computer, with and without scripts.

Each docstring says who wants what, and when it counts as done.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import uncomplaining
from tests.browser.test_reflow import LARGE, LARGEST, PHONES, TWICE, USUAL, each_layout, is_in_the_screen
from tests.browser.test_visit_pack import ARTICLES, add_by
from tests.drills.site import ROOT, Site

SCREENS = ((360, 640), (1280, 900))
TARGET, TARGET_IN_TEXT = 44, 24  # pixels
MOST_STOPS = 12
ANSWER = "/answers/will-i-walk-again"
PLAN = "/research/family-group-trial-plan"
CALLS = {
    "headache sweating": "Pounding headache or sudden sweating?",
    "I feel hopeless": "You don’t have to carry this alone.",
    "can't breathe": "Trouble breathing or chest pain?",
    "no pee": "Catheter blocked, or no pee coming?",
}
CUT = "labels => labels.filter((label) => label.scrollWidth > label.clientWidth).map((label) => label.textContent)"
# What a thumb cannot hit: the words of visible parts that are lower than so many pixels.
LOW = """(parts, least) => parts.filter((part) => {
  const box = part.getBoundingClientRect();
  return part.checkVisibility() && box.width && box.height < least;
}).map((part) => part.outerHTML.slice(0, 200))"""
# How often Tab or Enter is pressed until a part is reached, after the skip link (one for each).
STOPS_TO = """part => 2 + [...document.querySelectorAll("#main :is(a[href], button, summary, input:not([type=hidden]), select)")].filter((it) =>
  it.checkVisibility() && it.compareDocumentPosition(part) & Node.DOCUMENT_POSITION_FOLLOWING).length"""


@pytest.fixture(scope="module", params=[True, False], ids=["scripts", "no scripts"])
def visitor(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """One page for all tests with scripts, and one for those without."""
    context = browser.new_context(
        base_url=site.url, java_script_enabled=request.param, reduced_motion="reduce"
    )
    if request.param:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def reader(visitor: Page) -> Iterator[Page]:
    """A reader at the top of a phone's screen."""
    visitor.set_viewport_size({"width": SCREENS[0][0], "height": SCREENS[0][1]})
    with uncomplaining(visitor):
        yield visitor


@pytest.fixture
def has_scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.callspec.params["visitor"])


@pytest.fixture(scope="module")
def retracted(site: Site) -> str:
    """The address of a summary whose paper, in this test alone, the journal retracted."""
    text = (ROOT / "webapp/starter/articles/early-nerve-pain-drugs-recovery.toml").read_text(encoding="utf-8")
    for field, value in (("slug", "retracted-nerve-pain-drugs"), ("plain_title", "Nerve pain drugs that nobody tested"),
                         ("doi", "10.5555/retracted"), ("pmid", ""), ("pmcid", "")):  # fmt: skip
        text = re.sub(f'(?m)^{field} = ".*"$', f'{field} = "{value}"', text, count=1)
    status = 'status = "retracted"\nstatus_on = 2026-01-05\nstatus_note = "The figures were made up."'
    file = site.folder / "retracted.toml"
    file.write_text(text.replace("[paper]", f"[paper]\n{status}", 1), encoding="utf-8")
    site.flask("articles", "import", str(file))
    return "/research/retracted-nerve-pain-drugs"


def each_screen(page: Page) -> Iterator[int]:
    """Show the page on a phone and on a computer; gives the height of the screen."""
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        yield height


def top(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"]


def bottom(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def visible(page: Page, selector: str) -> Locator:
    return page.locator(selector).filter(visible=True)


def test_will_i_walk_again(reader: Page) -> None:
    """C5, a phone, one knuckle: the answer first, its verdict seen without scrolling, no animals above people."""
    reader.goto("/search?q=will i walk again")
    for height in each_screen(reader):
        assert bottom(reader.locator(".best p").nth(1)) <= height
        assert top(reader.locator(".best")) < top(reader.locator(".result").first)
        assert visible(reader, ".result :is(.flag--animals, .flag--lab)").count() == 0
    reader.locator(".best a").click()
    reader.wait_for_url(f"**{ANSWER}")
    for height in each_screen(reader):
        assert bottom(reader.locator(".verdict")) <= height


def test_bladder_infections_and_what_we_have_nothing_on(reader: Page) -> None:
    """An answer if there is one; else "We have no summary on … yet", with at most three that are close, people first."""
    for words in ("UTI", "bladder infections"):
        reader.goto(f"/search?q={words}")
        expect(reader.locator(".best a")).to_contain_text("bladder infections")
    reader.goto("/search?q=dental care")
    for _ in each_screen(reader):
        expect(reader.locator("#search-heading")).to_have_text("We have no summary on dental care yet")
        expect(reader.get_by_role("heading", name="Closest:")).to_be_visible()
        are_animals = [
            hit.locator(".flag--animals, .flag--lab").count() > 0
            for hit in visible(reader, ".nothing .result").all()
        ]
        assert 1 <= len(are_animals) <= 3
        assert are_animals == sorted(are_animals)


def test_the_menu_on_every_phone(reader: Page) -> None:
    """All labels inside the screen in each text size, the header in one row, an entry for an emergency first."""
    reader.goto("/about")
    reader.locator(".head-menu > summary").click()
    menu, labels = reader.locator(".menu-panel"), reader.locator(".menu-panel a")
    expect(labels.first).to_have_text("Emergency")
    for width in each_layout(reader, (USUAL, LARGE, LARGEST, TWICE), PHONES):
        assert is_in_the_screen(menu, width)
        assert labels.evaluate_all(CUT) == []
        assert bottom(reader.locator(".head-menu > summary")) > top(reader.locator(".site-head .logo")) + 20


def test_pack_print_and_share_by_thumb(reader: Page, has_scripts: bool) -> None:
    """Within the first two screens and again at the end; the pack counts up in the header."""
    reader.goto(ARTICLES[0])
    wanted = (
        ["Add to my visit pack", "Print", "Copy link"] if has_scripts else ["Add to my visit pack", "Email"]
    )
    for height in each_screen(reader):
        for name in wanted:
            actions = reader.locator(f".tools .btn:has-text('{name}')").filter(visible=True)
            assert bottom(actions.first) <= 2 * height, name
            assert actions.evaluate_all(LOW, TARGET) == []
            reader.locator(".site-foot").scroll_into_view_if_needed()
            reader.locator("h1").scroll_into_view_if_needed()
        if height == SCREENS[0][1]:
            assert top(visible(reader, ".tools .btn").last) > top(reader.locator("#more"))
    add_by(reader)
    expect(reader.locator(".head-pack")).to_have_accessible_name("1 in my pack")
    if has_scripts:
        reader.evaluate("localStorage.clear()")


def test_my_kid_was_just_injured_what_now(reader: Page) -> None:
    """A mother: four ways in, found from the home page, from a search and in the menu."""
    for path in ("/", "/search?q=my kid was just injured what now"):
        reader.goto(path)
        start = reader.get_by_role("main").get_by_role("link", name="Start here").first
        for height in each_screen(reader):
            assert bottom(start) <= height
        start.click()
        reader.wait_for_url("**/start")
    for height in each_screen(reader):
        expect(reader.locator(".door")).to_have_count(4)
        assert top(reader.locator(".door").first) < height
    reader.set_viewport_size({"width": 360, "height": 640})
    reader.locator(".head-menu > summary").click()
    expect(reader.locator(".menu-panel a").nth(1)).to_have_text("Start here")


def test_three_summaries_for_an_appointment(reader: Page, has_scripts: bool) -> None:
    """All three in the pack; no question split over two pages; room for notes; what we did not read is said."""
    titles = []
    for word, path in zip(("", "erection", "opioid"), ARTICLES, strict=True):
        if has_scripts or not word:
            reader.goto(path)
        else:  # the address carries the pack
            reader.get_by_label("Find a summary by a word").fill(word)
            reader.get_by_role("button", name="Find").click()
            reader.locator(f".pack-add__list a[href^='{path}']").click()
        titles.append(add_by(reader))
    reader.locator(".head-pack").click()
    for _ in each_screen(reader):
        expect(reader.locator(".pack h2")).to_have_text([re.compile(re.escape(title)) for title in titles])
    expect(reader.locator(".pack__one").first).to_contain_text("We haven’t read the full paper")
    reader.emulate_media(media="print")
    split = "parts => parts.filter((part) => getComputedStyle(part).breakInside !== 'avoid').length"
    assert reader.locator(".pack .questions li").evaluate_all(split) == 0
    expect(reader.get_by_role("heading", name="My notes")).to_be_visible()
    reader.emulate_media(media="screen")
    assert reader.context.cookies() == []
    if has_scripts:
        reader.evaluate("localStorage.clear()")


def test_sending_a_summary_to_somebody(reader: Page, has_scripts: bool) -> None:
    """The share sheet of the system where there is one, else a link that is copied, which is seen; without scripts by mail."""
    reader.goto(ARTICLES[0])
    if not has_scripts:
        for _ in each_screen(reader):
            mail = visible(reader, ".tools a:has-text('Email')").first
            assert ARTICLES[0] in (mail.get_attribute("href") or "")
        return
    for height in each_screen(reader):
        visible(reader, ".tools button:has-text('Copy link')").first.click()
        told = visible(reader, ".told")
        expect(told).to_have_text("Copied.")
        assert 0 <= top(told) < height
        assert ARTICLES[0] in reader.evaluate("navigator.clipboard.readText()")
        reader.reload()
    page = reader.context.new_page()
    page.add_init_script(
        "navigator.share = (shared) => { window.shared = shared; return Promise.resolve(); }"
    )
    page.goto(ARTICLES[0])
    visible(page, ".tools button:has-text('Share')").first.click()
    assert ARTICLES[0] in page.evaluate("shared.text")
    page.close()


def test_the_finding_by_ear(reader: Page, has_scripts: bool) -> None:
    """Blind: one jump to the first heading leads to the finding; a new search has a new title; one name leads to one place."""
    for path in (ARTICLES[0], ANSWER):
        reader.goto(path)
        for _ in each_screen(reader):
            first = visible(reader, "h1, h2, h3").first
            assert first.evaluate("heading => heading.localName === 'h1' && heading.nextElementSibling.matches('.verdict')")  # fmt: skip
        links = (
            reader.get_by_role("main")
            .get_by_role("link")
            .evaluate_all(
                "links => links.map((link) => [link.textContent.trim().replace(/\\s+/g, ' '), link.href])"
            )
        )
        places: dict[str, set[str]] = {}
        for name, place in links:
            places.setdefault(name, set()).add(place)
        assert {name: found for name, found in places.items() if len(found) > 1} == {}
    reader.goto("/search?q=pain")
    reader.locator("#q").fill("walking")
    reader.keyboard.press("Enter")
    expect(reader).to_have_title(re.compile("^walking – search"))


def test_the_first_result_with_a_switch(reader: Page) -> None:
    """At most twelve presses to the first result, five to the finding of a summary; controls of 44 pixels, links in text of 24."""
    for _ in each_screen(reader):
        reader.goto("/search?q=nerve pain")
        reader.keyboard.press("Tab")
        reader.keyboard.press("Tab")
        expect(reader.get_by_role("link", name="Skip to results")).to_be_focused()
        reader.keyboard.press("Enter")
        presses = 3
        while not reader.evaluate("document.activeElement.closest('.result') !== null"):
            reader.keyboard.press("Tab")
            presses += 1
            assert presses <= MOST_STOPS
    for path in ("/search?q=nerve pain", ARTICLES[0], ANSWER, "/", "/start"):
        reader.goto(path)
        for _ in each_screen(reader):
            assert visible(reader, "button, summary, .btn, .chip, input:not([type=hidden])").evaluate_all(LOW, TARGET) == []  # fmt: skip
            assert visible(reader, "main a").evaluate_all(LOW, TARGET_IN_TEXT) == []
            if reader.locator(".verdict").count():
                assert reader.locator(".verdict").evaluate(STOPS_TO) <= 5


@pytest.mark.parametrize("path", ["/categories/pain-management", "/search?q=pain&subject=people"])
def test_all_studies_on_a_question_for_zotero(reader: Page, path: str) -> None:
    """A physiotherapist: what is shown as RIS, BibTeX and CSV, by email, and as a feed, which keeps the filters."""
    reader.goto(path)
    for _ in each_screen(reader):
        follow = reader.locator(".follow")
        expect(follow.get_by_role("link", name="Follow by email")).to_be_visible()
        feed = follow.get_by_role("link", name="News feed")
        assert ("subject=people" in (feed.get_attribute("href") or "")) == ("subject=people" in path)
        expect(follow.get_by_role("link", name="What is a feed?")).to_be_visible()
    fold = follow.locator("summary")
    fold.click()
    files = follow.locator("a[download]")
    expect(files).to_have_text([re.compile("RIS"), re.compile("BibTeX"), re.compile("CSV")])
    shown = re.search(r"\d+", fold.inner_text())
    assert shown is not None
    ris = reader.request.get(files.first.get_attribute("href") or "").text()
    assert ris.count("TY  - ") == int(shown[0])


def test_who_is_behind_this_and_was_a_machine_used(reader: Page) -> None:
    """A sceptic: who wrote and checked it stands near the title, and leads to how we write; about names who runs the site."""
    for path, line in ((ARTICLES[0], ".who-line"), (ANSWER, "main :has(> .verdict) :text('How we write')")):
        reader.goto(path)
        for height in each_screen(reader):
            assert top(reader.locator(line).first) < 2 * height
        head = reader.locator("header, .answer-hero").filter(has=reader.locator(".verdict"))
        expect(head).to_contain_text("Written by AI")
        expect(head).to_contain_text("Not yet checked by a clinician.")
    reader.get_by_role("main").get_by_role("link", name="How we write").first.click()
    expect(reader.get_by_role("main")).to_contain_text("AI")
    expect(reader.get_by_role("main")).to_contain_text("model")
    reader.goto("/about")
    expect(reader.get_by_role("heading", name="Who runs this site")).to_be_visible()


def test_what_happened_since(reader: Page) -> None:
    """A sceptic: results of a plan under the verdict, dated and with their source, and no claim that there are none."""
    reader.goto(PLAN)
    since = reader.locator(".since")
    for _ in each_screen(reader):
        assert top(reader.locator(".verdict")) < top(since) < top(reader.locator(".read__body"))
    expect(since).to_contain_text("2020: The results were published.")
    expect(since.get_by_role("link", name="DOI")).to_have_attribute("href", re.compile("^https://doi.org/"))
    expect(reader.locator("#glance")).to_contain_text("“Since then” tells what its trial found.")


def test_a_retracted_paper(reader: Page, retracted: str) -> None:
    """Anybody: every place says RETRACTED and none "helped"; it is counted nowhere, not offered for the pack, and listed."""
    reader.goto(retracted)
    for height in each_screen(reader):
        struck = reader.locator(".struck--grave")
        assert bottom(struck) <= 2 * height
        expect(struck).to_contain_text("RETRACTED")
        expect(reader.get_by_text("Add to my visit pack")).to_have_count(0)
        expect(reader.locator("#glance")).to_have_count(0)
    expect(reader).to_have_title(re.compile("RETRACTED"))
    expect(reader.locator("h1")).to_contain_text("RETRACTED")
    for name in ("meta[property='og:title']", "meta[name=description]"):
        expect(reader.locator(name)).to_have_attribute("content", re.compile("RETRACTED"))
    for path in ("/corrections", "/categories/pain-management"):
        reader.goto(path)
        place = reader.locator(f"li:has(a[href='{retracted}']), article:has(a[href='{retracted}'])").first
        for _ in each_screen(reader):
            expect(place).to_contain_text("RETRACTED")
            expect(place).not_to_contain_text(re.compile("helped|better", re.I))


@pytest.mark.parametrize("word", ["dolor", "vejiga"])
def test_a_word_in_spanish(reader: Page, word: str) -> None:
    """Never "corrected" into an English word; a line in Spanish says what was searched."""
    reader.goto(f"/search?q={word}")
    for _ in each_screen(reader):
        expect(reader.locator("[lang=es]", has_text="Aquí buscamos en los textos en inglés:")).to_be_visible()
        expect(reader.locator("#search-heading")).to_contain_text(f"“{word}”")
        expect(reader.locator(".result").first).to_be_visible()
    expect(reader.get_by_text("Showing results for")).to_have_count(0)


def test_in_danger(reader: Page, has_scripts: bool) -> None:
    """The card of what to do before any result, and in the panel while it is typed."""
    for words, title in CALLS.items():
        reader.goto(f"/search?q={words}")
        for height in each_screen(reader):
            card = reader.locator(".sos").first
            expect(card.get_by_role("heading").first).to_contain_text(title)
            assert top(card) < height
            assert all(top(card) < top(hit) for hit in visible(reader, ".result, .best").all()[:1])
            assert card.locator("a.btn").filter(visible=True).evaluate_all(LOW, TARGET) == []
    if has_scripts:
        reader.goto("/")
        for _ in each_screen(reader):
            reader.locator("#home-q").fill("")
            reader.locator("#home-q").press_sequentially("headache sweating")
            expect(reader.locator("#instant").get_by_role("link", name="Call 911")).to_be_visible()
            expect(reader.locator("#status")).to_contain_text(CALLS["headache sweating"])
