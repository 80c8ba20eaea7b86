"""Filters and globals for templates: words for values, addresses of files, what the reader prefers, and what is English.

What is English on a page in another language says so in its HTML: a screen reader then speaks it as English, and the
browser offers to translate it.
"""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask.templating import Environment
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from webapp.config import VERSION, Config
from webapp.content import page_text
from webapp.content.fact_words import fact, harms_note, stated
from webapp.content.readability import paragraphs, reading_grade, reading_minutes
from webapp.content.result_words import result_words, who_took_part
from webapp.content.sign_off_words import who_checked, written_by
from webapp.content.translation import words_of
from webapp.languages.catalogs import script_messages
from webapp.languages.language import ENGLISH, current_language, gettext, known_languages, ngettext
from webapp.models import Article, Live
from webapp.models.article import running_text
from webapp.models.in_words import capitalized, country_name, day, listed, month, number, partial_date, plural
from webapp.web.assets import asset_integrity, asset_url
from webapp.web.forms import described
from webapp.web.http import url_for
from webapp.web.reader_profile import (
    asked_profile,
    compare_with_reader,
    profile_in_address,
    profile_query,
)

_REMARK = re.compile(r"[.:;·] | (?=\()")  # the remark of a text follows what the site says itself
_IS_ENGLISH = Markup(' lang="en"')

PREFERENCES_COOKIE = "reading"
TEXT_SIZES = ("normal", "large", "largest")
THEMES = ("device", "light", "dark")


class SiteEnvironment(Environment):
    """Flask's templates, all with the same globals: Jinja would compare those of a page one by one at every import."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


@dataclass(frozen=True)
class Preferences:
    """How this reader wants pages to look, from a plain cookie that they set on purpose."""

    text: str = "normal"
    theme: str = "device"
    is_wide: bool = False
    keeps_read: bool = False  # summaries that were read stay on this device, for reading without a connection

    @classmethod
    def from_cookie(cls, value: str) -> "Preferences":
        """Anything that is not one of our own values counts as the default."""
        text, theme, spacing, offline = (value.split(".") + [""] * 4)[:4]
        return cls(
            text=text if text in TEXT_SIZES else "normal",
            theme=theme if theme in THEMES else "device",
            is_wide=spacing == "wide",
            keeps_read=offline == "keep",
        )

    def to_cookie(self) -> str:
        return ".".join(
            (
                self.text,
                self.theme,
                "wide" if self.is_wide else "usual",
                "keep" if self.keeps_read else "forget",
            )
        )


def preferences() -> Preferences:
    """The preferences of the reader who asks."""
    return Preferences.from_cookie(request.cookies.get(PREFERENCES_COOKIE, ""))


def init_app(app: Flask, config: Config) -> None:
    """Give templates their filters and globals, and make a missing name an error."""
    app.jinja_environment = SiteEnvironment
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(
        day=day,
        partial_date=partial_date,
        month=month,
        paragraphs=paragraphs,
        grade=grade_words,
        minutes=reading_minutes,
        reading_time=reading_time,
        plural=plural,
        listed=listed,
        capitalized=capitalized,
        country_name=country_name,
        marked=marked,
        of_text=of_text,
        in_english=in_english,
        inline=inline,
        side_by_side=page_text.side_by_side,
        translated=translated,
        number=number,
    )
    app.jinja_env.globals.update(
        language=current_language,
        languages=lambda: list(known_languages().values()),
        script_words=lambda: {message: gettext(message) for message in script_messages()},
        lang_of=lang_of,
        url_for=url_for,
        asset_url=asset_url,
        asset_integrity=asset_integrity,
        preferences=preferences,
        config_site_url=config.site_url,
        version=VERSION,
        # Names an entry of a feed for good: addresses and titles can change, and then feed readers would show it again.
        feed_id=lambda name: f"tag:{urlsplit(config.site_url).hostname},2026:{name}",
        content_license=config.content_license,
        epoch=datetime.fromtimestamp(0, UTC),
        this_year=lambda: datetime.now(UTC).year,
        described=described,
        fact=fact,
        stated=stated,
        asked_profile=asked_profile,
        compare_with_reader=compare_with_reader,
        profile_in_address=profile_in_address,
        profile_query=profile_query,
        harms_note=harms_note,
        result_words=result_words,
        who_took_part=who_took_part,
        who_checked=who_checked,
        written_by=written_by,
    )
    # Nearly every template draws icons; importing the macro in each took 0.3 ms a page.
    icons = app.jinja_env.get_template("_macros/icons.html").module
    app.jinja_env.globals.update((name, getattr(icons, name)) for name in ("icon", "logo"))


@pass_context
def translated(_: Context, message: str) -> str:
    """A message in the reader's language. Without the context, Jinja would translate a constant once, as it compiles the template."""
    return gettext(message)


