"""Citations to take away, of the paper and of our summary."""

import json
from datetime import date

import pytest

from tests.factories import NOW, add_article, content, publish
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Article
from webapp.models.values import Author, PaperStatus

PAPER = {
    "title": "Pain & {spasms}: 50% of $5_000 #1 ~ ^",
    "doi": "10.5555/x_y",
    "pmid": "123",
    "journal": "Journal of Pain",
    "published_on": "2021-03-04",
    "volume": "12",
    "issue": "3",
    "pages": "100-9",
    "authors": [
        Author(family="Doe", given="Jo Ann"),
        Author(family="van der Berg", given="P.-J."),
        Author(family="The Group"),
    ],
}


@pytest.fixture
def article(client: PageClient) -> Article:
    return add_article(slug="cited", paper=PAPER)


def test_ris_has_the_facts_of_the_paper(client: PageClient, article: Article) -> None:
    response = client.get("/research/cited.ris")
    assert response.mimetype == "application/x-research-info-systems"
    assert response.headers["Content-Disposition"] == 'attachment; filename="cited.ris"'
    assert response.text.split("\r\n") == [
        "TY  - JOUR",
        "AU  - Doe, Jo Ann",
        "AU  - van der Berg, P.-J.",
        "AU  - The Group",
        "TI  - Pain & {spasms}: 50% of $5_000 #1 ~ ^",
        "T2  - Journal of Pain",
        "PY  - 2021",
        "DA  - 2021/03/04",
        "VL  - 12",
        "IS  - 3",
        "SP  - 100",
        "EP  - 9",
        "DO  - 10.5555/x_y",
        "AN  - 123",
        "UR  - https://doi.org/10.5555/x_y",
        "ER  - ",
        "",
    ]


def test_bibtex_escapes_what_tex_would_act_on(client: PageClient, article: Article) -> None:
    text = client.get("/research/cited.bib").text
    assert text.startswith("@article{doe2021pain,\n")
    assert (
        r"title = {{Pain \& \{spasms\}: 50\% of \$5\_000 \#1 \textasciitilde{} \textasciicircum{}}}" in text
    )
    assert "author = {{Doe}, Jo Ann and {van der Berg}, P.-J. and {The Group}}" in text
    assert "pages = {100--9}" in text
    assert text.count("{") == text.count("}")


def test_csl_json_has_the_facts_of_the_paper(client: PageClient, article: Article) -> None:
    (reference,) = json.loads(client.get("/research/cited.json").text)
    assert reference["type"] == "article-journal"
    assert reference["issued"] == {"date-parts": [[2021, 3, 4]]}
    assert reference["author"][0] == {"family": "Doe", "given": "Jo Ann"}
    assert reference["author"][2] == {"literal": "The Group"}
    assert reference["DOI"] == "10.5555/x_y"


@pytest.mark.parametrize("ending", ["ris", "bib", "json"])
def test_our_summary_can_be_cited_with_its_flags(client: PageClient, article: Article, ending: str) -> None:
    text = client.get(f"/research/cited.{ending}?of=summary").text
    assert "http://localhost/research/cited" in text
    assert "People · About spinal cord injury: yes · Randomized trial" in text


@pytest.mark.parametrize("ending", ["ris", "bib", "json"])
def test_a_retraction_stands_in_every_citation(client: PageClient, ending: str) -> None:
    paper = PAPER | {
        "status": PaperStatus.RETRACTED,
        "status_on": date(2022, 1, 2),
        "status_note": "Figures were made up.",
    }
    add_article(slug="gone", paper=paper)
    for address in (f"/research/gone.{ending}", f"/research/gone.{ending}?of=summary"):
        text = client.get(address).text
        assert "RETRACTED: " in text
        assert "Figures were made up." in text
    assert "RETRACTED: Pain" in client.get("/research/gone").text


def test_a_program_can_ask_for_a_citation_by_content_type(client: PageClient, article: Article) -> None:
    response = client.get("/research/cited", headers={"Accept": "application/x-bibtex"})
    assert response.text.startswith("@article{")
    assert "Accept" in response.headers["Vary"]
    browser = client.get("/research/cited", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert browser.mimetype == "text/html"


def test_the_page_shows_the_citation_in_vancouver_style(client: PageClient, article: Article) -> None:
    page = client.get("/research/cited").text
    assert "Doe JA, van der Berg PJ, The Group. Pain &amp; {spasms}" in page
    assert "Journal of Pain. 2021;12(3):100-9. doi:10.5555/x_y" in page


def test_a_suffix_stands_where_each_format_wants_it(client: PageClient) -> None:
    king = Author(family="King", given="Max A.", suffix="Jr.", orcid="0000-0002-1825-0097")
    add_article(slug="king", paper=PAPER | {"authors": [king, Author(family="The Group")]})
    assert "AU  - King, Max A., Jr.\r\n" in client.get("/research/king.ris").text
    assert "author = {{King}, Jr., Max A. and {The Group}}" in client.get("/research/king.bib").text
    (reference,) = json.loads(client.get("/research/king.json").text)
    assert reference["author"][0] == {"family": "King", "given": "Max A.", "suffix": "Jr."}
    page = client.get("/research/king").text
    assert "King MA Jr, The Group. Pain" in page
    assert "By Max A. King Jr., The Group" in page
    assert 'name="citation_author" content="King, Max A., Jr."' in page
    person = {"@type": "Person", "name": "Max A. King Jr.", "sameAs": "https://orcid.org/0000-0002-1825-0097"}
    assert json.dumps(person, separators=(",", ":")) in page


def test_a_citation_follows_its_article(client: PageClient, article: Article) -> None:
    publish(content(slug="renamed", paper=PAPER), NOW, article)
    db.session.commit()
    assert client.get("/research/cited.ris", status=301).headers["Location"] == "/research/renamed.ris"
    client.get("/research/nothing.ris", status=404)
    client.get("/research/renamed.exe", status=404)
