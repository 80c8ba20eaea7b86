"""What a search or a topic shows, as files; and the page that lists the feeds."""

import csv
import io
import re
from html import unescape

import pytest
import rispy

from tests.factories import add_article
from tests.pages import PageClient
from webapp.exports import views
from webapp.models.values import PaperStatus, Subject
from webapp.search import indexing


def titles_in_csv(client: PageClient, path: str) -> list[str]:
    text = client.get(path).text.removeprefix("\ufeff")
    return [row["title"] for row in csv.DictReader(io.StringIO(text))]


@pytest.fixture
def client_with_three(client: PageClient) -> PageClient:
    """A library with two summaries about zebrafish, of which one is about animals, and another one."""
    add_article(plain_title="Zebrafish in people")
    add_article(plain_title="Zebrafish in rats", subject=Subject.ANIMALS, species="rats")
    add_article(plain_title="Strong bones", categories=["orthopedics"])
    indexing.catch_up()
    return client


def links_to_files(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a href="([^"]+)" rel="nofollow" download>', page)]


def test_a_search_links_to_files_of_what_it_shows(client_with_three: PageClient) -> None:
    page = client_with_three.get("/search?q=zebrafish&subject=animals&sort=newest").text
    assert "Download this summary" in page
    files = links_to_files(page)
    assert [file.partition("?")[0] for file in files] == ["/search.ris", "/search.bib", "/search.csv"]
    assert titles_in_csv(client_with_three, files[2]) == ["Zebrafish in rats"]
    assert titles_in_csv(client_with_three, "/search.csv?q=zebrafish&page=2") == [
        "Zebrafish in rats",
        "Zebrafish in people",
    ]


def test_a_topic_links_to_files_of_what_it_shows(client_with_three: PageClient) -> None:
    page = client_with_three.get("/categories/orthopedics").text
    files = links_to_files(page)
    assert files == [f"/categories/orthopedics.{ending}" for ending in ("ris", "bib", "csv")]
    assert titles_in_csv(client_with_three, files[2]) == ["Strong bones"]
    client_with_three.get("/categories/astrology.ris", status=404)


def test_the_files_are_for_reference_managers(client_with_three: PageClient) -> None:
    answer = client_with_three.get("/search.ris?q=zebrafish")
    assert answer.mimetype == "application/x-research-info-systems"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="search.ris"'
    assert answer.headers["Cache-Control"].startswith("public")
    assert len(rispy.loads(answer.text)) == 2


def test_two_papers_in_a_file_never_share_a_key(client: PageClient) -> None:
    for _ in range(3):
        add_article(paper={"title": "Effects of a pill"}, categories=["orthopedics"])
    keys = re.findall(r"^@article\{(.+),$", client.get("/categories/orthopedics.bib").text, re.MULTILINE)
    assert len(set(keys)) == len(keys) == 3


def test_a_file_says_which_papers_were_retracted(client: PageClient) -> None:
    paper = {"status": PaperStatus.RETRACTED, "status_note": "Made up."}
    add_article(categories=["orthopedics"], paper=paper)
    page = client.get("/categories/orthopedics").text
    for file in links_to_files(page):
        assert "RETRACTED: " in client.get(file).text
    assert "Download this summary" in page


def test_a_file_is_bounded_and_its_link_says_so(
    client_with_three: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_IN_LIST_FILE", 1)
    page = client_with_three.get("/search?q=zebrafish").text
    assert "Download the newest 1 of 2 summaries" in page
    assert len(titles_in_csv(client_with_three, "/search.csv?q=zebrafish")) == 1


def test_a_file_without_results_is_empty(client: PageClient) -> None:
    indexing.catch_up()
    assert client.get("/search.ris?q=zebrafish").text == ""
    assert "Download" not in client.get("/search?q=zebrafish").text


def test_a_file_waits_for_the_index_to_be_cached(client: PageClient) -> None:
    indexing.catch_up()
    add_article()
    assert client.get("/search.csv?q=pain").headers["Cache-Control"] == "no-store"


def test_the_feeds_page_lists_every_feed_and_what_is_newest(client_with_three: PageClient) -> None:
    page = client_with_three.get("/feeds").text
    assert 'href="/feeds"' in client_with_three.get("/about").text
    feeds = ["/feed.atom", "/corrections/feed.atom", "/newsletter/issues/feed.atom"]
    for path in [*feeds, "/categories/orthopedics/feed.atom"]:
        assert f'href="{path}"' in page
        assert client_with_three.get(path).mimetype == "application/atom+xml"
    assert "Zebrafish in rats" in page and "Animals (rats) · Randomized trial" in page
