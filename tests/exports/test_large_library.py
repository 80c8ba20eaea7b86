"""What lists every summary takes no more memory in a large library: the sitemap in parts, files in pieces."""

import gzip
from itertools import chain
from xml.etree import ElementTree

import brotli
import pytest
from flask import Flask

from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.test_query_counts import counted
from webapp.catalog import queries
from webapp.catalog.standing_questions import count_answers
from webapp.db.session import db
from webapp.exports import views
from webapp.exports.library_files import FILES
from webapp.models import Article
from webapp.publishing.publication import withdraw

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
FILE = "/data/articles.csv"


def places(client: PageClient, path: str) -> list[str]:
    response = client.get(path)
    assert response.mimetype == "application/xml"
    return [element.text or "" for element in ElementTree.fromstring(response.text).iter(LOC)]


def test_a_large_sitemap_has_parts_that_name_every_page_once(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = places(client, "/sitemap.xml")
    monkeypatch.setattr(views, "IDS_IN_SITEMAP", 2)
    articles = [add_article() for _ in range(5)]
    withdraw(articles[3], "", NOW)
    db.session.commit()
    parts = places(client, "/sitemap.xml")
    assert parts == [f"http://localhost/sitemap-{number}.xml" for number in (1, 2, 3)]
    listed = [places(client, part.removeprefix("http://localhost")) for part in parts]
    summaries = [
        f"http://localhost/research/{article.slug}" for article in articles if article != articles[3]
    ]
    assert sorted(chain.from_iterable(listed)) == sorted(whole + summaries)
    assert max(map(len, listed[1:])) <= 2
    client.get("/sitemap-4.xml", status=404)


@pytest.mark.parametrize("ending", FILES)
def test_head_tells_of_a_file_what_get_does(client: PageClient, ending: str) -> None:
    add_article()
    for encoding in ("br", "gzip", "identity"):
        whole, head = (
            client.flask.open(
                f"/data/articles.{ending}", method=method, headers={"Accept-Encoding": encoding}
            )
            for method in ("GET", "HEAD")
        )
        assert (whole.status_code, head.data) == (200, b"")
        assert whole.data
        assert dict(head.headers) == dict(whole.headers)


def test_a_program_that_has_the_file_is_told_so_until_something_changes(client: PageClient) -> None:
    first = add_article()
    mark = client.get(FILE).headers["ETag"]
    unchanged = client.get(FILE, headers={"If-None-Match": mark}, status=304)
    assert (unchanged.data, unchanged.headers["ETag"]) == (b"", mark)
    second = add_article()
    response = client.get(FILE, headers={"If-None-Match": mark})
    assert first.slug in response.text and second.slug in response.text
    withdraw(second, "", NOW)
    db.session.commit()
    assert second.slug not in client.get(FILE, headers={"If-None-Match": response.headers["ETag"]}).text


def test_a_file_is_compressed_while_it_is_sent(client: PageClient) -> None:
    add_article(plain_title="“None.” García")
    plain = client.get(FILE).data
    packed = {name: client.get(FILE, headers={"Accept-Encoding": name}).data for name in ("br", "gzip")}
    assert brotli.decompress(packed["br"]) == gzip.decompress(packed["gzip"]) == plain


def test_a_file_reads_no_more_articles_than_it_has_sent(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BATCH_SIZE", 2)
    slugs = [add_article().slug for _ in range(5)]
    with counted() as statements:
        pieces = client.flask.get("/data/articles.jsonl", buffered=False).iter_encoded()
        sent = next(pieces) or next(pieces)
    assert [slug in sent.decode() for slug in slugs] == [True, True, False, False, False]
    assert sum("FROM article " in statement for statement in statements) == 1


def test_no_transaction_is_open_while_a_batch_is_used(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who downloads slowly would hold it: SQLite's log would grow, and PostgreSQL would end the connection."""
    monkeypatch.setattr(queries, "BATCH_SIZE", 1)
    for _ in range(2):
        add_article()
    seen: list[Article] = []
    for batch in queries.published_in_batches(db.engine):
        seen += batch
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert [article.id for article in seen] == sorted(article.id for article in seen)
    assert len(seen) == 2


def test_counting_answers_holds_few_articles(app: Flask) -> None:
    add_article()
    with counted() as statements:
        assert count_answers()[0].asked == 1
    assert "research_summary" not in statements[0]
