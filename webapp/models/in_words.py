"""Counts, dates, countries and lists in words, as readers and editors see them, in the language of the page."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

from webapp.languages.language import ENGLISH, current_language, ngettext


class Named(Protocol):
    """What has a code and an English name."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 summary, 2 summaries, 1,000 summaries."""
    return f"{number(count)} {ngettext(one, many or one + 's', count)}"


def number(value: float) -> str:
    """A number as people write it: 1,000."""
    return _decimal(value, current_language().locale)


def capitalized(text: str) -> str:
    """A text with its first letter in upper case; the others stay, as in the name of a breed."""
    return text[:1].upper() + text[1:]


def day(value: date | datetime) -> str:
    """A date in words: January 1, 2022."""
    return _date(value, "long", current_language().locale)


def month(value: date | datetime) -> str:
    """Month and year in words: January 2022."""
    return _date(value, "yMMMM", current_language().locale)


def partial_date(value: str) -> str:
    """An ISO date in words, to the precision that is known: 2022, January 2022 or January 1, 2022."""
    parts = value.split("-")
    whole = date.fromisoformat((value + "-01-01")[:10])
    return (str(whole.year), month(whole), day(whole))[len(parts) - 1]


def listed(parts: Sequence[str]) -> str:
    """A list in words: 1, 2 and 3. English has no comma before "and" here."""
    own = current_language()
    if own is ENGLISH:
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
    return format_list(list(parts), locale=own.locale)


def countries(text: str) -> str:
    """The countries of an English text, like "Canada and Spain", in the language of the page; a text with other words as it is."""
    codes = [_territory_codes().get(name, "") for name in _BETWEEN_COUNTRIES.split(text)]
    names = _territories(current_language().locale)
    known = [names[code] for code in codes if code in names]
    return listed(known) if len(known) == len(codes) else text


def country_name(country: Named) -> str:
    """The name of a country that has a code, in the language of the page."""
    if current_language() is ENGLISH:
        return country.name
    code = {"UK": "GB"}.get(country.code, country.code)
    return _territories(current_language().locale).get(code, country.name)


_BETWEEN_COUNTRIES = re.compile(r", | and ")


@lru_cache(maxsize=1)
def _territory_codes() -> Mapping[str, str]:
    return {name: code for code, name in _territories(ENGLISH.locale).items()}


@lru_cache(maxsize=8)
def _territories(locale: str) -> Mapping[str, str]:
    """The names of countries and parts of the world by their codes."""
    territories: Mapping[str, str] = Locale.parse(locale).territories
    return territories


# A page has dozens of dates, and Babel takes ten times as long as Python for one.
@lru_cache(maxsize=4096)
def _date(value: date, form: str, locale: str) -> str:
    if form == "long":
        return format_date(value, form, locale)
    return format_skeleton(form, value, locale=locale)


@lru_cache(maxsize=4096)
def _decimal(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)
