"""A paper's facts from one message of Crossref's REST API (``/works/<doi>``), and what it says of retraction.

The format: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md; CSL-JSON has the same names. Nothing in
a message is trusted to have the type it should have: publishers fill it in.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from webapp.content.article_content import PaperContent
from webapp.models.values import Author, PaperStatus
from webapp.papers import dates

Message = dict[str, Any]

# What a notice's type means for the paper, worst first.
_NOTICES = {
    "retraction": PaperStatus.RETRACTED,
    "partial_retraction": PaperStatus.RETRACTED,
    "withdrawal": PaperStatus.RETRACTED,
    "removal": PaperStatus.RETRACTED,
    "expression_of_concern": PaperStatus.CONCERN,
    "correction": PaperStatus.CORRECTED,
    "corrigendum": PaperStatus.CORRECTED,
    "erratum": PaperStatus.CORRECTED,
}
NOTICE_LISTED = "Crossref, a public register of papers, lists the journal’s notice."
_DATES = ("published", "published-online", "published-print", "issued")
_LICENSES = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)/(\d\.\d)|publicdomain/(zero)/(\d\.\d))")


@dataclass(frozen=True)
class Notice:
    """What the journal did to the paper, when (if known), and the DOI of the notice."""

    status: PaperStatus
    on: date | None
    doi: str


def paper_from(message: Message) -> PaperContent:
    """The facts in a message; what it does not say stays empty."""
    notice = worst_notice(message)
    return PaperContent(
        title=_plain(_first(message.get("title"))),
        doi=_text(message.get("DOI")).lower(),
        pmid=_text(message.get("PMID")),
        pmcid=_text(message.get("PMCID")),
        journal=_plain(_first(message.get("container-title"))),
        published_on=_published_on(message),
        volume=_text(message.get("volume")),
        issue=_text(message.get("issue")),
        pages=_text(message.get("page")),
        license=_license(message),
        abstract=_abstract(_text(message.get("abstract"))),
        authors=list(_authors(message.get("author"))),
        status=notice.status if notice else _status_by_kind(message),
        status_on=notice.on if notice else None,
        status_url=f"https://doi.org/{notice.doi}" if notice and notice.doi else "",
    )


def notice_from(message: Message) -> PaperContent:
    """The facts in a message, with a sentence for readers where the journal published a notice."""
    paper = paper_from(message)
    return msgspec.structs.replace(paper, status_note=NOTICE_LISTED if paper.status.gravity else "")


def worst_notice(message: Message) -> Notice | None:
    """The gravest notice about this paper (``updated-by``); the latest of several of one kind."""
    found = [notice for notice in map(_notice, _dicts(message.get("updated-by"))) if notice is not None]
    ranks = list(dict.fromkeys(_NOTICES.values()))
    return min(
        found,
        key=lambda notice: (ranks.index(notice.status), -(notice.on or date.min).toordinal()),
        default=None,
    )


def is_notice_itself(message: Message) -> bool:
    """Is this the record of a notice about another paper (``update-to``), and not of a paper of its own?"""
    return any(_kind(entry) in _NOTICES for entry in _dicts(message.get("update-to")))


def _notice(entry: Message) -> Notice | None:
    status = _NOTICES.get(_kind(entry))
    if status is None:
        return None
    day = _parts(entry.get("updated"))
    return Notice(
        status,
        date.fromisoformat(day) if len(day) == len("2000-01-01") else None,
        _text(entry.get("DOI")).lower(),
    )


def _kind(entry: Message) -> str:
    return _text(entry.get("type")).lower().replace(" ", "_").replace("-", "_")


def _status_by_kind(message: Message) -> PaperStatus:
    if re.match(r"\W*(retracted|withdrawn)\b", _first(message.get("title")), re.IGNORECASE):
        return PaperStatus.RETRACTED
    return PaperStatus.PREPRINT if message.get("type") == "posted-content" else PaperStatus.PUBLISHED


def _published_on(message: Message) -> str:
    return dates.earliest(_parts(message.get(name)) for name in _DATES)


def _parts(value: Any) -> str:
    """``{"date-parts": [[2022, 3]]}`` or ``{"raw": "2022-03"}`` as "2022-03"; "" for what is no date."""
    if not isinstance(value, dict):
        return ""
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    said = [_text(part) for part in first[:3]]
    return dates.partial(*said) if said else dates.from_text(_text(value.get("raw")))


def _authors(value: Any) -> Iterator[Author]:
    for entry in _dicts(value):
        names = (_text(entry.get(name)) for name in ("family", "name", "literal"))
        family = _plain(next(filter(None, names), ""))
        if family:
            orcid = _text(entry.get("ORCID")).rsplit("/", 1)[-1]
            yield Author(family=family, given=_plain(_text(entry.get("given"))), orcid=orcid)


def _license(message: Message) -> str:
    """A Creative Commons license by its short name; other terms say little and are left out."""
    addresses = (_text(entry.get("URL")) for entry in _dicts(message.get("license")))
    return next(filter(None, map(short_license, addresses)), "")


def short_license(address: str) -> str:
    """The short name of a Creative Commons license, like "CC BY 4.0", from its address; "" for any other."""
    match = _LICENSES.search(address.lower())
    if match is None:
        return ""
    return f"CC {match.group(1).upper()} {match.group(2)}" if match.group(1) else f"CC0 {match.group(4)}"


def _abstract(markup: str) -> str:
    """An abstract in JATS mark-up as paragraphs of plain text."""
    blocks = re.split(r"</?(?:jats:)?(?:p|title|sec)\b[^<>]*>", markup)
    return "\n\n".join(
        text for text in (_plain(block) for block in blocks) if text and text.lower() != "abstract"
    )


def _plain(text: str) -> str:
    """Text without tags, entities and runs of white space."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", "", text)).split())


def _first(value: Any) -> str:
    return _text(value[0]) if isinstance(value, list) and value else _text(value)


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


def _dicts(value: Any) -> list[Message]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
