"""The whole library, or some of it, in one file: CSV for spreadsheets, JSON Lines for programs, RIS and BibTeX for references."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from webapp.content.article_content import FACTS, to_json
from webapp.content.fact_words import fact_value, read_for
from webapp.content.sign_off_words import who_checked, written_by
from webapp.exports.citation_files import FORMATS, bibtex, ris
from webapp.exports.reference import paper_reference
from webapp.languages.language import gettext_noop
from webapp.models import Answer, Article, Live
from webapp.publishing import answers
from webapp.publishing.publication import content_of

# A spreadsheet takes a cell that starts like this for a formula, also after white space and in the wide forms of East Asia.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")


@dataclass(frozen=True)
class LibraryFile:
    """One format of the library: ending, label, content type, the function that writes some articles, and what goes first."""

    ending: str
    label: str
    mimetype: str
    write: Callable[[Iterable[Article], str], str]
    head: str = ""

    def pieces(self, batches: Iterable[Sequence[Article]], site_url: str) -> Iterator[str]:
        """The whole file, a batch of articles at a time: a large library would not fit into memory."""
        yield self.head
        for articles in batches:
            yield self.write(articles, site_url)


def csv_rows(articles: Iterable[Article], site_url: str) -> str:
    """One row for each article."""
    columns = _columns(site_url).values()
    return csv_text([value_of(article) for value_of in columns] for article in articles)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows for a spreadsheet (RFC 4180); what it would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        cells = ["" if value is None else str(value) for value in row]
        writer.writerow([f"'{cell}" if cell.lstrip().startswith(_FORMULA_STARTS) else cell for cell in cells])
    return out.getvalue()


def jsonl_text(articles: Iterable[Article], site_url: str) -> str:
    """One JSON object a line: everything an article says, without the paper's abstract, which belongs to its publisher."""
    lines = []
    for article in articles:
        said = to_json(content_of(article))
        said["paper"].pop("abstract", None)
        said["paper"]["read_from"] = article.paper.what_was_read
        said |= {name: fact_value(article, name) for name in FACTS}
        lines.append(_json_line(article, f"{site_url}/research/{article.slug}", said))
    return "".join(lines)


def answers_jsonl(published: Iterable[Answer], site_url: str) -> str:
    """One JSON object a line: everything an answer says."""
    return "".join(
        _json_line(answer, f"{site_url}/answers/{answer.slug}", to_json(answers.content_of(answer)))
        for answer in published
    )


def _json_line(live: Live, address: str, said: dict[str, Any]) -> str:
    """A line of a file: where a text is and who checked it, then what it says and who wrote it."""
    line = {
        "address": address,
        "updated_on": live.updated_at.date().isoformat(),
        "who_checked": who_checked(live),
        "sign_offs": msgspec.to_builtins(live.sign_offs),
        **said,
        "written_by": written_by(live),
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def ris_text(articles: Iterable[Article], site_url: str) -> str:  # noqa: ARG001  # the papers' own addresses
    """The papers of all articles as RIS."""
    return ris([paper_reference(article) for article in articles])


def bibtex_text(articles: Iterable[Article], site_url: str) -> str:  # noqa: ARG001  # the papers' own addresses
    """The papers of all articles as BibTeX. Two papers never share a key: LaTeX would refuse the file."""
    references, counts = [], Counter[str]()
    for reference in map(paper_reference, articles):
        counts[reference.key] += 1
        number = counts[reference.key]
        references.append(replace(reference, key=f"{reference.key}-{number}") if number > 1 else reference)
    return bibtex(references)


def _described(pairs: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in pairs)


def _columns(site_url: str) -> dict[str, Callable[[Article], object]]:
    return {
        "slug": lambda article: article.slug,
        "address": lambda article: f"{site_url}/research/{article.slug}",
        "title": lambda article: article.title,
        "paper_title": lambda article: article.paper.title,
        "doi": lambda article: article.paper.doi,
        "pmid": lambda article: article.paper.pmid,
        "journal": lambda article: article.paper.journal,
        "paper_published_on": lambda article: article.paper.published_on,
        "paper_status": lambda article: article.paper.status,
        "categories": lambda article: "; ".join(article.topics),
        "subject": lambda article: article.subject,
        "species": lambda article: article.species,
        "about_sci": lambda article: article.about_sci,
        "study_kind": lambda article: article.study_kind,
        "evidence_step": lambda article: article.study_kind.step,
        "result": lambda article: "" if article.paper.is_retracted else article.result,
        "main_message": lambda article: article.takeaway,
        "read_from": lambda article: article.paper.what_was_read,
        "sample_size": lambda article: fact_value(article, "sample_size"),
        "study_duration": lambda article: fact_value(article, "study_duration"),
        "harms": lambda article: fact_value(article, "harms"),
        "harms_read": lambda article: read_for(article, "harms"),
        "funding": lambda article: fact_value(article, "funding"),
        "people": lambda article: _described(article.people.words.items()),
        "since_then": lambda article: _described((row.on, row.text) for row in article.since_then),
        "registrations": lambda article: fact_value(article, "registrations"),
        "who_checked": who_checked,
        "published_on": lambda article: article.published_at.date(),
        "updated_on": lambda article: article.updated_at.date(),
    }


FILES = {
    file.ending: file
    for file in (
        # without the byte-order mark, Excel guesses the encoding
        LibraryFile(
            "csv",
            gettext_noop("CSV, for spreadsheets"),
            "text/csv",
            csv_rows,
            f"\ufeff{','.join(_columns(''))}\r\n",
        ),
        LibraryFile("jsonl", gettext_noop("JSON Lines, for programs"), "application/jsonl", jsonl_text),
        LibraryFile("ris", gettext_noop("RIS, for Zotero and EndNote"), FORMATS["ris"].mimetype, ris_text),
    )
}
# What a search or a topic can be downloaded as.
LIST_FILES = {
    "ris": FILES["ris"],
    "bib": LibraryFile("bib", gettext_noop("BibTeX, for LaTeX"), FORMATS["bib"].mimetype, bibtex_text),
    "csv": FILES["csv"],
}
