"""The pages about the site in Spanish, for as long as the English ones say what they were translated from."""

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.factories import NOW, add_answer
from tests.languages.test_addresses import alternates, canonical
from tests.pages import PageClient
from webapp.catalog.site_pages import TranslatedPage, read_translation, site_page, starter_pages
from webapp.content.article_content import ContentError
from webapp.db.session import db
from webapp.languages.language import FOLDER, Language, in_language, known_languages
from webapp.publishing import site_pages

FILES = sorted(FOLDER.glob("*/pages/*.toml"))
NOT_CHECKED = "Traducción sin revisar por un profesional."
IN_ENGLISH = "Lo está leyendo en inglés."
CHANGED = "El texto en inglés cambió desde entonces."


def change_about(base: int, **changes: object) -> None:
    page = msgspec.structs.replace(site_pages.text_at("about", base), **changes)
    assert site_pages.save("about", page, base, None, NOW)
    db.session.commit()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_a_translation_matches_its_page_line_by_line(file: Path) -> None:
    try:
        read_translation(file)
    except ContentError as error:
        pytest.fail(f"{file}:{error.line}: {error.reason}")


def test_every_page_is_in_spanish_and_says_that_nobody_checked_it(client: PageClient) -> None:
    with in_language(known_languages()["es"]):
        pages = {name: site_page(name) for name in starter_pages()}
    for name, page in pages.items():
        text = client.get(f"/es/{name}").text
        assert isinstance(page, TranslatedPage) and f"<h1>{page.title}</h1>" in text
        assert page.checked_on == starter_pages()[name].checked_on
        assert NOT_CHECKED in text and page.made_by in text and IN_ENGLISH not in text
        assert f'<a href="/{name}" hreflang="en">Leer el original' in text
        assert '<meta name="robots" content="noindex">' in text and canonical(text) == f"/es/{name}"
        english = client.get(f"/{name}").text
        assert NOT_CHECKED not in english and "noindex" not in english
        assert alternates(english) == alternates(text)


def test_a_question_leads_to_its_answer_in_the_language(client: PageClient) -> None:
    add_answer(slug="will-i-walk-again", question="Will I walk again?")
    page = client.get("/es/start").text
    assert 'href="/es/answers/will-i-walk-again">¿Volveré a caminar?</a>' in page


def test_the_topics_of_the_answers_are_in_spanish(client: PageClient) -> None:
    add_answer(categories=["pain-management"])
    assert ">Manejo del dolor</h2>" in client.get("/es/answers").text


def test_the_doors_of_the_home_page_are_in_spanish(client: PageClient) -> None:
    assert '<a href="/es/start#week">Esta semana</a>' in client.get("/es/").text


def changed_text(old: str, new: str) -> str:
    text = starter_pages()["about"].text
    assert old in text
    return text.replace(old, new, 1)


FIRST = next(line for line in starter_pages()["about"].text.splitlines() if line[:1].isalpha())


def test_a_changed_line_keeps_its_earlier_words_and_the_page_says_so(client: PageClient) -> None:
    before = client.get("/es/about").text
    change_about(0, title="Who we are", text=changed_text(FIRST, f"{FIRST} And we mean it."))
    page = client.get("/es/about").text
    assert "<h1>Quiénes somos</h1>" in page and CHANGED in page and "And we mean it" not in page
    assert IN_ENGLISH not in page and canonical(page) == "/es/about"
    assert ' lang="en"' not in page.partition("<main")[2].partition("</main")[0]
    assert CHANGED not in before and CHANGED not in client.get("/es/disclaimer").text
    change_about(1, title=starter_pages()["about"].title, text=starter_pages()["about"].text)
    assert client.get("/es/about").text == before


def test_a_line_with_another_number_is_english_at_once(client: PageClient) -> None:
    change_about(0, text=changed_text(FIRST, f"{FIRST} There are 7 of us."))
    page = client.get("/es/about").text
    assert "There are 7 of us.</p>" in page and CHANGED in page and "<h1>Quiénes somos</h1>" in page
    assert re.search(r'<p lang="en">[^<]*There are 7 of us\.</p>', page)


def test_a_new_line_is_english_and_the_others_keep_their_translation(client: PageClient) -> None:
    change_about(0, text=f"A new first line.\n\n{starter_pages()['about'].text}")
    page = client.get("/es/about").text
    assert '<p lang="en">A new first line.</p>' in page and CHANGED in page
    assert page.count("<h2") == client.get("/about").text.count("<h2")


def test_a_page_that_an_admin_rewrote_is_english_in_spanish_too(client: PageClient) -> None:
    change_about(
        0, title="Who we are", lede="All is new.", text="## New\n\nA new page.", origin="", sources=()
    )
    page = client.get("/es/about").text
    assert '<h1 lang="en">Who we are</h1>' in page and IN_ENGLISH in page and NOT_CHECKED not in page
    assert '<p lang="en">A new page.</p>' in page
    assert '<meta name="robots" content="noindex">' in page and canonical(page) == "/about"
    assert "es" not in alternates(client.get("/about").text)
    assert "<h1>Aviso importante</h1>" in client.get("/es/disclaimer").text


def test_a_changed_line_of_the_doors_is_shown_on_the_home_page(client: PageClient) -> None:
    start = starter_pages()["start"]
    page = msgspec.structs.replace(start, title="Start now in 3 steps")
    assert site_pages.save("start", page, 0, None, NOW)
    db.session.commit()
    home = client.get("/es/").text
    assert 'id="h-start" lang="en">Start now in 3 steps</h2>' in home
    assert '<a href="/es/start#week">Esta semana</a>' in home


def test_a_new_date_of_the_sources_keeps_the_translation(client: PageClient) -> None:
    change_about(0, checked_on=date(2026, 11, 1))
    assert "<h1>Quiénes somos</h1>" in client.get("/es/about").text


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("start", "tel:+18005397309", "tel:+18005397300"),
        ("start", "Llame al 800-539-7309", "Llame al 800-539-7300"),
        ("start", "## Este mes {#month}", "## Este mes {#mes}"),
        ("start", "? ¿Volveré a caminar?", "- ¿Volveré a caminar?"),
        ("start", "- [ ] ¿Quién habla con los niños?\n", ""),
        ("start", "https://msktc.org/sci/factsheets", "https://msktc.org"),
        ("about", "{who runs the site}", "{license}"),
        ("find-a-trial", "8 y 12 años", "8 y 21 años"),
    ],
)
def test_a_translation_with_other_facts_is_refused(tmp_path: Path, page: str, old: str, new: str) -> None:
    source = (FOLDER / "es" / "pages" / f"{page}.toml").read_text(encoding="utf-8")
    assert old in source
    file = tmp_path / f"{page}.toml"
    file.write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read_translation(file)
    line = file.read_text(encoding="utf-8").splitlines()[(caught.value.line or 0) - 1]
    assert new in line and caught.value.line


def test_where_a_translation_is_refused_the_page_is_english(esperanto: Language, client: PageClient) -> None:
    assert esperanto.folder is not None
    source = (FOLDER / "es" / "pages" / "about.toml").read_text(encoding="utf-8")
    file = esperanto.folder / "pages" / "about.toml"
    file.parent.mkdir()
    file.write_text(source.replace("{who runs the site}", ""), encoding="utf-8")
    assert '<h1 lang="en">About</h1>' in client.get("/eo/about").text
