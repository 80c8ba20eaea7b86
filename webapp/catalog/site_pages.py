"""The pages about the site itself, such as About and Start here, in the plain format of `webapp/content/page_text.py`.

They begin with the files in `webapp/starter/pages/`; what admins save takes the place of a whole page, in every process, at
the next public change. A language may have translations of the files. Once an admin changed a page, its translation says of a
changed line what the line said before, if the line still has the same numbers and links; any other new line is in English.
"""

import logging
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from functools import cache, cached_property, lru_cache, partial
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import msgspec

from webapp.config import ROOT
from webapp.content.article_content import ContentError, from_toml, line_of
from webapp.content.page_text import BlockKind, Chapter, Section, facts_of, parts, sections
from webapp.languages.language import ENGLISH, Language, current_language, known_languages
from webapp.models import SitePart
from webapp.web.live_values import LiveValue, newest_texts, with_stored

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

    @property
    def lines_that_lead_on(self) -> list[str]:
        """The questions and links on lines of their own."""
        blocks = (block for section in self.sections for block in section.blocks)
        return [line for block in blocks if block.kind is BlockKind.LEADS_ON for line in block.lines]

    @cached_property
    def parts(self) -> list[Chapter]:
        """What the page says, by its large headings."""
        return parts(self.sections)


class TranslatedPage(SitePage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the site's files in another language; ``made_by`` says who or what translated it."""

    made_by: Line


class OutdatedPage(TranslatedPage, frozen=True, kw_only=True):
    """A translation of a page that changed since. ``in_english``: what it says in English."""

    in_english: frozenset[str]


@cache
def starter_pages() -> Mapping[str, SitePage]:
    """The pages that the site begins with, by their addresses."""
    return {
        file.stem: msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), SitePage)
        for file in sorted(FOLDER.glob("*.toml"))
    }


def site_page(name: str) -> SitePage:
    """A page as of the newest public change, in the current language if it is translated."""
    return _translated(name, current_language()) or _live_pages()[name]


def languages_of_page(name: str) -> list[str]:
    """The codes of the languages that a page can be read in, English first."""
    return [ENGLISH.code, *(one.code for one in known_languages().values() if _translated(name, one))]


def english_questions() -> dict[str, str]:
    """The English of each question that the pages in the current language lead on to: answers are known by it."""
    pages, english = _translations(current_language().folder), starter_pages()
    return {
        line: original
        for name, page in pages.items()
        for line, original in zip(page.lines_that_lead_on, english[name].lines_that_lead_on, strict=True)
    }


def read_translation(file: Path) -> TranslatedPage:
    """A page in another language. Raises ContentError, with the line, if it does not match the English page.

    Every line has to say the same: telephone numbers, links and other facts are those of the English one.
    """
    source = file.read_text(encoding="utf-8")
    page, english = from_toml(source, TranslatedPage), starter_pages()[file.stem]
    if len(page.sources) != len(english.sources) or bool(page.origin) != bool(english.origin):
        raise ContentError(
            "The origin and sources have another count than in English.", line_of(source, "sources")
        )
    own = [page.origin, *page.sources, *page.text.splitlines()]
    originals = [english.origin, *english.sources, *english.text.splitlines()]
    near = ""  # the line itself, or the one above a blank one
    for line, original in zip_longest(own, originals, fillvalue=""):
        near = line or near
        if facts_of(line) != facts_of(original):
            place = next((n for n, one in enumerate(source.splitlines(), 1) if near in one), None)
            raise ContentError(f"“{line}” has other marks, numbers or links than “{original}”.", place)
    return page


def prepare() -> None:
    """Read the pages that came with the site, once for all processes that are forked later."""
    for language in known_languages().values():
        _translations(language.folder)


_live_pages = LiveValue(
    "the pages of the site",
    starter_pages,
    partial(newest_texts, SitePart.PAGE),
    lambda stored: with_stored(starter_pages(), stored, SitePage, "page"),
).current


def _translated(name: str, language: Language) -> SitePage | None:
    """The translation of a page, if most of the English page still says what it was made from."""
    page, live, starter = _translations(language.folder).get(name), _live_pages()[name], starter_pages()[name]
    if page is None:
        return None
    if msgspec.structs.replace(live, checked_on=starter.checked_on) != starter:
        return _of_changed(page, starter, live)
    return msgspec.structs.replace(page, checked_on=live.checked_on)


@lru_cache(maxsize=64)
def _of_changed(page: TranslatedPage, starter: SitePage, live: SitePage) -> OutdatedPage | None:
    """A page that was changed in English, with what is translated of it; None if less than half of it stayed as it was."""
    if len(_said(live) & _said(starter)) < len(_said(live)) / 2:
        return None
    texts = {
        name: "\n".join(_shown(*(getattr(one, name).splitlines() for one in (starter, page, live))))
        for name in ("title", "description", "lede", "origin", "text")
    }
    sources = tuple(_shown(starter.sources, page.sources, live.sources))
    shown = msgspec.structs.replace(page, **texts, sources=sources, checked_on=live.checked_on)
    return OutdatedPage(**msgspec.structs.asdict(shown), in_english=_said(shown) - _said(page))


def _shown(starter: Sequence[str], translated: Sequence[str], live: Sequence[str]) -> Iterator[str]:
    """The lines of a changed page, as far as they are translated: of a changed line its earlier words, if its facts are the same."""
    for kind, first, last, live_first, live_last in SequenceMatcher(None, starter, live, False).get_opcodes():
        if kind == "equal":
            yield from translated[first:last]
        elif last - first == live_last - live_first:
            for at, line in enumerate(live[live_first:live_last], first):
                yield translated[at] if facts_of(line) == facts_of(starter[at]) else line
        else:
            yield from live[live_first:live_last]


def _said(page: SitePage) -> frozenset[str]:
    """All that a page says, as its template gets it."""
    titles = [section.title for section in page.sections]
    lines = [line for section in page.sections for block in section.blocks for line in block.lines]
    said = {page.title, page.description, page.lede, page.origin, *page.sources, *titles, *lines}
    return frozenset(filter(None, said))


@cache
def _translations(folder: Path | None) -> Mapping[str, TranslatedPage]:
    """The pages that came with the site in the language of a folder. One that cannot be used is left out."""
    pages = {}
    files = [folder / "pages" / f"{name}.toml" for name in starter_pages()] if folder else []
    for file in filter(Path.is_file, files):
        try:
            pages[file.stem] = read_translation(file)
        except (OSError, ValueError):
            log.exception("the translation %s cannot be used; the page is shown in English", file)
    return pages
