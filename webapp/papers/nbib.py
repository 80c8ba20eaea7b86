"""PubMed's tagged format (NBIB, also called MEDLINE): lines of tag, hyphen and value, with indented continuations.

The tags: https://www.nlm.nih.gov/bsd/mms/medlineelements.html.
"""

import re
from collections.abc import Iterator

import msgspec

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import date_in, earliest_date, find_orcid, find_trials
from webapp.models.values import Author
from webapp.papers import names, pubmed
from webapp.papers.records import Record, heading, one_line, registrations

SIGN = re.compile(r"^PMID *- ?\d", re.MULTILINE)
_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)")
_START = re.compile(r"PMID *- ?")

Tags = list[tuple[str, str]]


def records(text: str) -> Iterator[Record]:
    """Read all records; each begins with its PubMed number."""
    entries: list[tuple[int, list[tuple[str, list[str]]]]] = []  # line number, tags with lines of values
    for number, line in enumerate(text.splitlines(), start=1):
        if _START.match(line):
            entries.append((number, []))
        if not entries:
            continue
        tags = entries[-1][1]
        if match := _TAG.match(line):
            tags.append((match.group(1), [match.group(2).strip()]))
        elif tags and line.strip():
            tags[-1][1].append(line.strip())
    for number, tags in entries:
        found = _record([(tag, " ".join(lines)) for tag, lines in tags])
        yield msgspec.structs.replace(found, line=number)


def _record(tags: Tags) -> Record:
    dois = [value for value in (*_all(tags, "LID"), *_all(tags, "AID")) if value.endswith("[doi]")]
    registered = registrations(
        find_trials("; ".join(entry.replace("/", " ", 1) for entry in _all(tags, "SI")))
    )
    paper = PaperContent(
        title=_first(tags, "TI") or _first(tags, "BTI"),
        doi=dois[0] if dois else "",
        pmid=_first(tags, "PMID"),
        pmcid=_first(tags, "PMC"),
        journal=_first(tags, "JT") or _first(tags, "TA"),
        published_on=earliest_date(date_in(_first(tags, tag)) for tag in ("DP", "DEP")),
        volume=_first(tags, "VI"),
        issue=_first(tags, "IP"),
        pages=_first(tags, "PG"),
        abstract=_first(tags, "AB"),
        authors=_authors(tags),
        mesh_terms=[heading(term) for tag in ("MH", "OT") for term in _all(tags, tag)],
    )
    return pubmed.record(
        "nbib",
        paper,
        _all(tags, "PT"),
        [(tag, value, "") for tag, value in tags],
        conflicts_of_interest=_first(tags, "COIS"),
        registrations=registered,
    )


def _authors(tags: Tags) -> list[Author]:
    """Read full names, or else names like "King MA Jr", and groups; an ORCID iD belongs to the name before it."""
    tag_of_names = "FAU" if _all(tags, "FAU") else "AU"
    authors: list[Author] = []
    for tag, value in tags:
        if tag == tag_of_names:
            authors += names.read_any(value)
        elif tag == "CN":
            authors.append(Author(family=one_line(value)))
        elif tag == "AUID" and authors:
            authors[-1] = msgspec.structs.replace(authors[-1], orcid=find_orcid(value) or authors[-1].orcid)
    return authors


def _all(tags: Tags, name: str) -> list[str]:
    return [value for tag, value in tags if tag == name]


def _first(tags: Tags, name: str) -> str:
    return next(iter(_all(tags, name)), "")