def grade_words(text: str) -> str:
    """The reading grade of a text as a whole number, for print."""
    return str(max(1, round(reading_grade(text))))


def reading_time(article: Article) -> int:
    """Minutes to read a whole summary."""
    return reading_minutes(running_text(article))


def marked(text: str, spans: list[tuple[int, int]]) -> Markup:
    """Text as HTML with the given spans (start, end, in order, not overlapping) in ``<mark>``."""
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"
        at = end
    return Markup("".join([*pieces, escape(text[at:])]))  # noqa: S704  # every piece of the text is escaped


def inline(line: str, link_class: str = "") -> Markup:
    """A line of the plain format of pages as HTML: bold words, titles of journals, and links."""
    html = Markup("")
    for piece in page_text.pieces(line):
        if not piece.mark:
            html += escape(piece.text)
        elif piece.mark == "link":
            html += _link(piece.address, inline(piece.text, link_class), link_class)
        elif piece.mark == "bold":
            html += Markup("<b>{}</b>").format(inline(piece.text, link_class))
        else:
            # Journals and books have one title in each language.
            lang = "" if current_language() is ENGLISH else _IS_ENGLISH
            html += Markup("<cite{}>{}</cite>").format(lang, inline(piece.text, link_class))
    return html


def _link(address: str, words: Markup, link_class: str) -> Markup:
    """A link to another page of the site, whose address begins with a slash, or elsewhere."""
    attributes = Markup(' class="{}"').format(link_class) if link_class else Markup("")
    if address.startswith("https:"):
        attributes += Markup(' rel="noreferrer"')
    elif address == "/visit-pack":  # the script adds the reader's own list
        attributes += Markup(' rel="nofollow" data-pack-link')
    if address.startswith("/"):
        address = request.script_root + address
    return Markup('<a{} href="{}">{}</a>').format(attributes, address, words)


def lang_of(live: Live | None = None, text: str | None = None) -> Markup | str:
    """The attribute of an element that shows what a summary or an answer says: all of it, or this text.

    Without either, what the element shows is always English, such as the title of a paper.
    """
    if current_language() is ENGLISH:
        return ""
    if text is not None:
        is_english = any(text in paragraph for paragraph in _english(live)) if live is not None else True
    else:
        is_english = live is None or not hasattr(live, "translation")
    return _IS_ENGLISH if is_english else ""


def of_text(words: str, live: Live) -> str:
    """Words of the site in which a text may be quoted, such as "better in rats": what is quoted is marked if it is English."""
    if not words or current_language() is ENGLISH:
        return words
    english = _english(live)
    for start in (0, *(part.end() for part in _REMARK.finditer(words))):
        if any(words[start:] in paragraph for paragraph in english):
            return escape(words[:start]) + in_english(words[start:])
    for paragraph in english:
        before, found, after = words.partition(paragraph.rstrip("."))
        if found:
            return escape(before) + in_english(found) + escape(after)
    return words


def in_english(words: str) -> str:
    """English words within an element that is not."""
    if not words or current_language() is ENGLISH:
        return words
    return Markup("<span{}>{}</span>").format(_IS_ENGLISH, words)


def _english(live: Live) -> list[str]:
    """The paragraphs of a text that its page shows in English, the longest first: one may contain another."""
    known: dict[int, tuple[Live, list[str]]] = g.setdefault("english_paragraphs", {})
    if id(live) not in known:
        english = {text for text in words_of(live).values() if any(map(str.isalpha, text))}
        if hasattr(live, "translation"):
            english &= live.__dict__.get("in_english", english - set(live.translation.words.values()))
        known[id(live)] = live, sorted(english, key=len, reverse=True)
    return known[id(live)][1]
