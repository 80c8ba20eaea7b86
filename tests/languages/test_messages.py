"""The catalogs of messages: that they hold what templates and code say, and keep what was translated."""

from pathlib import Path

from babel.messages.catalog import Catalog
from flask import Flask

from webapp.languages import catalogs
from webapp.languages.catalogs import extracted
from webapp.languages.language import Language, in_language, known_languages


def ids(catalog: Catalog) -> set[str]:
    return {str(message.id) for message in catalog if message.id}


def test_the_catalogs_hold_every_message() -> None:
    for language in list(known_languages().values())[1:]:
        missing = ids(extracted()) ^ ids(catalogs.read(language))
        assert not missing, (
            f"run python -m webapp.languages, for {language.name} lacks: {sorted(missing)[:5]}"
        )


def test_every_message_is_translated() -> None:
    for language in list(known_languages().values())[1:]:
        assert not catalogs.untranslated(catalogs.read(language)), language.name


def test_renewing_a_catalog_keeps_what_is_translated(esperanto: Language) -> None:
    catalogs.renew(esperanto)
    renewed = catalogs.read(esperanto)
    assert renewed["Copied."].string == "Kopiita."
    assert "Spacing" in ids(renewed)


def test_a_message_that_is_gone_is_kept_aside(esperanto: Language) -> None:
    assert esperanto.folder is not None
    file = Path(esperanto.folder) / "messages.po"
    file.write_text(file.read_text(encoding="utf-8") + '\nmsgid "Gone"\nmsgstr "For"\n', encoding="utf-8")
    catalogs.renew(esperanto)
    assert "Gone" not in ids(catalogs.read(esperanto))
    assert '#~ msgstr "For"' in file.read_text(encoding="utf-8")


def test_a_message_in_a_template_is_translated_for_each_reader(app: Flask, esperanto: Language) -> None:
    with in_language(esperanto):
        template = app.jinja_env.from_string('{{ "Copied."|translated }}')
        assert template.render() == "Kopiita."
    assert template.render() == "Copied."
