"""Messages of Crossref's REST API (``/works/<doi>``), and CSL-JSON, which has the same names, converted to papers.

Format: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md. No value is trusted to have the documented type,
since publishers write these messages.
"""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

import msgspec

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import (
    date_in,
    date_of,
    doi_of_note,
    earliest_date,
    find_doi,
    find_named_pmcid,
    find_named_pmid,
    find_trials,
)
from webapp.content.paper_status import is_notice, status_of
from webapp.models.values import Author
from webapp.papers.notices import Notice, statuses, with_notice, worst
from webapp.papers.records import (
    IS_A_NOTICE,
    NoticeOf,
    Record,
    Unreadable,
    full_title,
    funding,
    keywords,
    plain_text,
    refused,
    registrations,
)
from webapp.parsing import list_at, text_at, value_at

Message = dict[str, Any]

NOT_PAPERS = "There are no papers in this JSON. We read CSL-JSON and Crossref’s messages."

_NOTICES = statuses("crossref")
NOTICE_LISTED = "Crossref, a public register of papers, lists the journal’s notice."
_NAME_PARTS = ("family", "given", "suffix", "dropping-particle", "non-dropping-particle", "name", "literal")
_DATES = ("published", "published-online", "published-print", "issued")
_LICENSES = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)/(\d\.\d)|publicdomain/(zero)/(\d\.\d))")


