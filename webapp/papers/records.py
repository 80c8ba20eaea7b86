"""One record of an import file: what could be read from it, or why it is refused. Every reader gives these."""

import re
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.models import Article, Paper
from webapp.models.values import Author, PaperStatus

MOST_RECORDS = 500
TOO_MANY = f"This file holds more than {MOST_RECORDS} papers. Split it and import one part after another."
LONGEST_TEXT = 20_000  # as much as a field of the authoring form takes
IS_A_NOTICE = "This is a notice about another paper, not a paper."
NO_TITLE = "It has no title."

_SHORTER = {"journal": 300, "license": 300}  # what the form takes where the column has no limit
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_RETRACTED = re.compile(r"\W*(retracted|withdrawn)(\s+(article|paper))?\s*[:\])–—-]", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/(?:(?!</)[^\s\"])+")

Value = TypeVar("Value")


class Unreadable(ValueError):
    """Nothing in a file can be read; the message says why and what to do."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record: its content, or with ``reason`` what is known of a refused one. ``line`` counts from 1."""

    content: ArticleContent = ArticleContent()
    reason: str = ""
    line: int | None = None
    number: int = 0
    file: str = ""

    @property
    def place(self) -> str:
        """Where it stands, in words: "papers.ris, record 3, line 41"."""
        parts = [
            self.file,
            f"record {self.number}" if self.number else "",
            f"line {self.line}" if self.line else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def title(self) -> str:
        return self.content.paper.title


def refused(reason: str, line: int | None = None, title: str = "") -> Record:
    """A record that cannot be used, and why."""
    return Record(content=ArticleContent(paper=PaperContent(title=title)), reason=reason, line=line)


def finished(record: Record) -> Record:
    """The record as it may be kept: texts that a database and the form can hold, identifiers in one spelling."""
    content: ArticleContent = _clean(record.content)
    paper = content.paper
    paper = msgspec.structs.replace(
        paper,
        doi=find_doi(paper.doi),
        pmid=paper.pmid if re.fullmatch(r"\d{1,9}", paper.pmid) else "",
        pmcid=_pmcid(paper.pmcid),
        authors=_fitting_authors(paper.authors),
        mesh_terms=list(dict.fromkeys(paper.mesh_terms)),
        status=_status(paper),
    )
    if not paper.doi and not paper.pmid:
        paper = msgspec.structs.replace(
            paper, url=paper.url if re.fullmatch(r"https?://\S+", paper.url) else ""
        )
    else:
        paper = msgspec.structs.replace(paper, url="")
    content = _fitting(msgspec.structs.replace(content, paper=_fitting(paper, Paper)), Article)
    reason = record.reason or ("" if content.paper.title else NO_TITLE)
    return msgspec.structs.replace(record, content=content, reason=reason)


def find_doi(text: str) -> str:
    """The first DOI in a text, bare and in small letters; "" if there is none."""
    match = _DOI.search(text)
    doi = match.group(0).rstrip(".,;").lower() if match else ""
    return doi.removesuffix(")") if doi.count("(") < doi.count(")") else doi


def find_orcid(text: str) -> str:
    """The first ORCID iD in a text; "" if there is none."""
    match = re.search(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", text)
    return match.group(0) if match else ""


def person(name: str, orcid: str = "") -> Author:
    """An author written "Family, Given", or a group's name."""
    family, _, given = name.partition(",")
    return Author(family=one_line(family), given=one_line(given), orcid=orcid)


def one_line(text: str) -> str:
    """Text without line breaks and runs of white space."""
    return " ".join(text.split())


def _status(paper: PaperContent) -> PaperStatus:
    is_retracted = paper.status == PaperStatus.PUBLISHED and _RETRACTED.match(paper.title)
    return PaperStatus.RETRACTED if is_retracted else paper.status


def _pmcid(text: str) -> str:
    match = re.fullmatch(r"(?:PMC)?(\d{1,9})(?:\.\d+)?", text.strip(), re.IGNORECASE)
    return f"PMC{match.group(1)}" if match else ""


def _clean(value: Any) -> Any:
    """The same without characters that are no text, in every field."""
    found = value
    if type(value) is str:  # a member of a fixed list is none
        found = _UNWANTED.sub("", value).strip()
    elif isinstance(value, list):
        found = [one for one in map(_clean, value) if one]
    elif isinstance(value, msgspec.Struct):
        found = type(value)(**{name: _clean(getattr(value, name)) for name in value.__struct_fields__})
    return found


def _fitting_authors(authors: list[Author]) -> list[Author]:
    """The authors, or as many of the first ones as the form's field takes."""
    named = [author for author in authors if author.family]
    lengths = accumulate(len(f"{author.family}; {author.given}; {author.orcid};\n") for author in named)
    return [author for author, length in zip(named, lengths, strict=True) if length <= LONGEST_TEXT]


def _fitting(value: Value, model: type[Article] | type[Paper]) -> Value:
    """The same without single texts that are too long for their field: they are not what they say they are."""
    columns = model.__table__.c
    changes = {}
    for name in value.__struct_fields__:  # type: ignore[attr-defined]
        text = getattr(value, name)
        if isinstance(text, str) and name in columns:
            limit = _SHORTER.get(name) or getattr(columns[name].type, "length", None) or LONGEST_TEXT
            if len(text) > limit:
                changes[name] = ""
    return msgspec.structs.replace(value, **changes)  # type: ignore[type-var]
