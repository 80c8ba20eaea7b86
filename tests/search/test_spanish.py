"""Searches in Spanish find summaries, and their words are never taken for misspelled English ones."""

import pytest

from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp.search.translated import in_english


@pytest.mark.parametrize(
    ("spanish", "english"),
    [
        ("dolor", "pain"),
        ("Dolor de nervios", "neuropathic pain"),
        ("¿Volveré a caminar?", "walking recovery"),
        ("infección urinaria", "urinary tract infection"),
        ("células madre para la lesión medular", "stem cell therapy spinal cord injury"),
        ("silla de ruedas", "wheelchair"),
        ("zorbina dolor", "zorbina pain"),
    ],
)
def test_spanish_words_are_searched_as_english_ones(spanish: str, english: str) -> None:
    assert in_english(spanish)[0] == english


@pytest.mark.parametrize("text", ["nerve pain", "donor cells", "no", "a la carte", "vitamins", "", "10,000"])
def test_an_english_search_is_not_taken_for_a_spanish_one(text: str) -> None:
    assert in_english(text) == (None, None)


def test_a_spanish_search_finds_summaries_and_says_so_in_spanish(client: PageClient, add: Adds) -> None:
    found = add(plain_title="Pain after an injury of the bladder")
    add(plain_title="A donor of organs", main_message="One donor gave an organ.")
    for text in ("dolor", "vejiga"):
        page = client.get("/search", query_string={"q": text}).text
        assert f'href="/research/{found.slug}"' in page
        assert "Showing results for" not in page and "Did you mean" not in page
        assert '<p class="did" lang="es">Aquí buscamos en los textos en inglés:' in page
        assert f'<a href="/es/search?q={text}" hreflang="es">Buscar en español</a>' in page
        assert f'value="{text}"' in page


def test_spanish_without_a_summary_is_not_corrected_either(client: PageClient, add: Adds) -> None:
    add(plain_title="A donor of organs")
    page = client.get("/search?q=dolor en el hombro").text
    assert "Did you mean" not in page and "Buscar en español" in page
