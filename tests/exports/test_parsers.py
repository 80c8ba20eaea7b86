"""Well-known readers of each format get the facts of every paper of the starter library back."""

import json
import warnings

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from flask import Flask
from sqlalchemy import select

from webapp.db.session import db
from webapp.exports.citation_files import bibtex, csl, ris
from webapp.exports.reference import Reference, paper_reference, summary_reference
from webapp.models import Article


@pytest.fixture
def articles(starter_app: Flask) -> list[Article]:
    return list(db.session.scalars(select(Article).order_by(Article.slug)))


@pytest.fixture
def references(articles: list[Article]) -> list[Reference]:
    return [paper_reference(article) for article in articles]


def test_rispy_reads_the_facts_back(references: list[Reference]) -> None:
    entries = rispy.loads(ris(references))
    assert len(entries) == len(references) >= 60
    for entry, reference in zip(entries, references, strict=True):
        assert entry["type_of_reference"] == "JOUR"
        assert entry["title"] == reference.title
        assert entry["secondary_title"] == reference.container
        assert entry["year"] == reference.published_on[:4]
        assert entry.get("doi", "") == reference.doi
        assert len(entry.get("authors", [])) == len(reference.authors)
        assert entry.get("volume", "") == reference.volume


def test_bibtexparser_reads_the_facts_back(references: list[Reference]) -> None:
    library = parse_string(bibtex(references))
    assert library.failed_blocks == []
    entries = {_plain(entry.fields_dict["title"].value): entry for entry in library.entries}
    for reference in references:
        entry = entries[_plain(reference.title)]
        assert entry.entry_type == "article"
        assert _plain(entry.fields_dict["journal"].value) == _plain(reference.container)
        assert entry.fields_dict["year"].value == reference.published_on[:4]


def test_citeproc_writes_each_paper_in_a_style(references: list[Reference]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = CiteProcJSON([row | {"id": str(n)} for n, row in enumerate(json.loads(csl(references)))])
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        bibliography = CitationStylesBibliography(style, source, formatter.plain)
        for number in range(len(references)):
            bibliography.register(Citation([CitationItem(str(number))]))
        lines = [str(item) for item in bibliography.bibliography()]
    assert len(lines) == len(references)
    for reference in references:
        assert any(_plain(reference.title)[:40] in _plain(line) for line in lines), reference.title


def test_our_summaries_are_read_back_too(articles: list[Article]) -> None:
    rows = [summary_reference(article, "https://example.org") for article in articles]
    entries = rispy.loads(ris(rows))
    assert [entry["title"] for entry in entries] == [article.title for article in articles]
    assert all("Result: " in " ".join(entry["notes"]) for entry in entries)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
