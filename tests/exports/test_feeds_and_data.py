"""Feeds, structured data, the share card and the library as files."""

import csv
import io
import json
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from PIL import Image

from tests.factories import add_article
from tests.pages import PageClient
from webapp.content.article_content import CorrectionContent
from webapp.exports.jsonld import jsonld_text
from webapp.models.values import PaperStatus, Subject

A = "{http://www.w3.org/2005/Atom}"


def feed(client: PageClient, path: str) -> ElementTree.Element:
    response = client.get(path)
    assert response.mimetype == "application/atom+xml"
    tree = ElementTree.fromstring(response.text)
    for element in (tree, *tree.iter(f"{A}entry")):
        for name in ("title", "id", "updated"):
            assert element.findtext(f"{A}{name}"), f"no {name}"
    return tree


def test_the_feed_has_the_newest_with_their_flags(client: PageClient) -> None:
    add_article(plain_title="In rats & <mice>", subject=Subject.ANIMALS, species="rats")
    entry = feed(client, "/feed.atom").find(f"{A}entry")
    assert entry is not None
    title = entry.findtext(f"{A}title") or ""
    assert title.startswith("In rats & <mice> (Animals (rats) · About spinal cord injury: yes")


def test_a_retracted_paper_is_marked_in_the_feed(client: PageClient) -> None:
    add_article(paper={"status": PaperStatus.RETRACTED, "status_note": "Taken back."})
    assert "RETRACTED: " in client.get("/feed.atom").text


def test_each_category_has_a_feed(client: PageClient) -> None:
    add_article(plain_title="About pain")
    add_article(plain_title="About bones", categories=["orthopedics"])
    text = client.get("/categories/orthopedics/feed.atom").text
    assert "About bones" in text and "About pain" not in text
    client.get("/categories/astrology/feed.atom", status=404)


def test_corrections_have_a_page_and_a_feed(client: PageClient) -> None:
    add_article(
        corrections=[CorrectionContent(published_on=date(2026, 10, 1), text="We had a number wrong.")]
    )
    assert "We had a number wrong." in client.get("/corrections").text
    entry = feed(client, "/corrections/feed.atom").find(f"{A}entry")
    assert entry is not None and entry.findtext(f"{A}summary") == "We had a number wrong."


def test_an_empty_site_has_valid_feeds(client: PageClient) -> None:
    assert feed(client, "/feed.atom").find(f"{A}entry") is None
    assert "We have not corrected a summary yet." in client.get("/corrections").text
    feed(client, "/corrections/feed.atom")


def test_structured_data_names_the_page_and_the_paper(client: PageClient) -> None:
    article = add_article(paper={"published_on": "2021-03-04"})
    page = client.get(f"/research/{article.slug}").text
    match = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert match is not None
    graph = {node["@type"]: node for node in json.loads(match.group(1))["@graph"]}
    assert graph["MedicalWebPage"]["mainEntity"]["@id"] == graph["MedicalScholarlyArticle"]["@id"]
    assert graph["MedicalScholarlyArticle"]["datePublished"] == "2021-03-04"
    assert [step["position"] for step in graph["BreadcrumbList"]["itemListElement"]] == [1, 2, 3, 4]


@pytest.mark.proves("Web: structured data cannot end its script element")
def test_structured_data_cannot_end_its_script() -> None:
    text = jsonld_text([{"name": "</script><!-- & \u2028"}])
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["@graph"][0]["name"] == "</script><!-- & \u2028"


def test_the_head_tells_reference_managers_about_the_paper(client: PageClient) -> None:
    article = add_article()
    page = client.get(f"/research/{article.slug}").text
    assert f'<meta name="citation_doi" content="{article.paper.doi}">' in page
    assert '<meta name="citation_author" content="Doe, Jo">' in page
    assert f'type="application/x-bibtex" title="BibTeX" href="/research/{article.slug}.bib"' in page


@pytest.mark.parametrize(
    "title", ["Short", "A title of many words " * 12, "Donaudampfschifffahrtsgesellschaft" * 4]
)
def test_the_share_card_is_a_picture_of_the_usual_size(client: PageClient, title: str) -> None:
    article = add_article(plain_title=title.strip())
    response = client.get(f"/research/{article.slug}/card-1.png")
    assert Image.open(io.BytesIO(response.data)).size == (1200, 630)
    assert len(response.data) < 100_000


def test_the_library_as_csv_has_a_row_an_article(client: PageClient) -> None:
    add_article(plain_title="=HYPERLINK(1)", paper={"abstract": "Not ours to give."})
    text = client.get("/data/articles.csv").text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["title"] == "'=HYPERLINK(1)"
    assert (row["subject"], row["evidence_step"], row["result"]) == ("people", "4", "no-clear-difference")
    assert "Not ours to give." not in text


def test_the_library_as_json_lines_has_all_an_article_says(client: PageClient) -> None:
    article = add_article(paper={"abstract": "Not ours to give."})
    (line,) = client.get("/data/articles.jsonl").text.splitlines()
    said = json.loads(line)
    assert said["slug"] == article.slug
    assert len(said["findings"]) == 2
    assert "abstract" not in said["paper"]


def test_the_library_as_ris_has_a_record_a_paper(client: PageClient) -> None:
    add_article()
    add_article()
    assert client.get("/data/articles.ris").text.count("TY  - JOUR") == 2


def test_the_data_page_says_what_changed_and_under_which_terms(client: PageClient) -> None:
    article = add_article()
    page = client.get("/data").text
    assert article.title in page
    assert "all rights reserved" in page
