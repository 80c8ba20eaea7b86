"""The editors' pages with the Tab key alone: every control is reached, its focus is seen, and nothing holds it."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.test_accessibility import violations

WIDTHS = (390, 1280)
PAGES = (
    "/editor/",
    "/editor/summaries",
    "/editor/summaries/1",
    "/editor/summaries/1/paper",
    "/editor/summaries/1/publish",
    "/editor/answers/1",
    "/editor/new-papers",
    "/editor/settings",
    "/editor/words/spasticity",
    "/editor/pages/about",
    "/editor/categories",
    "/editor/categories/pain-management",
    "/editor/translations/es/summary/1?all=1",
)

# Measured when the next Tab is pressed: by then the page has scrolled to what has the focus.
WATCH = """() => {
    const isShown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
    const inGroup = (e) => e.type === "radio" && !e.checked && (e.form || document).querySelector(`[name="${e.name}"]:checked`);
    window.wanted = new Set([...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
        .filter((e) => e.tabIndex >= 0 && !e.disabled && isShown(e) && !inGroup(e)));
    window.count = window.wanted.size;
    window.hasLeft = false;
    window.faults = [];
    const short = (e) => e.outerHTML.slice(0, 140);
    const label = (e) => e.labels && [...e.labels].find(isShown);
    window.judge = () => {
        const e = document.activeElement;
        if (!e || e === document.body) { window.hasLeft ||= window.wanted.size < window.count; return; }
        window.wanted.delete(e);
        const box = e.getBoundingClientRect();
        const [top, end] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];  // what the screen has of it
        const points = [.1, .5, .9].flatMap((x) => [.2, .5, .8].map((y) => [box.left + x * box.width, top + y * (end - top)]));
        const isSeen = points.some(([x, y]) => {
            const upper = document.elementFromPoint(x, y);
            return upper && (e.contains(upper) || upper.closest("label, summary")?.contains(e) || label(e)?.contains(upper));
        });
        if (!isSeen) window.faults.push(`hidden: ${short(e)} at ${Math.round(box.top)} of ${innerHeight}`);
        const style = getComputedStyle(e);
        if (style.outlineStyle === "none" && style.boxShadow === "none") window.faults.push(`no focus ring: ${short(e)}`);
    };
    document.addEventListener("keydown", window.judge, true);
}"""


def walk(page: Page) -> dict[str, Any]:
    """Press Tab until every control has had its turn; what was never reached, and what was wrong at what was."""
    page.evaluate(WATCH)
    for _ in range(page.evaluate("count") + 2):
        page.keyboard.press("Tab")
    found: dict[str, Any] = page.evaluate(
        "judge(), { trapped: !hasLeft, unreached: [...wanted].map((e) => e.outerHTML.slice(0, 140)), faults }"
    )
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_control_is_reached_and_its_focus_is_seen(desk: Page, path: str) -> None:
    for width in WIDTHS:
        desk.set_viewport_size({"width": width, "height": 844})
        desk.goto(path)
        assert walk(desk) == {"trapped": False, "unreached": [], "faults": []}, width
        assert violations(desk) == [], width
