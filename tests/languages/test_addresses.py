"""Addresses in other languages: what they answer, where their links lead, and what has none."""

import re
from datetime import date
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from tests.factories import add_article
from tests.pages import H, PageClient, check_page
from webapp.languages.language import ENGLISH, Language, current_language, in_language
from webapp.models.in_words import day, number, plural
from webapp.web.http import language_of, url_for

ADDRESSES = (
    "/",
    "/about",
    "/accessibility",
    "/answers",
    "/categories",
    "/categories/pain-management?page=1",
    "/contact",
    "/corrections",
    "/data",
    "/disclaimer",
    "/emergency",
    "/feeds",
    "/how-we-write",
    "/preferences",
    "/privacy",
    "/research",
    "/start",
    "/subscribe",
    "/visit-pack",
)


def alternates(text: str) -> dict[str, str]:
    head = check_page(text).find(f"{H}head")
    assert head is not None
    links = [link for link in head.iter(f"{H}link") if link.get("hreflang")]
    return {link.get("hreflang", ""): link.get("href", "").removeprefix("http://localhost") for link in links}


def canonical(text: str) -> str:
    link = check_page(text).find(f"{H}head/{H}link[@rel='canonical']")
    assert link is not None
    return link.get("href", "").removeprefix("http://localhost")


def links(text: str) -> list[Element]:
    return [link for link in check_page(text).iter(f"{H}a") if link.get("href", "").startswith("/")]


def test_a_folder_makes_a_language(esperanto: Language, client: PageClient) -> None:
    page = client.get("/eo/preferences").text
    assert '<html lang="eo"' in page
    assert "<h1>Grandeco kaj koloroj</h1>" in page


def test_what_is_not_translated_stays_english(esperanto: Language, client: PageClient) -> None:
    assert "Your choice is saved in this browser only." in client.get("/eo/preferences").text


def test_scripts_speak_the_language_too(esperanto: Language, client: PageClient) -> None:
    assert '"Copied.": "Kopiita."' in client.get("/eo/preferences").text


def test_links_stay_in_the_language(client: PageClient) -> None:
    page = client.get("/es/preferences").text
    elsewhere = [link for link in links(page) if not link.get("href", "").startswith("/es/")]
    assert {link.get("hreflang") for link in elsewhere} == {"en"}


def test_files_have_one_address_for_all_languages(client: PageClient) -> None:
    page = client.get("/es/").text
    assert re.search(r'href="/assets/[0-9a-f]+/css/site\.css"', page)
    assert 'href="/site.webmanifest"' in page


@pytest.mark.parametrize(
    "path", ["/es/editor/", "/es/assets/x/css/site.css", "/es/robots.txt", "/es/livez", "/eo/"]
)
def test_what_has_no_address_in_a_language_is_not_found_there(path: str, client: PageClient) -> None:
    client.get(path, status=404)


def test_the_address_of_the_home_page_ends_with_a_slash(client: PageClient) -> None:
    assert client.get("/es", status=301).headers["Location"] == "/es/"


@pytest.mark.parametrize("path", ["", "*", "es", "//", "/e"])
def test_what_is_no_address_in_a_language_is_left_as_it_is(path: str) -> None:
    assert language_of(path) == (ENGLISH, path)


def test_a_form_leads_on_in_the_language_of_its_page(client: PageClient) -> None:
    token = re.search(r'name="token" value="([^"]+)"', client.get("/es/preferences").text)
    assert token is not None
    answer = client.post("/es/preferences", {"token": token[1], "text": "large"})
    assert answer.headers["Location"] == "/es/preferences?saved=yes"


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_and_its_translations_name_each_other(path: str, client: PageClient) -> None:
    plain = path.partition("?")[0]
    page = client.get(path).text
    assert alternates(page) == {"en": plain, "es": f"/es{plain}", "x-default": plain}
    translated = client.get(f"/es{path}").text
    assert alternates(translated) == alternates(page)
    assert (canonical(page), canonical(translated)) == (plain, f"/es{plain}")


def test_the_line_that_offers_a_language_is_a_hidden_landmark_of_its_own(client: PageClient) -> None:
    for path, code, name in (("/about", "es", "Español"), ("/es/about", "en", "English")):
        found = check_page(client.get(path).text).findall(f"{H}body/{H}nav")
        assert [(nav.get("data-language"), nav.get("lang"), nav.get("aria-label")) for nav in found] == [
            (code, code, name)
        ]
        assert found[0].get("hidden") is not None


def test_a_page_without_a_translation_leads_search_engines_to_the_english_one(client: PageClient) -> None:
    path = f"/research/{add_article().slug}/history"
    page, english = client.get(f"/es{path}").text, client.get(path).text
    assert alternates(page) == alternates(english) == {"en": path, "x-default": path}
    assert canonical(page) == path
    assert '<meta name="robots" content="noindex">' in page


def test_a_page_without_a_translation_says_so_and_marks_its_english_text(client: PageClient) -> None:
    article = add_article(plain_title="A pill for pain")
    page = client.get(f"/es/research/{article.slug}/history").text
    assert '<p class="wrap in-english">Este texto' in page and "<h1>Qué cambió</h1>" in page
    assert '<p class="lede" lang="en">A pill for pain</p>' in page


def test_the_language_comes_from_the_address_alone(client: PageClient) -> None:
    page = client.get("/preferences").text
    spanish = {"Accept-Language": "es-US,es;q=0.9", "Cookie": "language=es"}
    assert client.get("/preferences", headers=spanish).text == page


def test_finished_pages_are_told_apart_by_language(client: PageClient) -> None:
    for _ in range(2):
        assert '<html lang="en"' in client.get("/about").text
        assert '<html lang="es"' in client.get("/es/about").text


def test_no_language_is_in_use_after_a_request(client: PageClient) -> None:
    client.get("/es/about")
    assert current_language().code == "en"


def test_a_file_is_named_by_its_plain_address_in_each_language(app: Flask, esperanto: Language) -> None:
    with app.test_request_context("/about", base_url="http://localhost/eo"), in_language(esperanto):
        assert url_for("pages.about") == "/eo/about"
        assert url_for("exports.citation", slug="x", ending="ris") == "/research/x.ris"


def test_dates_and_numbers_are_written_as_in_the_language(esperanto: Language) -> None:
    with in_language(esperanto):
        assert day(date(2026, 3, 1)) == "1 Marto 2026"
        assert number(12_345.5) == "12\N{NARROW NO-BREAK SPACE}345,5"
        assert plural(2, "summary", "summaries") == "2 resumoj"