def records(text: str) -> Iterable[Record]:
    """Read one paper, a list, or one paper per line. Raises Unreadable for invalid JSON and for JSON without papers."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        entries = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                entry: Any = None
                with suppress(RecursionError, ValueError):
                    entry = json.loads(line)
                entries.append((entry, number))
        if len(entries) < 2 or not any(isinstance(entry, dict) for entry, _ in entries):  # noqa: PLR2004
            raise Unreadable(
                f"This JSON is damaged or breaks off in line {error.lineno}. Export it again."
            ) from error
        return (record_from(*entry) for entry in entries)
    except (RecursionError, ValueError) as error:
        raise Unreadable(NOT_PAPERS) from error
    for key in ("message", "items"):  # Crossref's answer wraps one paper or a list of them
        if isinstance(value, dict) and isinstance(value.get(key), dict | list):
            value = value[key]
    papers = value if isinstance(value, list) else [value]
    if not any(map(is_paper, papers)):
        raise Unreadable(NOT_PAPERS)
    return map(record_from, papers)


def is_paper(entry: Any) -> bool:
    """Tell whether a value looks like the description of a paper."""
    return isinstance(entry, dict) and ("title" in entry or "DOI" in entry)


def record_from(entry: Any, line: int | None = None) -> Record:
    """Make the record of one paper, refused if the entry is something else."""
    if not isinstance(entry, dict):
        return refused("It doesn’t describe a paper.", line)
    paper = paper_from(entry)
    if is_notice_itself(entry):
        about = tuple(
            NoticeOf("doi", doi, _NOTICES[_kind(row)])
            for row in list_at(entry, "update-to")
            if _kind(row) in _NOTICES and (doi := find_doi(text_at(row, "DOI")))
        )
        content = ArticleContent(paper=paper)
        return Record(content=content, reason=IS_A_NOTICE, line=line, notices_of=about)
    if "creators" in entry:
        return refused("This is Zotero’s own JSON. Export the paper as CSL JSON or RIS.", line, paper.title)
    grants = (
        (plain_text(text_at(row, "name")), ", ".join(filter(None, map(text_at, list_at(row, "award")))))
        for row in list_at(entry, "funder")
    )
    trials = (text_at(row, "clinical-trial-number") for row in list_at(entry, "clinical-trial-number"))
    content = ArticleContent(
        paper=paper, funding=funding(grants), registrations=registrations(find_trials("; ".join(trials)))
    )
    return Record(content=content, types=types(entry), line=line)


def paper_from(message: Message) -> PaperContent:
    """Convert a message, with its tags and entities; fields that it lacks are empty."""
    note, keyword = text_at(message, "note"), message.get("keyword")
    keyword = keyword if isinstance(keyword, list) else [keyword]
    authors = []
    for entry in list_at(message, "author"):
        texts = {name: plain_text(text_at(entry, name)) for name in _NAME_PARTS}
        if family := texts["family"] or texts["name"] or texts["literal"]:
            particles = (texts["dropping-particle"], texts["non-dropping-particle"])
            author = Author(
                family=" ".join(filter(None, (*particles, family))),
                given=texts["given"],
                suffix=texts["suffix"],
                orcid=text_at(entry, "ORCID"),
            )
            authors.append(author)
    licenses = (short_license(text_at(entry, "URL")) for entry in list_at(message, "license"))
    paper = PaperContent(
        title=title_of(message),
        doi=find_doi(text_at(message, "DOI")) or doi_of_note(note),
        pmid=text_at(message, "PMID") or find_named_pmid(note),
        pmcid=text_at(message, "PMCID") or find_named_pmcid(note),
        url=text_at(message, "URL"),
        journal=_first(message.get("container-title")),
        published_on=earliest_date(_date(message.get(name)) for name in _DATES),
        volume=text_at(message, "volume"),
        issue=text_at(message, "issue"),
        pages=text_at(message, "page") or text_at(message, "article-number"),
        license=next(filter(None, licenses), ""),
        abstract=" ".join(text_at(message, "abstract").split()),  # tags begin its paragraphs
        mesh_terms=keywords([plain_text(text_at(word)) for word in keyword if word]),
        authors=authors,
    )
    paper = with_notice(paper, worst_notice(message))
    return msgspec.structs.replace(paper, status=status_of(paper, types(message)))


def notice_from(message: Message) -> PaperContent:
    """Convert a message, with a note for readers if the journal published a notice."""
    paper = paper_from(message)
    return msgspec.structs.replace(paper, status_note=NOTICE_LISTED if paper.status.gravity else "")


def worst_notice(message: Message) -> Notice | None:
    """Return the gravest notice about the paper (``updated-by``), the latest of several of one status."""
    notices = []
    for entry in list_at(message, "updated-by"):
        if _kind(entry) in _NOTICES:
            day = _date(value_at(entry, "updated"))
            on = date.fromisoformat(day) if len(day) == len("2000-01-01") else None
            notices.append(Notice(_NOTICES[_kind(entry)], find_doi(text_at(entry, "DOI")), on))
    return worst(notices)


def is_notice_itself(message: Message) -> bool:
    """Tell whether the message describes a notice about another paper instead of a paper."""
    updates = any(_kind(entry) in _NOTICES for entry in list_at(message, "update-to"))
    return updates or is_notice(title_of(message), types(message))


def title_of(message: Message) -> str:
    """Return the title with its subtitle, unless that is a running title, which repeats words of the title."""
    title, subtitle = (_first(message.get(name)) for name in ("title", "subtitle"))
    words = re.findall(r"[^\W\d_]{4,}", subtitle.lower())
    repeated = [word for word in words if word[:5] in title.lower()]
    return full_title(title, subtitle if 2 * len(repeated) < len(words) else "")


def types(message: Message) -> tuple[str, ...]:
    """Return the kinds that a message gives the work, and its publisher."""
    return tuple(text_at(message, name) for name in ("type", "subtype", "genre", "status", "publisher"))


def _kind(entry: Message) -> str:
    return text_at(entry, "type").lower().replace(" ", "_").replace("-", "_")


def _date(value: Any) -> str:
    """Convert ``{"date-parts": [[2022, 3]]}`` or ``{"raw": "2022-03"}`` to "2022-03"; "" for an invalid date."""
    if not isinstance(value, dict):
        return date_in(text_at(value))
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    return (
        date_of(*map(text_at, first[:3]))
        if first
        else date_in(text_at(value.get("raw") or value.get("literal")))
    )


def short_license(url: str) -> str:
    """Return the short name of a Creative Commons license, like "CC BY 4.0", by its URL; "" for other licenses."""
    match = _LICENSES.search(url.lower())
    if match is None:
        return ""
    return f"CC {match.group(1).upper()} {match.group(2)}" if match.group(1) else f"CC0 {match.group(4)}"


def _first(value: Any) -> str:
    return text_at(value[0]) if isinstance(value, list) and value else text_at(value)
