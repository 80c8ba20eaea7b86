"""Citations to take away, of the paper and of our summary."""

import dataclasses
import json
from datetime import date

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW, add_article, content, publish
from tests.pages import PageClient
from webapp.db.session import db
from webapp.exports.citation_files import bibtex, csl, ris
from webapp.exports.jsonld import article_graph
from webapp.exports.reference import Reference, paper_reference, vancouver, vancouver_name
from webapp.models import Article
from webapp.models.values import Author, PaperStatus
from webapp.papers.bibtex import records as read_bibtex

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
        "EP  - 109",
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
    assert "pages = {100--109}" in text
    assert text.count("{") == text.count("}")


def test_csl_json_has_the_facts_of_the_paper(client: PageClient, article: Article) -> None:
    (reference,) = json.loads(client.get("/research/cited.json").text)
    assert reference["type"] == "article-journal"
    assert reference["issued"] == {"date-parts": [[2021, 3, 4]]}
    assert reference["author"][0] == {"family": "Doe", "given": "Jo Ann"}
    assert reference["author"][2] == {"literal": "The Group"}
    assert reference["DOI"] == "10.5555/x_y"
    assert reference["page"] == "100-109"


@pytest.mark.parametrize(
    ("pages", "first", "last"),
    [
        ("100-9", "100", "109"),
        ("100–109", "100", "109"),
        ("100 -- 109", "100", "109"),
        ("1193-203", "1193", "1203"),
        ("9-12", "9", "12"),
        ("739-739", "739", "739"),
        ("S12-8", "S12", "S18"),
        ("S12-S18", "S12", "S18"),
        ("S9-12", "S9", "S12"),
        ("e90-e95", "e90", "e95"),
        ("e123-30", "e123", "e130"),
        ("1061.e1-8", "1061.e1", "1061.e8"),
        ("1061.e1-1065", "1061.e1", "1065"),
        ("12A-13A", "12A", "13A"),
        ("120-3", "120", "123"),
        ("129-3", "129", "3"),
        ("12A-3A", "12A", "13A"),
        ("P123-P5", "P123", "P125"),
        ("xii–xv", "xii", "xv"),
        ("pp. 100-9", "100", "109"),
        ("ENEURO.0123-21.2021", "ENEURO.0123-21.2021", ""),
        ("OP-12", "OP-12", ""),
        ("e0297116", "e0297116", ""),
        ("104", "104", ""),
        ("123-+", "123", ""),
        ("123+", "123", ""),
        ("123-", "123", ""),
        ("12-4, 20", "12", "14, 20"),
        ("1021-34; discussion 1035-6", "1021", "1034; discussion 1035-1036"),
        ("Article 7", "Article 7", ""),
        ("", "", ""),
    ],
)
def test_pages_are_given_in_full(client: PageClient, pages: str, first: str, last: str) -> None:
    reference = paper_reference(add_article(paper=PAPER | {"pages": pages}))
    assert reference.page_range == (first, last)
    lines = ris([reference]).splitlines()
    assert [line for line in lines if line[:2] in ("SP", "EP")] == [
        f"{tag}  - {page}" for tag, page in (("SP", first), ("EP", last)) if page
    ]
    assert json.loads(csl([reference]))[0].get("page", "") == "-".join(filter(None, (first, last)))


def test_a_group_stays_a_group_in_every_format(client: PageClient) -> None:
    names = ["Department of Health, Education, and Welfare", "Centers for Disease Control and Prevention"]
    groups = [Author(family=name) for name in names]
    article = add_article(slug="groups", paper=PAPER | {"authors": groups})
    lines = client.get("/research/groups.ris").text.splitlines()
    assert [line for line in lines if line.startswith("AU")] == [
        "AU  - Department of Health Education and Welfare",
        "AU  - Centers for Disease Control and Prevention",
    ]
    text = client.get("/research/groups.bib").text
    assert f"author = {{{{{names[0]}}} and {{{names[1]}}}}}" in text
    (record,) = read_bibtex(text)
    assert record.content is not None and record.content.paper.authors == groups
    (reference,) = json.loads(client.get("/research/groups.json").text)
    assert reference["author"] == [{"literal": name} for name in names]
    paper = article_graph(article, "https://site.example")[1]
    assert paper["author"] == [{"@type": "Organization", "name": name} for name in names]


@pytest.mark.parametrize(
    ("given", "initials"),
    [("Jo and Al", "JAA"), ("Jo, PhD", "JP"), ("'Abd", "A"), ("D'Arcy (Jo)", "DJ"), ("J.-P. Émile", "JPÉ")],
)
def test_a_given_name_stays_one_part_of_one_name(given: str, initials: str) -> None:
    author = Author(family="Doe", given=given, suffix="Jr.")
    text = bibtex([dataclasses.replace(cited("Walking"), authors=(author, author))])
    (record,) = read_bibtex(text)
    assert record.content is not None
    assert [row.family for row in record.content.paper.authors] == ["Doe", "Doe"]
    assert vancouver_name(author) == f"Doe {initials} Jr"


@pytest.mark.parametrize("end", ["?", "!", "...", ""])
def test_a_reference_in_words_has_one_mark_after_the_title(end: str) -> None:
    assert vancouver(cited(f"Does it help{end}")).count(f"Does it help{end or '.'} Journal. 2021. ") == 1


def cited(title: str) -> Reference:
    return Reference(
        key="key",
        is_webpage=False,
        title=title,
        authors=(Author(family=title),),
        container="Journal",
        published_on="2021",
        url=f"https://example.org/{title}",
        note=title,
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_no_title_breaks_a_bibtex_file(title: str) -> None:
    library = parse_string(bibtex([cited(title), cited("Next")]))
    assert library.failed_blocks[1:] == []  # the second has the key of the first
    (entry,) = library.entries
    assert entry.fields_dict["journal"].value == "Journal"
    assert "\n" not in entry.fields_dict["title"].value


@given(st.lists(st.sampled_from([*"\\$&#%_@,=aB ", "{", "{a}", "{}"]), min_size=1).map("".join))
def test_our_import_reads_the_signs_of_a_bibtex_title_back(title: str) -> None:
    title += "}" * (title.count("{") - title.count("}"))
    (record,) = read_bibtex(bibtex([cited(f"X{title}X")]))
    assert record.content is not None
    assert record.content.paper.title == " ".join(f"X{title}X".split())


@pytest.mark.parametrize("ending", ["ris", "bib", "json"])
def test_our_summary_can_be_cited_with_its_flags(client: PageClient, article: Article, ending: str) -> None:
    text = client.get(f"/research/cited.{ending}?of=summary").text
    assert "http://localhost/research/cited" in text
    assert "People · Randomized trial · Result: no clear difference" in text


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
