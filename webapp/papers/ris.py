"""RIS in the dialects of many databases and reference managers. rispy reads the lines, one record at a time.

The format is loose: each database has its own tags for the same thing, so every field is looked for in several.
"""

import re
from collections.abc import Iterator

import rispy

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.models.values import Author, PaperStatus
from webapp.papers import dates
from webapp.papers.records import Record, find_doi, one_line, person

_START = re.compile(r"TY {1,2}- ?")
_TAG = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: |$)")
_MARK_UP = re.compile(r"</?(?:p|i|b|u|em|strong|sub|sup|span|inf)\b[^<>]*>", re.IGNORECASE)
_PUBMED_LINK = re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d{1,9})")
_PMC_LINK = re.compile(r"\bPMC\d{1,9}\b")
_OVID_NUMBER = re.compile(r"ovid\S*[?&]AN=(\d{1,8})\b")
_LINKS = ("UR", "L2", "L1", "L3", "LK")

Fields = dict[str, list[str]]


class _OwnNames(dict[str, str]):
    """Every tag is called what it is called in the file."""

    def __missing__(self, tag: str) -> str:
        return tag


class _AllTags(list[str]):
    """Every tag may come more than once."""

    def __contains__(self, tag: object) -> bool:
        return True


def is_ris(text: str) -> bool:
    """Does a text look like this format?"""
    return re.search(r"^TY {1,2}- ?", text, re.MULTILINE) is not None


def records(text: str) -> Iterator[Record]:
    """Every record; one whose end is missing ends where the next one begins."""
    lines = re.split(r"\r\n|\r|\n", text)
    starts = [at for at, line in enumerate(lines) if _START.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        chunk = [_TAG.sub(r"\1  - ", line, count=1) for line in lines[start:end]]
        [fields] = rispy.loads(
            "\n".join([*chunk, "ER  - "]),
            mapping=_OwnNames(),
            list_tags=_AllTags(),
            delimiter_tags_mapping={},
        )[:1]
        yield Record(content=_content(fields), line=start + 1)


def _content(fields: Fields) -> ArticleContent:
    links = " ".join(value for tag in (*_LINKS, "C2", "N1") for value in fields.get(tag, []))
    is_retracted = _first(fields, "M3").lower() == "retracted"
    paper = PaperContent(
        title=_MARK_UP.sub("", _first(fields, "TI", "T1", "CT", "BT")),
        doi=_doi(fields),
        pmid=_pmid(fields, links),
        pmcid=next(iter(_PMC_LINK.findall(links)), ""),
        url=next((link for tag in _LINKS for link in fields.get(tag, []) if link.startswith("http")), ""),
        journal=_first(fields, "T2", "JF", "JO", "JA", "J2"),
        published_on=_published_on(fields),
        volume=_first(fields, "VL"),
        issue=_first(fields, "IS"),
        pages=_pages(fields),
        abstract=_MARK_UP.sub("", "\n\n".join(_texts(fields, "AB") or _texts(fields, "N2"))),
        authors=[_author(name) for name in fields.get("AU") or fields.get("A1") or []],
        status=PaperStatus.RETRACTED if is_retracted else PaperStatus.PUBLISHED,
    )
    return ArticleContent(paper=paper)


def _author(name: str) -> Author:
    """ "Doe, Jo", or Embase's "Doe J.G."; a name of one word or of a group stays whole."""
    match = re.fullmatch(r"(.+?) ((?:[A-Z]\.-?)+)", name.strip())
    return Author(family=match.group(1), given=match.group(2)) if match and "," not in name else person(name)


def _published_on(fields: Fields) -> str:
    """The year, with the month and day of DA where it says them for the same year; WoS and EndNote leave the year out."""
    said = _first(fields, "PY", "Y1", "YR")
    year, more = dates.from_text(said), _first(fields, "DA")
    if not re.search(r"\d{4}", more):
        more = f"{year[:4]} {more}"
    return dates.earliest(day for day in (year, dates.from_text(more)) if day.startswith(year[:4]))


def _pages(fields: Fields) -> str:
    """ "349-369"; the number of an article that has no pages."""
    start, end = _first(fields, "SP"), _first(fields, "EP")
    is_span = start and end and end != start and "-" not in start
    return f"{start}-{end}" if is_span else start or _first(fields, "C7")


def _doi(fields: Fields) -> str:
    values = [
        *fields.get("DO", []),
        *(
            value
            for tag in ("M3", "DI", *_LINKS)
            for value in fields.get(tag, [])
            if "10." in value and (tag in ("M3", "DI") or "doi.org/" in value)
        ),
    ]
    return next((doi for doi in map(find_doi, values) if doi), "")


def _pmid(fields: Fields, links: str) -> str:
    """PubMed's number: EndNote's accession number from NLM, Scopus's C2, a link to PubMed, Ovid's number in a link."""
    database = _first(fields, "DP", "DB").lower()
    if database in ("nlm", "pubmed", "medline"):
        return _first(fields, "AN")
    if database == "scopus" and _first(fields, "C2"):
        return _first(fields, "C2")
    match = _PUBMED_LINK.search(links) or ("medline" in database and _OVID_NUMBER.search(links)) or None
    return match.group(1) if match else ""


def _texts(fields: Fields, tag: str) -> list[str]:
    return [one_line(value) for value in fields.get(tag, []) if one_line(value)]


def _first(fields: Fields, *tags: str) -> str:
    """The first that says anything; "nan" is what spreadsheets write where there is nothing."""
    values = (value for tag in tags for value in _texts(fields, tag))
    return next((value for value in values if value.lower() != "nan"), "")
