"""The whole library in one file: CSV for spreadsheets, JSON Lines for programs, RIS for reference managers."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.content.article_content import to_json
from webapp.exports.reference import paper_reference
from webapp.exports.ris import MIMETYPE as RIS
from webapp.exports.ris import ris
from webapp.models import Article
from webapp.publishing.publication import content_of

# A spreadsheet takes a cell that starts like this for a formula, also after white space and in the wide forms of East Asia.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")

COLUMNS = (
    "slug",
    "address",
    "title",
    "paper_title",
    "doi",
    "pmid",
    "journal",
    "paper_published_on",
    "paper_status",
    "categories",
    "subject",
    "species",
    "about_sci",
    "study_kind",
    "evidence_step",
    "result",
    "main_message",
    "sample_size",
    "study_duration",
    "harms",
    "funding",
    "trial_number",
    "published_on",
    "updated_on",
)


@dataclass(frozen=True)
class LibraryFile:
    """One format of the library: ending, label, content type, and the function that writes it."""

    ending: str
    label: str
    mimetype: str
    write: Callable[[Sequence[Article], str], str]


def csv_text(articles: Sequence[Article], site_url: str) -> str:
    """One row for each article (RFC 4180), after the column names. Without the byte-order mark, Excel guesses the encoding."""
    out = io.StringIO("\ufeff")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for article in articles:
        row = _row(article, site_url)
        cells = ["" if row[name] is None else str(row[name]) for name in COLUMNS]
        writer.writerow([f"'{cell}" if cell.lstrip().startswith(_FORMULA_STARTS) else cell for cell in cells])
    return out.getvalue()


def jsonl_text(articles: Sequence[Article], site_url: str) -> str:
    """One JSON object a line: everything an article says, without the paper's abstract, which belongs to its publisher."""
    lines = []
    for article in articles:
        said = to_json(content_of(article))
        said["paper"].pop("abstract", None)
        found = {
            "address": f"{site_url}/research/{article.slug}",
            "updated_on": article.updated_at.date().isoformat(),
        }
        lines.append(json.dumps(found | said, ensure_ascii=False) + "\n")
    return "".join(lines)


def ris_text(articles: Sequence[Article], site_url: str) -> str:  # noqa: ARG001  # the papers' own addresses
    """The papers of all articles as RIS."""
    return ris([paper_reference(article) for article in articles])


FILES = {
    file.ending: file
    for file in (
        LibraryFile("csv", "CSV, for spreadsheets", "text/csv", csv_text),
        LibraryFile("jsonl", "JSON Lines, for programs", "application/jsonl", jsonl_text),
        LibraryFile("ris", "RIS, for reference managers", RIS, ris_text),
    )
}


def _row(article: Article, site_url: str) -> dict[str, Any]:
    paper = article.paper
    return {
        "slug": article.slug,
        "address": f"{site_url}/research/{article.slug}",
        "title": article.title,
        "paper_title": paper.title,
        "doi": paper.doi,
        "pmid": paper.pmid,
        "journal": paper.journal,
        "paper_published_on": paper.published_on,
        "paper_status": paper.status.value,
        "categories": "; ".join(category.name for category in article.categories),
        "subject": article.subject.value,
        "species": article.species,
        "about_sci": article.about_sci.value,
        "study_kind": article.study_kind.value,
        "evidence_step": article.study_kind.step,
        "result": article.result.value,
        "main_message": article.main_message,
        "sample_size": article.sample_size,
        "study_duration": article.study_duration,
        "harms": article.harms,
        "funding": article.funding,
        "trial_number": article.trial_number,
        "published_on": article.published_at.date().isoformat(),
        "updated_on": article.updated_at.date().isoformat(),
    }
