"""RIS in the dialects of many databases and reference managers; rispy reads the lines, one record at a time.

Databases use different tags for the same field, so each field is read from several tags.
"""

import re
from collections.abc import Iterator

import rispy

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import find_doi, find_named_pmcid, find_named_pmid
from webapp.models.values import Author
from webapp.papers import dates
from webapp.papers.records import Record, one_line, person

_START = re.compile(r"TY {1,2}- ?")
_TAG = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: |$)")
_MARKUP = re.compile(r"</?(?:p|i|b|u|em|strong|sub|sup|span|inf)\b[^<>]*>", re.IGNORECASE)
_OVID_NUMBER = re.compile(r"ovid\S*[?&]AN=(\d{1,8})\b")
_LONGEST_LIST = 300  # characters: a note longer than this is no list of publication types
_LINKS = ("UR", "L2", "L1", "L3", "LK")

Fields = dict[str, list[str]]


class _OwnNames(dict[str, str]):
    """A mapping for rispy that keeps every tag's own name."""

    def __missing__(self, tag: str) -> str:
        return tag


class _AllTags(list[str]):
    """A list for rispy that lets every tag repeat."""

    def __contains__(self, tag: object) -> bool:
        return True


def is_ris(text: str) -> bool:
    """Tell whether a text has a line that starts a RIS record."""
    return re.search(rf"^{_START.pattern}", text, re.MULTILINE) is not None


def records(text: str) -> Iterator[Record]:
    """Read all records; a record without its end tag ends where the next one begins."""
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
        names = [value for tag in ("TY", "M3", "PT", "PB", "DP") for value in fields.get(tag, [])]
        notes = [value for value in fields.get("N1", []) if len(value) < _LONGEST_LIST]
        types = [kind for value in (*names, *notes) for kind in re.split(r"[;\n]", value)]
        yield Record(content=_content(fields), types=tuple(types), line=start + 1)


def _content(fields: Fields) -> ArticleContent:
    links = " ".join(value for tag in (*_LINKS, "C2") for value in fields.get(tag, []))
    dois = [value for tag in ("DO", "M3", "DI") for value in fields.get(tag, [])]
    dois += [link for tag in _LINKS for link in fields.get(tag, []) if "doi.org/" in link]
    start, end = _first(fields, "SP"), _first(fields, "EP")
    is_range = start and end and end != start and "-" not in start
    authors = []
    for name in fields.get("AU") or fields.get("A1") or []:
        initials = re.fullmatch(r"([^,]+?) ((?:[A-Z]\.-?)+)", name.strip())  # Embase: "Doe J.G."
        authors.append(Author(family=initials[1], given=initials[2]) if initials else person(name))
    paper = PaperContent(
        title=_MARKUP.sub("", _first(fields, "TI", "T1", "CT", "BT")),
        doi=next(filter(None, map(find_doi, dois)), ""),
        pmid=_pmid(fields, links),
        pmcid=find_named_pmcid(" ".join([links, *fields.get("N1", [])])),
        url=next((link for tag in _LINKS for link in fields.get(tag, []) if link.startswith("http")), ""),
        journal=_first(fields, "T2", "JF", "JO", "JA", "J2"),
        published_on=_published_on(fields),
        volume=_first(fields, "VL"),
        issue=_first(fields, "IS"),
        pages=f"{start}-{end}" if is_range else start or _first(fields, "C7"),  # C7: article number
        abstract=_MARKUP.sub("", "\n\n".join(_texts(fields, "AB") or _texts(fields, "N2"))),
        authors=authors,
    )
    return ArticleContent(paper=paper)


def _published_on(fields: Fields) -> str:
    """Read the year, refined by the date in DA if that has the same year, or none as in Web of Science and EndNote."""
    year, date = dates.from_text(_first(fields, "PY", "Y1", "YR")), _first(fields, "DA")
    if not re.search(r"\d{4}", date):
        date = f"{year[:4]} {date}"
    return dates.earliest(day for day in (year, dates.from_text(date)) if day.startswith(year[:4]))


def _pmid(fields: Fields, links: str) -> str:
    """Read the PubMed number from EndNote's accession number, Scopus's C2, a link to PubMed or one to Ovid."""
    database = _first(fields, "DP", "DB").lower()
    if database in ("nlm", "pubmed", "medline"):
        return _first(fields, "AN")
    if database == "scopus" and _first(fields, "C2"):
        return _first(fields, "C2")
    match = _OVID_NUMBER.search(links) if "medline" in database else None
    return find_named_pmid(links) or (match.group(1) if match else "")


def _texts(fields: Fields, tag: str) -> list[str]:
    return [one_line(value) for value in fields.get(tag, []) if one_line(value)]


def _first(fields: Fields, *tags: str) -> str:
    """Return the first value of some tags; "nan" is a spreadsheet's empty cell."""
    values = (value for tag in tags for value in _texts(fields, tag))
    return next((value for value in values if value.lower() != "nan"), "")
