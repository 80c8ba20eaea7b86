"""Identifiers with something around them, as files and people give them."""

from datetime import date

from flask import Flask

from tests.factories import content
from tests.faults import fault
from webapp.content.checks import errors
from webapp.papers import importing, retraction_watch
from webapp.papers.file_formats import read


def test_braces_of_web_of_science_are_no_part_of_the_doi() -> None:
    folder = fault("01-bibtex-double-brace-doi")
    [record] = read((folder / "wos.bib").read_bytes())
    paper = record.content.paper
    assert paper.doi == "10.1000/sc.2020.77"
    with (folder / "retraction-watch.csv").open(encoding="utf-8-sig", newline="") as lines:
        listed = retraction_watch.read(lines, {paper.doi})
    assert listed.notice_about(paper.doi, paper.pmid).status.gravity


def test_the_same_paper_from_another_database_is_a_duplicate(app: Flask) -> None:
    own = read((fault("01-bibtex-double-brace-doi") / "wos.bib").read_bytes())
    other = read("TY  - JOUR\nTI  - Another title\nDO  - 10.1000/SC.2020.77\nER  - \n")
    assert [record.title for record, _ in importing.plan([*own, *other]).duplicates] == ["Another title"]


def test_whatever_stands_around_a_doi_is_left_out() -> None:
    records = read((fault("15-doi-with-something-around-it") / "dois.ris").read_bytes())
    sici = "10.1002/1097-0000(19990815)57:4<449::aid-a10>3.0.co;2-x"
    dois = ["10.3389/a9" if n == 9 else sici if n == 10 else f"10.1000/a{n}" for n in range(1, 12)]
    assert [record.content.paper.doi for record in records] == dois


def test_a_year_in_the_future_is_an_error() -> None:
    values = (fault("34-year-in-the-future") / "values.txt").read_text(encoding="utf-8").split()
    for value in values:
        found = errors(content(paper={"published_on": value}), today=date(2026, 11, 28))
        assert [error.field for error in found] == ["paper-published_on"]
