"""One language: what code needs to know of it, its catalog of messages, and which language is in use.

Each folder here is a language. `language.toml` describes it and `messages.po` holds the words around the texts, which
`python -m webapp.languages` renews from code and templates. English is what the messages are written in, so it has neither.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import msgspec
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent


class Language(msgspec.Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True):
    """A language that pages and mails can be in, from its `language.toml`.

    ``locale`` is the one by which numbers and dates are written, ``invitation`` the line that offers the language to somebody
    who reads another, ``prefix`` what addresses in it begin with (nothing in English), ``search_note`` tells somebody who searched in it what was searched in English, ``search_invitation`` offers a
    search in it, ``stemmer`` the name by which Whoosh knows the language.
    """

    code: str
    locale: str
    name: str
    invitation: str
    prefix: str = ""
    search_note: str = ""
    search_invitation: str = ""
    stemmer: str = "en"
    folder: Path | None = None

    @property
    def tag(self) -> str:
        """The locale as HTML, feeds and voices name it: es-US."""
        return self.locale.replace("_", "-")

    @cached_property
    def messages(self) -> NullTranslations:
        """The catalog; a message that is not translated stays English."""
        if self.folder is None:
            return NullTranslations()
        with (self.folder / "messages.po").open("rb") as file:
            return compiled(read_po(file, self.locale))


ENGLISH = Language(code="en", locale="en_US", name="English", invitation="Read this in English")

_current: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@cache
def known_languages() -> Mapping[str, Language]:
    """All languages by code, English first."""
    languages = [ENGLISH]
    for file in sorted(FOLDER.glob("*/language.toml")):
        described = tomllib.loads(file.read_text(encoding="utf-8"))
        described |= {"folder": str(file.parent), "prefix": f"/{described['code']}"}
        languages.append(msgspec.convert(described, Language, dec_hook=lambda kind, value: kind(value)))
    for language in languages:
        _ = (
            language.messages
        )  # compiled once for all processes that are forked later: it takes longer than a page
    return MappingProxyType({language.code: language for language in languages})


def compiled(catalog: Catalog) -> GNUTranslations:
    """A catalog as gettext reads it, in memory: without what is not translated yet, which an empty text would replace."""
    for message in list(catalog):
        if message.id and not is_translated(message):
            catalog.delete(message.id, message.context)
    file = BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    return GNUTranslations(file)


def is_translated(message: Message) -> bool:
    """Does a message have a translation, in each form that it needs?"""
    strings = (message.string,) if isinstance(message.string, str) else message.string or ("",)
    return all(strings)


def current_language() -> Language:
    """The language of the request that is answered, or of the mail that is written."""
    return _current.get()


@contextmanager
def in_language(language: Language) -> Iterator[None]:
    """Use a language until the block ends."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def gettext(message: str) -> str:
    """A message in the current language."""
    return current_language().messages.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form of a message for a count, in the current language."""
    return current_language().messages.ngettext(one, many, count)


def gettext_noop(message: str) -> str:
    """Mark a message that is translated where it is shown: when a module is loaded, no language is in use yet."""
    return message
