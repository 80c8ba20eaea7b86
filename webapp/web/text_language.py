"""Which language the words on a page are in: what is English on a page in another language says so in its HTML.

A screen reader then speaks it as English, and the browser offers to translate it.
"""

import re

from flask import Flask, g
from markupsafe import Markup, escape

from webapp.content.translation import words_of
from webapp.languages.language import ENGLISH, current_language
from webapp.models import Live

_PART = re.compile(r"[.:;·] | (?=\()")  # the remark of a text follows what the site says itself
_IS_ENGLISH = Markup(' lang="en"')


def init_app(app: Flask) -> None:
    """Let templates mark what is English."""
    app.jinja_env.globals["lang_of"] = lang_of
    app.jinja_env.filters.update(of_text=of_text, in_english=in_english)


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
    for start in (0, *(part.end() for part in _PART.finditer(words))):
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
