"""Searches in Spanish find the Spanish texts first, by the words that people type."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import NOW, STARTER
from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp.content.article_content import PaperContent
from webapp.content.translation import FILES, from_file, words_of
from webapp.db.session import db
from webapp.languages.language import known_languages
from webapp.models import Article, Translation
from webapp.models.values import PaperStatus
from webapp.publishing import external_changes, library, translations
from webapp.search.translated import TranslatedTexts, document_of

SPANISH = known_languages()["es"]
QUESTIONS = Path(__file__).parents[1] / "languages" / "es_lay_queries.tsv"
LEAST_FOUND = 0.85  # of the questions with one of the right texts among the first five
TITLE = "La amitriptilina no alivió el dolor persistente"

Found = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def found() -> Found:
    """What a search finds in the Spanish texts that come with the site, as folder and slug."""
    assert SPANISH.folder is not None
    paths = [path for folder in FILES for path in sorted((SPANISH.folder / folder).glob("*.toml"))]
    documents, names = [], {}
    for number, path in enumerate(paths, start=1):
        file = from_file(path.read_text(encoding="utf-8"), FILES[path.parent.name])
        is_answer = path.parent.name == "answers"
        key = {"answer_id" if is_answer else "article_id": number}
        row = Translation(words=words_of(file), phrasings=getattr(file, "phrasings", []), **key)
        document = document_of(row)
        documents.append(document)
        names[document.key] = f"{path.parent.name}/{path.stem}"
    texts = TranslatedTexts(SPANISH, documents)
    return lambda text: [names[key] for key in texts.find(text)]


def test_questions_in_everyday_spanish_find_their_texts(found: Found) -> None:
    rows = [line.split("\t") for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]]
    missed = [asked for asked, expected, _ in rows if not set(found(asked)[:5]) & set(expected.split("; "))]
    assert len(rows) >= 40
    assert 1 - len(missed) / len(rows) >= LEAST_FOUND, missed


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("vejiga infeccion", "answers/bladder-infections"),
        ("infeción de orina", "answers/bladder-infections"),  # a typing error is corrected in Spanish
        ("células madre", "answers/do-stem-cells-work"),
        ("celulas ma", "answers/do-stem-cells-work"),  # unfinished
    ],
)
def test_accents_errors_and_unfinished_words_are_understood(found: Found, typed: str, first: str) -> None:
    assert first in found(typed)[:2]


@pytest.mark.parametrize("typed", ["", "de la", "zzzzqqqq", "motocicletas rojas baratas"])
def test_what_no_text_is_about_finds_none(found: Found, typed: str) -> None:
    assert found(typed) == []


def test_the_page_shows_spanish_texts_first_and_english_ones_marked(client: PageClient, add: Adds) -> None:
    library.import_library(STARTER / "articles" / "amitriptyline-pain-trial.toml", NOW)
    translations.import_folder(SPANISH, NOW)
    db.session.commit()
    english = add(plain_title="Nerve pain after an injury")
    page = client.get("/es/search?q=dolor").text
    assert page.index(TITLE) < page.index(f"/es/research/{english.slug}")
    assert 'href="/es/research/amitriptyline-pain-trial"' in page
    assert f'<h3><a href="/es/research/{english.slug}" lang="en">' in page
    assert TITLE in client.get("/es/search?q=dolor&panel=1").text
    assert TITLE not in client.get("/search?q=dolor").text


def test_summaries_of_retracted_papers_come_last(client: PageClient) -> None:
    paths = {}
    for slug in ("amitriptyline-pain-trial", "non-drug-treatments-chronic-pain-review"):
        library.import_library(STARTER / "articles" / f"{slug}.toml", NOW)
        paths[slug] = f'href="/es/research/{slug}"'
    translations.import_folder(SPANISH, NOW)
    db.session.commit()
    page = client.get("/es/search?q=dolor").text
    best = min(paths, key=lambda slug: page.index(paths[slug]))
    article = db.session.scalars(select(Article).where(Article.slug == best)).unique().one()
    external_changes.publish_notice(article, PaperContent(status=PaperStatus.RETRACTED), NOW)
    db.session.commit()
    page = client.get("/es/search?q=dolor").text
    assert max(paths, key=lambda slug: page.index(paths[slug])) == best


def test_where_spanish_has_nothing_english_pages_are_offered(client: PageClient, add: Adds) -> None:
    english = add(plain_title="Nerve pain after an injury")
    page = client.get("/es/search?q=dolor").text
    assert f"/es/research/{english.slug}" in page and "Aquí buscamos en los textos en inglés:" in page
