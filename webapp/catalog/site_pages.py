"""The pages about the site itself, such as About and Start here, in the plain format of `webapp/content/page_text.py`.

They begin with the files in `webapp/starter/pages/`; what admins save takes the place of a whole page, in every process, at
the next public change.
"""

import logging
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property, partial
from typing import Annotated, Any

import msgspec
from flask import Flask, current_app

from webapp.config import ROOT
from webapp.content.page_text import Part, Section, parts, sections
from webapp.models import SitePart
from webapp.web.live_values import LiveValue, newest_texts

FOLDER = ROOT / "webapp" / "starter" / "pages"
LINE_MOST, LEDE_MOST, TEXT_MOST, SOURCES_MOST = 80, 400, 40_000, 40

log = logging.getLogger(__name__)
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=LINE_MOST)]
Lede = Annotated[str, msgspec.Meta(min_length=1, max_length=LEDE_MOST)]


class SitePage(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A page. ``origin``: who wrote it from what; ``sources`` are in the plain format, a line each."""

    title: Line
    description: Lede
    lede: Lede
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    origin: Annotated[str, msgspec.Meta(max_length=LEDE_MOST)] = ""
    sources: Annotated[tuple[str, ...], msgspec.Meta(max_length=SOURCES_MOST)] = ()
    checked_on: date | None = None  # when somebody last looked at the sources

    @cached_property
    def sections(self) -> list[Section]:
        """What the page says, in sections."""
        return sections(self.text)

    @cached_property
    def parts(self) -> list[Part]:
        """What the page says, by its large headings."""
        return parts(self.sections)


@cache
def starter_pages() -> Mapping[str, SitePage]:
    """The pages that the site begins with, by their addresses."""
    return {
        file.stem: msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), SitePage)
        for file in sorted(FOLDER.glob("*.toml"))
    }


def site_page(name: str) -> SitePage:
    """A page as of the newest public change."""
    live: LiveValue[Any, Mapping[str, SitePage]] = current_app.extensions["site_pages"]
    return live.current()[name]


def init_app(app: Flask) -> None:
    """Begin with the pages that came with the site."""
    stored = partial(newest_texts, SitePart.PAGE)
    app.extensions["site_pages"] = LiveValue("the pages of the site", starter_pages(), stored, _built)


def _built(stored: dict[str, Any]) -> Mapping[str, SitePage]:
    pages = dict(starter_pages())
    for name, content in stored.items():
        try:
            pages[name] = msgspec.convert(content, SitePage)
        except msgspec.ValidationError:
            log.exception("the stored page %s cannot be used; the one that came with the site is shown", name)
    return pages
