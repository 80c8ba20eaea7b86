"""Files of messages: renewed from what was extracted, and checked."""

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from webapp.languages.extraction import extracted
from webapp.languages.language import Language, is_translated


def read(language: Language) -> Catalog:
    """The catalog of a language as it is on the disk."""
    assert language.folder is not None
    with (language.folder / "messages.po").open("rb") as file:
        return read_po(file, language.locale)


def renew(language: Language) -> str:
    """Write the catalog anew; returns a line that says what is left to translate."""
    assert language.folder is not None
    catalog, template = read(language), extracted()
    template.creation_date = catalog.creation_date
    catalog.update(template, no_fuzzy_matching=True)
    with (language.folder / "messages.po").open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True)
    return f"{language.name}: {len(catalog)} messages, {len(untranslated(catalog))} to translate"


def untranslated(catalog: Catalog) -> list[str]:
    """The messages without a translation, or with a form of it missing."""
    return [str(message.id) for message in catalog if message.id and not is_translated(message)]
