"""What readers see of a fact: what the paper states, or else why we do not know, which depends on what was read of it."""

import re
from typing import Any

from sqlalchemy import Row

from webapp.content.article_content import DOES_NOT_APPLY, NOT_STATED, fixed_value_and_rest, standardized
from webapp.languages.language import ENGLISH, current_language, gettext, gettext_noop
from webapp.models import Article
from webapp.models.in_words import countries, plural
from webapp.models.values import ReadFrom
from webapp.parsing import int_from

# The original site prints these as "Not specified".
_NOT_SPECIFIED = ("study_duration", "participants")
_PEOPLE = re.compile(r"(\d[\d,]{0,12}) (?:people|person)")
_COUNTRIES = re.compile(r"([^(]*?)((?: \(.*)?)", re.DOTALL)
_SILENCE = {
    ReadFrom.FULL_TEXT: gettext_noop("Not mentioned in the paper."),
    ReadFrom.PART: gettext_noop("Not mentioned in the part of the paper we read."),
    ReadFrom.ABSTRACT: gettext_noop("Not known: we read only the abstract."),
}
# None of these may read as if there were no harms.
_SILENCE_ON_HARMS = {
    ReadFrom.FULL_TEXT: gettext_noop("The paper doesn’t mention harms. That doesn’t mean there were none."),
    ReadFrom.PART: gettext_noop("Not known: the part of the paper we read doesn’t mention harms."),
    ReadFrom.ABSTRACT: gettext_noop("Not known: we read only the abstract, and it doesn’t mention harms."),
}


def stated(article: Article | Row[Any], name: str) -> str:
    """What the paper states of a fact, in its field or else in ``people``; empty if neither says it. A row needs ``people``."""
    value, text = fixed_value_and_rest(_written(article, name))
    if not value:
        return text
    return "" if value == DOES_NOT_APPLY else article.people.words.get(name, "")


def fact_value(article: Article | Row[Any], name: str) -> str:
    """A fact for programs: what the paper states, or else one of the fixed values, with its remark."""
    return stated(article, name) or standardized(_written(article, name))


def fact(article: Article, name: str) -> str:
    """A fact for readers: what the paper states, or why we do not know it."""
    if text := stated(article, name):
        if current_language() is ENGLISH:
            return text
        # Of an English text, a count of people and the names of countries can be said in the language of the page.
        if name == "sample_size" and (match := _PEOPLE.fullmatch(text)):
            return plural(int_from(match[1].replace(",", "")) or 0, "person", "people")
        if name == "country" and (match := _COUNTRIES.fullmatch(text)):
            return countries(match[1]) + match[2]
        return text
    value, remark = fixed_value_and_rest(_written(article, name))
    read = read_for(article, name)
    if value == DOES_NOT_APPLY:
        words = gettext("Does not apply.")
    elif name in _NOT_SPECIFIED:
        words = gettext("Not specified (we read %(what)s)") % {"what": read.label} + ("." if remark else "")
    else:
        words = gettext((_SILENCE_ON_HARMS if name == "harms" else _SILENCE)[read])
    return f"{words} {remark}".strip()


def read_for(article: Article, name: str) -> ReadFrom:
    """What was read of the paper to find a fact."""
    return (name == "harms" and article.harms_read) or article.paper.what_was_read


def harms_note(article: Article) -> str:
    """What was read for the harms that an article reports, unless it was the full text."""
    read = read_for(article, "harms")
    is_needed = read is not ReadFrom.FULL_TEXT and stated(article, "harms")
    return gettext("For harms, we read %(what)s.") % {"what": read.label} if is_needed else ""


def _written(article: Article | Row[Any], name: str) -> str:
    """What the field of a fact says; "not stated" where it is empty, or has only registrations without number and address."""
    if name == "registrations":
        return ", ".join(filter(None, (one.number or one.url for one in article.registrations))) or NOT_STATED
    return getattr(article, name) or NOT_STATED
