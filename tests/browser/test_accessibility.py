"""axe on every kind of page: WCAG 2.2 AA, AAA contrast and target size, in light and dark."""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

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
# The other editors' pages are looked at by test_keyboard_walk, on two widths.
EDITOR_PAGES = [
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
    "/editor/new-papers/watches",
    "/editor/new-papers/watches/1",
    "/editor/translations",
    "/editor/translations/es/summary/1",
]


# Otherwise the enhanced rule leaves text below AA to the rule "color-contrast", and every text would be measured twice.
ALL_CONTRASTS = {"contrastRatio": {"normal": {"minThreshold": 0}, "large": {"minThreshold": 0}}}
# For each text, axe reads the colors of all that is behind it anew, which takes longer than all the rest.
READ_COLORS_ONCE = """() => {
  const { prototype } = axe.commons.color.Color, read = prototype.parseString, known = new Map();
  prototype.parseString = function (text) {
    if (!known.has(text)) { read.call(this, text); known.set(text, [this.r, this.g, this.b, this.alpha]); }
    [this.r, this.g, this.b, this.alpha] = known.get(text);
    return this;
  };
}"""
# The first and the last visible text of each kind: what decides on its contrast is the same, its letters and the colors
# behind them. What is laid over the page, or cuts off what is in it, has kinds of its own, for anything may be behind it.
KINDS = """() => {
  const grounds = new Map([[null, ""]]), kinds = new Map();
  const groundOf = (element) => {
    if (!grounds.has(element)) {
      const style = getComputedStyle(element);
      const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode].join();
      const isApart = style.position !== "static" || style.transform !== "none" || style.float !== "none" || style.overflow !== "visible";
      grounds.set(element, groundOf(element.parentElement) + (own === "rgba(0, 0, 0, 0),none,1,none,normal" ? "" : "/" + own)
        + (isApart ? "/" + grounds.size : ""));
    }
    return grounds.get(element);
  };
  const add = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
    const style = getComputedStyle(element), around = element.parentElement;
    const kind = [element.localName, style.color, getComputedStyle(around).color, style.fontSize, style.fontWeight,
      style.textDecorationLine, style.textShadow, element.closest("[disabled], [aria-disabled]") === null,
      element.textContent.trim().length > 1, around.textContent.trim().length > element.textContent.trim().length,
      groundOf(element)].join();
    kinds.set(kind, [(kinds.get(kind) ?? [element])[0], element]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (texts.currentNode.data.trim()) add(texts.currentNode.parentElement);
  document.querySelectorAll("input, select, textarea").forEach(add);
  return [...new Set([...kinds.values()].flat())];
}"""
RUN = """async ([part, options]) => (await axe.run(Array.isArray(part) ? { include: part } : part, options))
  .violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`))"""
SCHEMES: tuple[tuple[Literal["light", "dark"], list[str], str], ...] = (
    ("light", LEVELS, "document"),
    ("dark", ["cat.color"], KINDS),
)


def violations(page: Page) -> list[str]:
    """What axe finds in light, and in the colors of dark."""
    page.evaluate(AXE_SCRIPT)
    page.evaluate(READ_COLORS_ONCE)
    found = []
    for scheme, tags, part in SCHEMES:
        # Without motion: a color that still fades is not judged.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        options = {
            "runOnly": {"type": "tag", "values": tags},
            "rules": {
                "color-contrast": {"enabled": False},  # included in the enhanced one, by ALL_CONTRASTS
                "color-contrast-enhanced": {"enabled": True},
                "target-size": {"enabled": scheme == "light"},
            },
            "checks": {"color-contrast-enhanced": {"options": ALL_CONTRASTS}},
            "resultTypes": ["violations"],
        }
        found += [
            f"{scheme}: {violation}"
            for violation in page.evaluate(RUN, [page.evaluate_handle(part), options])
        ]
    return found


def test_dark_differs_in_colors_only() -> None:
    """Therefore axe need not look at the rest again. ``light-dark()`` gives nothing but a color."""
    for style in STYLES.glob("*.css"):
        assert "prefers-color-scheme" not in style.read_text(encoding="utf-8"), style.name


@pytest.mark.parametrize(
    ("color", "schemes"),
    [
        ("light-dark(#bbb, #fff)", {"light"}),  # paler than AA allows
        ("light-dark(#666, #fff)", {"light"}),  # paler than AAA allows
        ("light-dark(#000, #666)", {"dark"}),
        ("light-dark(#000, #999)", {"dark"}),
        ("#777", {"light", "dark"}),
    ],
)
def test_axe_finds_text_that_is_too_pale(screen: Page, color: str, schemes: set[str]) -> None:
    """Also below the threshold of its rule, and in dark, where it looks at one text of each kind."""
    screen.goto("/about")
    screen.evaluate(
        "(style) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(style); document.adoptedStyleSheets = [sheet]; }",
        f"main li:last-child {{ color: {color} !important; }}",
    )
    found = violations(screen)
    assert {violation.split(": ")[0] for violation in found} == schemes
    assert {violation.split(": ")[1] for violation in found} == {"color-contrast-enhanced"}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_no_violation(phone: Page, path: str) -> None:
    phone.goto(path)
    phone.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    phone.evaluate("for (const menu of document.querySelectorAll('.head-menu')) menu.open = false")
    assert violations(phone) == []


@pytest.mark.parametrize("path", EDITOR_PAGES)
def test_an_editors_page_has_no_violation(desk: Page, path: str) -> None:
    desk.goto(path)
    assert violations(desk) == []


def test_an_import_its_drafts_and_deleted_drafts_have_no_violation(desk: Page) -> None:
    def press(name: str, heading: str) -> None:
        desk.get_by_role("button", name=name).first.click()
        expect(desk.get_by_role("heading", name=heading)).to_be_visible()
        assert violations(desk) == [], heading

    desk.goto("/editor/papers/import")
    assert violations(desk) == []
    desk.get_by_role("textbox").fill("TY  - JOUR\nTI  - A made-up trial\nER  - \n")
    press("Find the papers", "What we found")
    press("Make drafts", "1 draft made")
    press("Undo", "1 draft deleted")
    desk.goto("/editor/summaries?tab=deleted")
    assert violations(desk) == []
    desk.get_by_role("link", name="A made-up trial").first.click()
    expect(desk.get_by_text("This draft is deleted.")).to_be_visible()
    assert violations(desk) == []
