"""The search page as a visitor meets it."""

from tests.factories import NOW, add_article
from tests.pages import PageClient
from webapp.search import indexing


def test_an_article_is_found_by_a_word_of_its_text(client: PageClient) -> None:
    add_article(plain_title="A zebrafish study", slug="zebra")
    indexing.catch_up(NOW)
    page = client.get("/search?q=zebrafish")
    assert "1 summary for “zebrafish”" in page.text
    assert "/research/zebra" in page.text
