"""Changes of the site's own pages, with their history. Readers see each at once; the change log tells every process."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec
import tomli_w
from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webapp.catalog.site_pages import SitePage, site_page, starter_pages
from webapp.content.page_text import BlockKind, Section, addresses
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.models import AuditKind, Editor, SitePart, SiteText
from webapp.publishing import audit, saved_texts
from webapp.publishing.safety_cards import live_cards
from webapp.publishing.saved_texts import TextRefused
from webapp.web.errors import SiteError

SAFETY = "safety"
LIVE_PARTS = (
    "who runs the site",
    "what was checked and corrected",
    "kinds of study",
    "license",
    SAFETY,
)
# Other pages and labels lead to these headings.
_LINKED_TO = {"how-we-write": ("who", "steps", "sure")}
_ELSEWHERE = re.compile(r"https://[^\s/]+\.[^\s/]+(/\S*)?|(tel|sms):\+?[0-9]+|mailto:[^\s@]+@[^\s@]+")
_HTML = re.compile(r"</?[a-z][a-z0-9]*[ />]", re.IGNORECASE)


class PageProblem(NamedTuple):
    """Why a page cannot be used: the field, and what to do about it."""

    field: str
    message: str


class _SitePageFile(SitePage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page in a file."""


def get_page(name: str) -> SitePage:
    """The page at this address, as readers see it; raises SiteError 404."""
    if name not in starter_pages():
        raise SiteError(404)
    return site_page(name)


def history(name: str) -> Sequence[SiteText]:
    """The saved texts of a page, newest first."""
    return saved_texts.history(SiteText, part=SitePart.PAGE, key=name)


def text_at(name: str, number: int) -> SitePage:
    """A page as saved then, or as it came with the site, which is number 0; raises SiteError 404."""
    if number == 0:
        return starter_pages()[name]
    return msgspec.convert(saved_texts.get_text(history(name), number).content, SitePage)


def problems(name: str, page: SitePage, today: date) -> Iterator[PageProblem]:
    """Why a page cannot be used at this address."""
    starter = starter_pages()[name]
    yield from (PageProblem("text", message) for message in _problems_of_text(name, page, starter))
    for field, text in (("origin", page.origin), ("sources", "\n".join(page.sources))):
        yield from (PageProblem(field, message) for message in _problems_of_links(text))
        if getattr(starter, field) and not text:
            yield PageProblem(field, "Readers of this page need to know where it comes from. Fill this in.")
    if starter.sources and page.checked_on is None:
        yield PageProblem("checked_on", "Enter the date on which the sources were last checked.")
    if page.checked_on and page.checked_on > today:
        yield PageProblem("checked_on", "This date is in the future.")


def _problems_of_text(name: str, page: SitePage, starter: SitePage) -> Iterator[str]:
    yield from _problems_of_links(page.text)
    if found := _HTML.search(page.text):
        yield f"“{found[0]}” looks like HTML, which readers would see as it is."
    heading = next((section for section in page.sections if section.level), None)
    if heading and heading.level > 2:  # noqa: PLR2004 - "##": screen readers count on whole outlines
        yield f"“{heading.title}”: the first heading needs ##, not ###."
    anchors = [section.anchor for section in page.sections if section.anchor]
    for anchor in sorted({one for one in anchors if anchors.count(one) > 1}):
        yield f"Two headings have {{#{anchor}}}. Give one of them another."
    for anchor in _LINKED_TO.get(name, ()):
        if anchor not in anchors:
            yield f"Keep {{#{anchor}}} at the end of a heading. Other pages lead there."
    parts = _live_parts(page.sections)
    for part in _live_parts(starter.sections):
        if part.partition(":")[0] not in [one.partition(":")[0] for one in parts]:
            yield f"Keep the line {{{part}}}. The site fills it in for readers."
    for part in parts:
        yield from _problems_of_live_part(part)
    if name == "start":
        yield from _problems_of_doors(page)


def _problems_of_live_part(part: str) -> Iterator[str]:
    kind, _, ids = part.partition(": ")
    if kind not in LIVE_PARTS or (kind == SAFETY) != bool(ids):
        known = ", ".join(f"{{{one}}}" for one in LIVE_PARTS[:-1])
        yield f"The site can’t fill in {{{part}}}. It can fill in {known} and {{safety: name of a card}}."
    elif unknown := set(ids.split(", ")) - live_cards().written.keys() - {""}:
        yield f"There is no safety card “{min(unknown)}”. There are {', '.join(live_cards().written)}."


def _problems_of_doors(page: SitePage) -> Iterator[str]:
    if not page.parts:
        yield "Begin each part with a heading, like ## This week {#week}."
    for part in page.parts:
        if not part.head.anchor:
            yield f"“{part.head.title}”: add an address for its door, like {{#week}}."
        if not part.head.blocks or part.head.blocks[0].kind is not BlockKind.PARAGRAPH:
            yield f"“{part.head.title}”: write a short paragraph below it. Its door shows that."


def _problems_of_links(text: str) -> Iterator[str]:
    for address in addresses(text):
        if not (_ELSEWHERE.fullmatch(address) or address.startswith("#") or _is_page(address)):
            yield (
                f"“{address}” leads nowhere. Start with https:// for another site, or copy what comes after the "
                "name of ours, like /start."
            )


def _is_page(address: str) -> bool:
    """Is there such an address for readers on this site?"""
    path = address.partition("#")[0].partition("?")[0]
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return path.startswith("/") and not path.startswith(("//", "/editor")) and endpoint != "static"


def _live_parts(sections: Sequence[Section]) -> list[str]:
    """The lines in braces, also those that only look like a live part."""
    return [
        line.strip("{}")
        for section in sections
        for block in section.blocks
        for line in block.lines
        if block.kind is BlockKind.LIVE_PART or (line.startswith("{") and line.endswith("}"))
    ]


def save(name: str, page: SitePage, base: int, editor: Editor | None, now: datetime) -> bool:
    """Make a page without problems the one that readers see; False if it is already.

    Raises SavedMeanwhile if ``base``, the number it was written on, is not the newest any more.
    """
    saved_texts.refuse_outdated(history(name), base)
    if page == text_at(name, base):
        return False
    saved_texts.store(SitePart.PAGE, name, msgspec.to_builtins(page), base + 1, editor=editor, now=now)
    change_log.announce(ChangeKind.SETTINGS, now)
    audit.record(AuditKind.PAGE_CHANGED, now, editor.id if editor else None, detail=page.title)
    return True


def to_toml(page: SitePage) -> str:
    """A page as a file."""
    content = {name: getattr(page, name) for name in page.__struct_fields__}
    return tomli_w.dumps({name: value for name, value in content.items() if value}, multiline_strings=True)


def from_toml(source: bytes) -> SitePage:
    """Read a file; raises TextRefused."""
    read = saved_texts.from_toml(source, _SitePageFile)
    return SitePage(**{name: getattr(read, name) for name in read.__struct_fields__})


def load_file(name: str, source: bytes, editor: Editor, now: datetime) -> bool:
    """Make the page of a file the one that readers see; False if it is already. Raises TextRefused with the first problem."""
    page = from_toml(source)
    for problem in problems(name, page, now.date()):
        raise TextRefused(problem.message)
    return save(name, page, saved_texts.newest_number(history(name)), editor, now)
