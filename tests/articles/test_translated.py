"""A summary or an answer in another language: its words, what is said of the translation, and what comes from the original."""

import re

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor
from tests.factories import NOW, STARTER, add_article
from tests.pages import PageClient
from webapp.content.article_content import PaperContent
from webapp.db.session import db
from webapp.languages.language import Language, known_languages
from webapp.models import Article
from webapp.models.values import LaterEvent, PaperStatus, ReviewerKind
from webapp.publishing import external_changes, library, publication, translations
from webapp.publishing.publication import content_of
from webapp.publishing.revisions import Kind
from webapp.publishing.translations import standing

SLUG = "amitriptyline-pain-trial"
ENGLISH, SPANISH = f"/research/{SLUG}", f"/es/research/{SLUG}"
TITLE = "La amitriptilina no alivió el dolor persistente más que otro medicamento de comparación"
NOINDEX = '<meta name="robots" content="noindex">'
UNCHECKED = "Traducción sin revisar por un profesional."


@pytest.fixture
def spanish() -> Language:
    return known_languages()["es"]


@pytest.fixture
def article(app: Flask, spanish: Language) -> Article:
    """A summary that came with a translation."""
    library.import_library(STARTER / "articles" / f"{SLUG}.toml", NOW)
    translations.import_folder(spanish, NOW)
    db.session.commit()
    return db.session.scalars(select(Article)).unique().one()


def change(article: Article, **fields: object) -> None:
    wanted = msgspec.structs.replace(content_of(article), **fields)
    external_changes.publish(article, wanted, None, Kind.IMPORTED, NOW)
    db.session.commit()


def test_a_translation_nobody_checked_says_so_and_is_not_indexed(
    article: Article, client: PageClient
) -> None:
    page = client.get(SPANISH).text
    assert f"<h1>{TITLE}</h1>" in page
    assert UNCHECKED in page and "Traducido del inglés por un programa (IA)." in page
    assert f'<a href="{ENGLISH}" hreflang="en">' in page
    assert NOINDEX in page
    assert article.paper.title in page
    english = client.get(ENGLISH).text
    assert NOINDEX not in english and "Traducido" not in english
    for one in (page, english):
        assert re.search(rf'hreflang="es" href="[^"]*{SPANISH}"', one)
        assert re.search(rf'hreflang="en" href="[^"]*//[^/"]*{ENGLISH}"', one)


def test_the_name_of_who_checked_it_ends_that(
    article: Article, client: PageClient, spanish: Language
) -> None:
    client.get(SPANISH)
    editor = add_editor("Lee Example", "lee@example.org")
    editor.reviewer_kind, editor.printed_role = ReviewerKind.CLINICIAN, "enfermera"
    translations.sign(standing(article, spanish), 1, editor, NOW)
    db.session.commit()
    page = client.get(SPANISH).text
    assert "Lee Example, enfermera" in page
    assert UNCHECKED not in page and NOINDEX not in page


def test_what_happens_to_the_original_shows_at_once(article: Article, client: PageClient) -> None:
    client.get(SPANISH)
    later = LaterEvent(on="2026", text="A new trial began.", doi="10.5555/new")
    change(article, since_then=[later, *article.since_then], main_message="It says something else.")
    page = client.get(SPANISH).text
    assert '<span lang="en">A new trial began.</span>' in page
    assert "El texto en inglés cambió desde entonces." in page
    assert "6 semanas de amitriptilina no aliviaron" in page
    paper = msgspec.structs.replace(content_of(article).paper, status=PaperStatus.RETRACTED)
    publication.set_paper_status(article, paper, NOW)
    publication.record_status_check(article, NOW, NOW)
    db.session.commit()
    assert f"RETRACTADO: {TITLE}" in client.get(SPANISH).text


@pytest.mark.parametrize("path", [SPANISH, "/es/categories/pain-management", "/es/search?q=dolor"])
def test_a_retraction_is_told_in_the_language_of_the_page(
    article: Article, client: PageClient, path: str
) -> None:
    external_changes.publish_notice(article, PaperContent(status=PaperStatus.RETRACTED), NOW)
    db.session.commit()
    page = client.get(path).text
    assert f"RETRACTADO: {TITLE}" in page
    assert "RETRACTADO: la revista retiró este artículo." in page
    assert "the journal withdrew this paper" not in page and "RETRACTED: La" not in page


def test_lists_show_what_is_translated(article: Article, client: PageClient) -> None:
    for path in ("/", "/research", f"/categories/{article.primary_category.slug}"):
        assert TITLE in client.get(f"/es{path}").text
        assert TITLE not in client.get(path).text


def test_a_feed_lists_what_is_translated(article: Article, client: PageClient) -> None:
    other = add_article()
    db.session.commit()
    feed = client.get("/es/feed.atom").text
    assert 'xml:lang="es-US"' in feed and TITLE in feed and SPANISH in feed
    assert other.slug not in feed
    english = client.get("/feed.atom").text
    assert other.slug in english and article.title in english


def graph(page: str) -> str:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    return found[1]


def test_programs_learn_the_language_of_the_text(article: Article, client: PageClient) -> None:
    spanish = client.get(SPANISH).text
    assert '"inLanguage":"es-US"' in graph(spanish) and f'{SPANISH}"' in graph(spanish)
    assert "Spinal cord injury" not in graph(spanish)
    assert '"inLanguage":"en-US"' in client.get(ENGLISH).text.replace(" ", "")


def test_a_text_that_is_not_translated_says_that_it_is_in_english(
    article: Article, client: PageClient, spanish: Language
) -> None:
    row = standing(article, spanish).newest
    assert row is not None
    row.is_published = False
    publication.record_status_check(article, NOW, NOW)  # something readers see differently
    db.session.commit()
    page = client.get(SPANISH).text
    assert f'<h1 lang="en">{article.title}</h1>' in page and NOINDEX in page
    assert 'class="wrap in-english"' in page and '<main id="main" tabindex="-1">' in page
    assert '<h2 id="h-findings">Hallazgos principales</h2>' in page
    assert graph(page) == graph(client.get(ENGLISH).text)
    assert UNCHECKED not in page
