"""Records in loose layouts, and the names in them."""

import json

import pytest

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import opened, press
from tests.factories import add_article
from tests.faults import fault
from tests.pages import PageClient
from webapp.models.values import Author
from webapp.papers.file_formats import BROKEN_LETTER, read
from webapp.papers.names import ONE_ON_EACH_LINE
from webapp.papers.names import read as read_names
from webapp.papers.records import NOT_ALL_AUTHORS, Record

FACTS = "17-facts-not-read"


def only(kind: str, file: str) -> Record:
    [record] = read((fault(kind) / file).read_bytes())
    assert not record.reason
    return record


def names(record: Record) -> list[str]:
    parts = ((author.family, author.given, author.suffix) for author in record.content.paper.authors)
    return ["/".join(filter(None, one)) for one in parts]


def test_a_value_goes_on_in_the_next_line() -> None:
    paper = only("07-ris-wrapped-title", "wrapped.ris").content.paper
    assert paper.title == "Swelling of the cord after a fall in rats: no gain with drug X"
    assert paper.journal == "J. Test"
    assert (
        paper.abstract
        == "BACKGROUND: one line of the abstract that was broken at eighty letters by the program."
    )


def test_a_tag_needs_no_blank_before_its_value() -> None:
    record = only("08-ris-tag-without-space", "no-space.ris")
    paper = record.content.paper
    assert (paper.title, paper.journal, paper.published_on) == ("Tags without a space", "J Test", "2020")
    assert paper.doi == "10.1000/ns.1" and names(record) == ["Doe/Jo"]


def test_authors_under_several_tags_are_all_read() -> None:
    record = only("09-ris-mixed-author-tags", "mixed.ris")
    assert names(record) == ["First/Ann", "Second/Ben", "Third/Cat"]


def test_others_are_no_author_but_a_note() -> None:
    record = only("11-bibtex-and-others", "others.bib")
    assert names(record) == ["Doe/Jo", "Roe/Al"]
    assert record.notes == (NOT_ALL_AUTHORS,)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("particles.json", ["van den Berg/Jan", "von Humboldt/Ada", "King/Max/Jr."]),
        ("suffix.nbib", ["King/MA/Jr.", "Roe/B/3rd"]),
        ("suffix.ris", ["King/Max/Jr.", "Roe/Ann"]),
        ("suffix.xml", ["King/Max/Jr."]),
    ],
)
def test_names_keep_their_parts(file: str, expected: list[str]) -> None:
    assert names(only("12-names-lose-parts", file)) == expected


def test_one_bad_byte_is_replaced_and_the_rest_stays() -> None:
    first, second = read((fault("14-one-bad-byte") / "one-bad-byte.ris").read_bytes())
    assert first.title == "Walking – the patient’s view of naïve cafés"
    assert names(first) == ["Müller/Jörg"] and first.notes == ()
    assert second.title == "Another paper with a � byte" and second.notes == (BROKEN_LETTER,)


def test_facts_are_read_where_they_are() -> None:
    paper = only(FACTS, "concatenated.bib").content.paper
    assert (paper.title, paper.published_on) == ("Walking again", "2020-10-10")
    paper = read((fault(FACTS) / "crossref-field.bib").read_bytes())[0].content.paper
    assert (paper.title, paper.journal, paper.published_on) == ("Paper of a meeting", "Test Meeting", "2019")
    assert only(FACTS, "indented.ris").title == "Indented record"
    assert names(only(FACTS, "ty-in-the-middle.ris")) == ["Doe/Jo"]
    assert only(FACTS, "subtitle.json").title == "Walking again: A randomized trial in 40 people"
    paper = only(FACTS, "pmid-elsewhere.json").content.paper
    assert (paper.pmid, paper.pmcid) == ("31000003", "PMC100")
    found = read((fault(FACTS) / "pmid-elsewhere.bib").read_bytes())
    assert [record.content.paper.pmid for record in found] == ["31000001", "31000002"]


def test_a_group_is_an_author_and_its_members_are_not() -> None:
    record = only("13-jats-group-author", "collab.xml")
    assert names(record) == ["Doe/Jo", "Cord Trial Group"]
    assert record.title == "Walking: a trial"


@pytest.fixture
def author_lines() -> str:
    return (fault("28-authors-on-one-line") / "paste-into-authors.txt").read_text().strip()


def test_authors_on_one_line_are_told_apart(client: PageClient, author_lines: str) -> None:
    assert [author.family for author in read_names(author_lines)] == ["Smith", "Doe", "Roe"]
    add_editor()
    sign_in(client)
    path = "/editor/summaries/new"
    saved = press(client, path, opened(client, path, paper__authors=author_lines), "save")
    assert "Smith, J\nDoe, A\nRoe, B" in client.get(saved.location).text
    unclear = opened(client, path, paper__authors="Smith, Jo, Walking again")
    assert ONE_ON_EACH_LINE in press(client, path, unclear, "save", status=422).text


def test_a_group_is_an_organization(client: PageClient) -> None:
    name = (fault("39-group-author-is-a-person") / "authors.txt").read_text().strip()
    add_article(slug="grouped", paper={"authors": read_names(name)})
    page = client.get("/research/grouped").text
    graph = json.loads(page.partition('application/ld+json">')[2].partition("</script>")[0])["@graph"]
    [paper] = [node for node in graph if node["@type"] == "MedicalScholarlyArticle"]
    assert paper["author"] == [{"@type": "Organization", "name": name}]
    assert read_names(name) == [Author(family=name)]
