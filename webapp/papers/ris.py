"""RIS in the dialects of many databases and reference managers: lines of tag, hyphen and value, which may go on in the next.

Databases use different tags for the same field, so each field is read from several tags.
"""

import re
from collections.abc import Iterator

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import date_in, earliest_date, find_doi, find_named_pmcid, find_named_pmid
from webapp.papers import names
from webapp.papers.records import Record, keywords, one_line, plain_text

SIGN = re.compile(r"^\s*TY(?:\s{1,3})[-–]", re.MULTILINE | re.IGNORECASE)
# Some programs write their tags in lower case.
_LOWER_CASE_START = re.compile(r"^\s*t[yY]\s{1,3}[-–]", re.MULTILINE)
_ANY_TAG = re.compile(r"^\s*[A-Za-z][A-Za-z0-9](?=\s{1,3}[-–])", re.MULTILINE)
# A line of an abstract may begin with "T2 - weighted": one blank counts only where the file writes "TY -" so.
_WIDE_TAG = re.compile(r"\s*([A-Z][A-Z0-9])(?:\s{2,3}|\t)[-–]\s?(.*)")
_NARROW_TAG = re.compile(r"\s*([A-Z][A-Z0-9])\s{1,3}-(?:\s|$)(.*)")
_OVID_NUMBER = re.compile(r"ovid\S*[?&]AN=(\d{1,8})\b")
_LINKS = ("UR", "L2", "L1", "L3", "LK")
_TITLES = ("TI", "T1", "CT", "BT")
_PARAGRAPHS = ("AB", "N2", "N1")
_LISTS = ("KW",)  # EndNote writes the tag once, and each keyword on a line of its own
_WITHOUT_BLANKS = (*_LINKS, "DO")
_BOOKS = ("BOOK", "EDBOOK", "CHAP", "ECHAP", "CONF", "CPAPER", "SER")  # A2 to A4 are their editors
_LONGEST_WRAPPED = 120  # characters: programs that wrap do it before; a longer line is a whole paragraph
_LONGEST_LIST = 300  # characters: a note longer than this is no list of publication types

Entry = list[tuple[str, list[str]]]  # tags in the order of the file, each with the lines of its value
Fields = dict[str, list[str]]


def records(text: str) -> Iterator[Record]:
    """Read all records; a record without its end tag ends where the next one begins."""
    if _LOWER_CASE_START.search(text):
        text = _ANY_TAG.sub(lambda tag: tag[0].upper(), text)
    pattern = _NARROW_TAG if re.search(r"^\s*TY -", text, re.MULTILINE) else _WIDE_TAG
    start, entry = 0, Entry()
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), "ER  - "], start=1):
        match = pattern.match(line) or (_WIDE_TAG.match(line) if line.lstrip().startswith("ER") else None)
        tag = match[1] if match else ""
        if tag == "ER" or (tag == "TY" and any(known == "TY" for known, _ in entry)):
            if any(known in ("TY", *_TITLES) for known, _ in entry):
                yield _record(_fields(entry), start)
            entry = Entry()
        if match and tag != "ER":
            start = start if entry else number
            entry.append((tag, [match[2].strip()]))
        elif not match and entry:
            entry[-1][1].append(line.strip())


def _fields(entry: Entry) -> Fields:
    """Join the lines of each value, and gather the authors in the order of the file under AU."""
    fields: Fields = {}
    for tag, lines in entry:
        if tag in _PARAGRAPHS:
            is_wrapped = max(map(len, lines)) < _LONGEST_WRAPPED
            values = re.split(r"\n\n+", "\n".join(lines)) if is_wrapped else lines
        elif tag in _LISTS:
            values = lines
        elif tag in _WITHOUT_BLANKS:
            values = re.split(r"(?<=.)(?=https?://)", "".join(lines))
        else:
            values = [" ".join(filter(None, lines))]
        fields.setdefault(tag, []).extend(values)
    authors = ["AU", "A1"]
    if fields.get("TY", [""])[0] not in _BOOKS and "AU" not in fields:
        authors += ["A2", "A3", "A4"]
    fields["AU"] = [" ".join(lines) for tag, lines in entry if tag in authors]
    return fields


def _record(fields: Fields, line: int) -> Record:
    kinds = [value for tag in ("TY", "M3", "PT", "PB", "DP") for value in fields.get(tag, [])]
    kinds += [note for note in fields.get("N1", []) if len(note) < _LONGEST_LIST]
    types = tuple(kind for value in kinds for kind in re.split(r"[;\n]", value))
    links = " ".join(value for tag in (*_LINKS, "C2", "C3", "N1") for value in fields.get(tag, []))
    dois = [value for tag in ("DO", "M3", "DI") for value in fields.get(tag, [])]
    dois += [link for tag in _LINKS for link in fields.get(tag, []) if "doi.org/" in link]
    start, end = _first(fields, "SP"), _first(fields, "EP")
    is_range = start and end and "-" not in start
    # The year, refined by the date in DA if that has the same year, or none as in Web of Science and EndNote.
    year, date = date_in(_first(fields, "PY", "Y1", "YR")), _first(fields, "DA")
    days = (year, date_in(date if re.search(r"\d{4}", date) else f"{year[:4]} {date}"))
    paper = PaperContent(
        title=_first(fields, *_TITLES),
        doi=next(filter(None, map(find_doi, dois)), ""),
        pmid=_pmid(fields, links),
        pmcid=find_named_pmcid(links),
        url=next((link for tag in _LINKS for link in fields.get(tag, []) if link.startswith("http")), ""),
        journal=_first(fields, "T2", "JF", "JO", "JA", "J2"),
        published_on=earliest_date(day for day in days if day.startswith(year[:4])),
        volume=_first(fields, "VL"),
        issue=_first(fields, "IS"),
        pages=f"{start}-{end}" if is_range else start or _first(fields, "C7"),  # C7: article number
        abstract="\n\n".join(_texts(fields, "AB") or _texts(fields, "N2")),
        mesh_terms=keywords([plain_text(value) for value in _texts(fields, "KW")]),
        authors=[author for name in fields.get("AU", []) for author in names.read_any(plain_text(name))],
    )
    return Record(content=ArticleContent(paper=paper), types=types, line=line)


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
