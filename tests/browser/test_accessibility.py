"""axe on every kind of page: WCAG 2.2 AA, AAA contrast and target size, in light and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_editing import sign_in
from tests.drills.site import Site

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STYLES = Path(__file__).resolve().parents[2] / "static" / "css"
PUBLIC = [
    "/",
    "/research",
    "/research/intradiscal-injection-low-back-pain",
    "/research/minocycline-autonomic-dysreflexia-rats",
    "/categories",
    "/categories/pain-management",
    "/search",
    "/search?q=stem+cells",
    "/search?q=zzzzqqqq",
    "/people-like-me",
    "/research/human-neural-stem-cells-neck-injury?me=c6-incomplete-12y-34a-walks",
    "/categories/pain-management?me=c6-incomplete-12y",
    "/search?q=stem+cells&me=c6-incomplete-12y",
    "/subscribe",
    "/contact",
    "/answers",
    "/answers/cannabis",
    "/answers/cannabis/history",
    "/start",
    "/find-a-trial",
    "/about",
    "/how-we-write",
    "/disclaimer",
    "/accessibility",
    "/glossary",
    "/glossary/botulinum-toxin",
    "/preferences",
    "/privacy",
    "/visit-pack?s=1,2",
    "/what-papers-leave-out",
    "/corrections",
    "/data",
    "/data/changes",
    "/research/intradiscal-injection-low-back-pain/history",
    "/offline",
    "/emergency",
    "/emergency/dysreflexia-card",
    "/search?q=i+feel+hopeless",
    "/nowhere",
    "/editor/sign-in",
    "/editor/forgotten",
    "/editor/reset/too-old",
]
EDITOR_PAGES = [
    "/editor/",
    "/editor/summaries",
    "/editor/account",
    "/editor/account/second-factor",
    "/editor/people/",
    "/editor/people/1",
    "/editor/audit",
    "/editor/dashboard",
    "/editor/bulk?do=withdraw&chosen=article-1&chosen=article-999",
    "/editor/summaries/new",
    "/editor/feedback/",
    "/editor/newsletter/",
    "/editor/newsletter/bounces",
    "/editor/newsletter/next/weekly",
    "/editor/newsletter/next/weekly/preview",
    "/editor/newsletter/next/weekly/send",
    "/editor/papers",
    "/editor/new-papers",
    "/editor/new-papers/watches",
    "/editor/new-papers/watches/1",
    "/editor/summaries/1/paper",
    "/editor/summaries/1/publish",
    "/editor/translations",
    "/editor/translations/es/summary/1",
    "/editor/translations/es/summary/1?all=1",
]


SCHEMES: tuple[tuple[Literal["light", "dark"], list[str]], ...] = (("light", LEVELS), ("dark", ["cat.color"]))


def violations(page: Page) -> list[str]:
    """What axe finds in light, and in the colors of dark."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for scheme, tags in SCHEMES:
        # Without motion: a color that still fades is not judged.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        options = {
            "runOnly": {"type": "tag", "values": tags},
            "rules": {
                "color-contrast-enhanced": {"enabled": True},
                "target-size": {"enabled": scheme == "light"},
            },
            "resultTypes": ["violations"],
        }
        rules = page.evaluate("options => axe.run(document, options)", options)["violations"]
        found += [f"{scheme}: {rule['id']}: {node['html'][:160]}" for rule in rules for node in rule["nodes"]]
    return found


def test_dark_differs_in_colors_only() -> None:
    """Therefore axe need not look at the rest again. ``light-dark()`` gives nothing but a color."""
    for style in STYLES.glob("*.css"):
        assert "prefers-color-scheme" not in style.read_text(encoding="utf-8"), style.name


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_no_violation(phone: Page, path: str) -> None:
    phone.goto(path)
    phone.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    phone.evaluate("for (const menu of document.querySelectorAll('.head-menu')) menu.open = false")
    assert violations(phone) == []


@pytest.fixture
def editor(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    context = browser.new_context(base_url=site.url, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page)
    yield page
    context.close()


def test_the_editors_pages_have_no_violation(editor: Page) -> None:
    for path in EDITOR_PAGES:
        editor.goto(path)
        assert violations(editor) == [], path


def test_an_import_its_drafts_and_deleted_drafts_have_no_violation(editor: Page) -> None:
    def press(name: str, heading: str) -> None:
        editor.get_by_role("button", name=name).first.click()
        expect(editor.get_by_role("heading", name=heading)).to_be_visible()
        assert violations(editor) == [], heading

    editor.goto("/editor/papers/import")
    assert violations(editor) == []
    editor.get_by_role("textbox").fill("TY  - JOUR\nTI  - A made-up trial\nER  - \n")
    press("Find the papers", "What we found")
    press("Make drafts", "1 draft made")
    press("Undo", "1 draft deleted")
    editor.goto("/editor/summaries?tab=deleted")
    assert violations(editor) == []
    editor.get_by_role("link", name="A made-up trial").first.click()
    expect(editor.get_by_text("This draft is deleted.")).to_be_visible()
    assert violations(editor) == []
