"""Messages of Crossref's REST API (``/works/<doi>``), converted to papers with the notices of their journals.

Format: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md; CSL-JSON has the same names. No value is
trusted to have the documented type, since publishers write these messages.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import doi_of_note, find_doi, find_named_pmcid, find_named_pmid, find_trials
from webapp.content.paper_status import is_notice, status_of
from webapp.models.values import Author
from webapp.papers import dates
from webapp.papers.json_values import list_at, text_at, value_at
from webapp.papers.notices import Notice, statuses, with_notice, worst
from webapp.papers.records import NoticeOf, full_title, funding, keywords, plain_text

Message = dict[str, Any]

_NOTICES = statuses("crossref")
NOTICE_LISTED = "Crossref, a public register of papers, lists the journal’s notice."
_NAME_PARTS = ("family", "given", "suffix", "dropping-particle", "non-dropping-particle", "name", "literal")
_DATES = ("published", "published-online", "published-print", "issued")
_LICENSES = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)/(\d\.\d)|publicdomain/(zero)/(\d\.\d))")


def paper_from(message: Message) -> PaperContent:
    """Convert a message, with its tags and entities; fields that it lacks are empty."""
    note, keyword = text_at(message, "note"), message.get("keyword")
    keyword = keyword if isinstance(keyword, list) else [keyword]
    licenses = (short_license(text_at(entry, "URL")) for entry in list_at(message, "license"))
    paper = PaperContent(
        title=title_of(message),
        doi=find_doi(text_at(message, "DOI")) or doi_of_note(note),
        pmid=text_at(message, "PMID") or find_named_pmid(note),
        pmcid=text_at(message, "PMCID") or find_named_pmcid(note),
        journal=_first(message.get("container-title")),
        published_on=dates.earliest(_date(message.get(name)) for name in _DATES),
        volume=text_at(message, "volume"),
        issue=text_at(message, "issue"),
        pages=text_at(message, "page") or text_at(message, "article-number"),
        license=next(filter(None, licenses), ""),
        abstract=" ".join(text_at(message, "abstract").split()),  # tags begin its paragraphs
        mesh_terms=keywords([plain_text(text_at(word)) for word in keyword if word]),
        authors=list(_authors(message.get("author"))),
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


def notices_of(message: Message) -> tuple[NoticeOf, ...]:
    """Return the papers that the message is a notice about (``update-to``)."""
    return tuple(
        NoticeOf("doi", doi, _NOTICES[_kind(entry)])
        for entry in list_at(message, "update-to")
        if _kind(entry) in _NOTICES and (doi := find_doi(text_at(entry, "DOI")))
    )


def title_of(message: Message) -> str:
    """Return the title with its subtitle, unless that is a running title, which repeats words of the title."""
    title, subtitle = (_first(message.get(name)) for name in ("title", "subtitle"))
    words = re.findall(r"[^\W\d_]{4,}", subtitle.lower())
    repeated = [word for word in words if word[:5] in title.lower()]
    return full_title(title, subtitle if 2 * len(repeated) < len(words) else "")


def funding_of(message: Message) -> str:
    """Return who paid, with the numbers of their grants."""
    return funding(
        (plain_text(text_at(entry, "name")), ", ".join(filter(None, map(text_at, list_at(entry, "award")))))
        for entry in list_at(message, "funder")
    )


def trials_of(message: Message) -> list[str]:
    """Return the numbers under which the trial is registered."""
    entries = list_at(message, "clinical-trial-number")
    return find_trials("; ".join(text_at(entry, "clinical-trial-number") for entry in entries))


def types(message: Message) -> tuple[str, ...]:
    """Return the kinds that a message gives the work, and its publisher."""
    return tuple(text_at(message, name) for name in ("type", "subtype", "genre", "status", "publisher"))


def _kind(entry: Message) -> str:
    return text_at(entry, "type").lower().replace(" ", "_").replace("-", "_")


def _date(value: Any) -> str:
    """Convert ``{"date-parts": [[2022, 3]]}`` or ``{"raw": "2022-03"}`` to "2022-03"; "" for an invalid date."""
    if not isinstance(value, dict):
        return dates.from_text(text_at(value))
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    return (
        dates.partial(*map(text_at, first[:3]))
        if first
        else dates.from_text(text_at(value.get("raw") or value.get("literal")))
    )


def _authors(value: Any) -> Iterator[Author]:
    for entry in list_at(value):
        texts = {name: plain_text(text_at(entry, name)) for name in _NAME_PARTS}
        family = texts["family"] or texts["name"] or texts["literal"]
        if family:
            particles = (texts["dropping-particle"], texts["non-dropping-particle"])
            yield Author(
                family=" ".join(filter(None, (*particles, family))),
                given=texts["given"],
                suffix=texts["suffix"],
                orcid=text_at(entry, "ORCID"),
            )


def short_license(url: str) -> str:
    """Return the short name of a Creative Commons license, like "CC BY 4.0", by its URL; "" for other licenses."""
    match = _LICENSES.search(url.lower())
    if match is None:
        return ""
    return f"CC {match.group(1).upper()} {match.group(2)}" if match.group(1) else f"CC0 {match.group(4)}"


def _first(value: Any) -> str:
    return text_at(value[0]) if isinstance(value, list) and value else text_at(value)
