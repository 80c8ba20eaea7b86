"""Real export files of many databases, which are not part of the project."""

import os
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import STARTER
from webapp.content.article_content import ArticleContent, from_toml
from webapp.content.number_check import Trace, numbers
from webapp.content.source_text import source_text
from webapp.papers import file_formats, importing

FORMATS = Path(__file__).resolve().parents[3] / "shared" / "data" / "formats"
# What each folder holds, by hand: how many records can be read, and how many are refused.
EXPECTED = {
    "bib": (9, 0),
    "crossref": (279, 11),
    "jats": (11, 0),
    "nbib": (108, 1),  # a corrigendum that PubMed lists as a paper
    "pubmed_xml": (24, 0),
    "ris": (297, 1),
}


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Find the files; without them these tests are skipped with a reason, and fail in CI."""
    found = sorted(path for path in FORMATS.glob("*/*") if path.is_file())
    if not found:
        reason = "the export files (../shared/data/formats) are not beside this project"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def test_every_real_file_imports_or_is_refused_with_reasons(
    app: Flask, files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    read, refused = Counter[str](), Counter[str]()
    for file in files:
        records = file_formats.read(file.read_bytes(), file.name)
        plan = importing.plan(records)
        assert len(plan.new) + len(plan.duplicates) + len(plan.refused) == len(records)
        assert all(record.reason.endswith(".") for record in plan.refused)
        read[file.parent.name] += len(plan.new) + len(plan.duplicates)
        refused[file.parent.name] += len(plan.refused)
    with capsys.disabled():
        print(  # noqa: T201  # this count is wanted
            f"\n{len(files)} real export files: {read.total()} records read, {refused.total()} refused with reasons"
        )
    assert {name: (read[name], refused[name]) for name in read} == EXPECTED


def test_every_record_has_the_fields_of_its_database(files: list[Path]) -> None:
    for file in files:
        papers = [
            record.content.paper for record in file_formats.read(file.read_bytes()) if not record.reason
        ]
        if file.parent.name in ("nbib", "pubmed_xml", "jats"):
            assert all(
                paper.pmid and paper.journal and paper.published_on and paper.authors for paper in papers
            ), file
        if file.parent.name == "ris":
            assert all(paper.journal or "1099" in file.name for paper in papers), file
            assert all(paper.published_on for paper in papers), file


def test_jats_gives_funding_and_conflicts_of_interest(files: list[Path]) -> None:
    papers = [file_formats.read(file.read_bytes())[0].content for file in files if file.parent.name == "jats"]
    assert sum(bool(paper.funding) for paper in papers) == 3
    assert sum(bool(paper.conflicts_of_interest) for paper in papers) == 5
    assert sorted(entry.number for paper in papers for entry in paper.registrations) == [
        "NCT00434018",
        "NCT01597518",
        "NCT02833935",
    ]
    assert sum(paper.paper.license.startswith("CC") for paper in papers) == 9
    assert all(paper.paper.abstract for paper in papers)


def test_numbers_of_a_summary_are_found_in_the_paper_and_its_tables(files: list[Path]) -> None:
    summaries = {
        article.paper.title.casefold(): article
        for file in (STARTER / "articles").glob("*.toml")
        for article in [from_toml(file.read_text(encoding="utf-8"), ArticleContent)]
    }
    counts = Counter[str]()
    for file in (file for file in files if file.parent.name == "jats"):
        [record] = file_formats.read(file.read_bytes())
        article = summaries.get(record.title.casefold())
        if article is not None:
            for name, sections in (("with its text", record.sections), ("abstract", ())):
                found = numbers(article, source_text(record.content.paper, tuple(sections)))
                missing = [
                    row for row in found if row.trace is Trace.MISSING and row.field.startswith("findings")
                ]
                counts[name] += len(missing)
            counts["papers"] += 1
    assert (counts["papers"], counts["with its text"]) == (5, 0)
    assert counts["abstract"] > 5
