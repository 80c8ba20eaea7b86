"""The words explained, in Spanish: the files, the pages, and the tips in summaries."""

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import NOW, add_article
from tests.languages.test_addresses import alternates
from tests.pages import PageClient
from tests.terminal import run
from webapp.catalog.glossary import read_glossary
from webapp.catalog.word_list import starter_words
from webapp.content.language_words import language_words
from webapp.content.readability import sentences
from webapp.content.translation import mark, words_of
from webapp.content.translation_checks import translation_errors, translation_warnings
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.languages.language import known_languages
from webapp.models import GlossaryTerm, Translation

SPANISH = known_languages()["es"]
LONGEST_SENTENCE = 30  # words; the English ones have 25, and Spanish says the same in more
MEANING = starter_words().entries["spinal-cord"].meaning


@pytest.fixture
def term(app: Flask) -> GlossaryTerm:
    """The spinal cord, explained."""
    term = GlossaryTerm(slug="spinal-cord", term="spinal cord", forms=["spinal cords"], meaning=MEANING)
    db.session.add(term)
    db.session.commit()
    change_log.announce(ChangeKind.SETTINGS, NOW)
    db.session.commit()
    return term


def test_every_word_is_explained_from_the_english_meaning_of_today() -> None:
    glossary = read_glossary(SPANISH)
    assert glossary is not None
    english = {slug: entry.meaning for slug, entry in starter_words().entries.items() if entry.meaning}
    assert {term.slug: term.made_from for term in glossary.terms} == {
        slug: mark(meaning) for slug, meaning in english.items()
    }, "translate what changed, then run flask translations mark webapp/languages/es/glossary.toml"


def test_the_explanations_say_what_the_english_ones_say() -> None:
    assert SPANISH.folder is not None
    glossary, words = read_glossary(SPANISH), language_words(SPANISH.folder)
    assert glossary is not None
    for term in glossary.terms:
        english, own = {"meaning": starter_words().entries[term.slug].meaning}, {"meaning": term.meaning}
        assert not list(translation_errors(english, own)), term.slug
        assert not list(translation_warnings(english, own, words)), term.slug
        assert max(len(one.split()) for one in sentences(term.meaning)) <= LONGEST_SENTENCE, term.slug


def test_no_two_words_are_found_under_the_same_form() -> None:
    glossary = read_glossary(SPANISH)
    assert glossary is not None
    forms = [form.lower() for term in glossary.terms for form in {term.term, *term.forms}]
    assert not {form for form in forms if forms.count(form) > 1}


def test_the_page_explains_words_in_spanish_and_says_that_nobody_checked_them(
    client: PageClient, term: GlossaryTerm
) -> None:
    page = client.get("/es/glossary").text
    assert ">médula espinal</a></dt><dd>El grueso manojo de nervios" in page
    assert "Traducción sin revisar por un profesional." in page
    assert '<meta name="robots" content="noindex">' in page
    assert 'id="letter-M"' in page
    page = client.get("/es/glossary/spinal-cord").text
    assert "<h1>Médula espinal</h1>" in page and "El grueso manojo de nervios" in page
    assert alternates(page) == alternates(client.get("/glossary/spinal-cord").text)
    assert "es" in alternates(page)


@pytest.mark.parametrize("asked", ["medula", "MÉDULA", "manojo", "spinal"])
def test_a_word_is_found_without_accents_and_by_its_english_name(
    client: PageClient, term: GlossaryTerm, asked: str
) -> None:
    assert "médula espinal</a>" in client.get("/es/glossary", query_string={"q": asked}).text


def test_a_meaning_that_changed_in_english_is_english_until_it_is_translated(
    client: PageClient, term: GlossaryTerm
) -> None:
    term.meaning = "A bundle of nerves in the back."
    change_log.announce(ChangeKind.SETTINGS, NOW)
    db.session.commit()
    page = client.get("/es/glossary").text
    assert '<dd lang="en">A bundle of nerves in the back.</dd>' in page
    page = client.get("/es/glossary/spinal-cord").text
    assert '<p class="lede" lang="en">A bundle of nerves in the back.</p>' in page
    assert '<html lang="es"' in page and "Médula espinal" not in page


def test_a_word_that_nobody_translated_is_english(client: PageClient) -> None:
    db.session.add(GlossaryTerm(slug="new-word", term="new word", forms=[], meaning="Something new."))
    db.session.commit()
    page = client.get("/es/glossary").text
    assert 'lang="en">new word</a></dt><dd lang="en">Something new.</dd>' in page


def test_a_spanish_summary_explains_its_words_in_spanish(client: PageClient, term: GlossaryTerm) -> None:
    article = add_article(slug="translated", simple_explanation="It helps the spinal cord.")
    words = words_of(article) | {"simple_explanation": "Ayuda a la médula espinal."}
    marks = {name: mark(text) for name, text in words_of(article).items()}
    db.session.add(
        Translation(
            article_id=article.id,
            language="es",
            number=1,
            words=words,
            made_from=marks,
            phrasings=[],
            made_by="IA",
            is_published=True,
            saved_at=NOW,
        )
    )
    change_log.announce(ChangeKind.SETTINGS, NOW)
    db.session.commit()
    page = client.get("/es/research/translated").text
    assert 'Ayuda a la <a class="word" href="#word-spinal-cord">médula espinal</a>' in page
    assert "<p>El grueso manojo de nervios" in page


def test_an_english_summary_explains_its_words_in_spanish_too(client: PageClient, term: GlossaryTerm) -> None:
    add_article(slug="english-only", simple_explanation="It helps the spinal cord.")
    page = client.get("/es/research/english-only").text
    assert '<p lang="en">It helps the <a class="word" href="#word-spinal-cord">spinal cord</a>' in page
    assert "<p>El grueso manojo de nervios" in page
    assert "The thick bundle of nerves" in client.get("/research/english-only").text


def test_marking_a_glossary_notes_the_english_meanings_of_today(app: Flask, tmp_path: Path) -> None:
    assert SPANISH.folder is not None
    source = (SPANISH.folder / "glossary.toml").read_text(encoding="utf-8")
    file = tmp_path / "glossary.toml"
    file.write_text(re.sub("^made_from = .*\n", "", source, flags=re.M), encoding="utf-8")
    assert run(app, "translations", "mark", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8") == source
