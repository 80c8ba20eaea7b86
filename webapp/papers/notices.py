"""Journals' notices about papers, and the terms of each format for them and for kinds of study."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from webapp.content.article_content import PaperContent
from webapp.models.values import PaperStatus, StudyKind

_TERMS = tomllib.loads(Path(__file__).with_name("terms.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Notice:
    """A journal's notice about a paper: the status it gives, its own DOI, and its date if known."""

    status: PaperStatus
    doi: str = ""
    on: date | None = None


def statuses(source: str, table: str = "notices") -> dict[str, PaperStatus]:
    """Return the status that each term of a format for a notice gives the paper.

    With "notices_of", the terms are those by which a notice names its paper, if the format has any.
    """
    by_status = _TERMS[source].get(table, {})
    return {term: PaperStatus(name) for name, terms in by_status.items() for term in terms}


def study_kinds(source: str) -> dict[str, StudyKind]:
    """Return the kind of study that each term of a format means, in order of precedence."""
    return {term: StudyKind(name) for name, terms in _TERMS[source]["study_kinds"].items() for term in terms}


def worst(notices: Iterable[Notice]) -> Notice | None:
    """Return the gravest notice, of several of one status the latest, or else the first."""
    return max(notices, key=lambda one: (one.status.gravity, one.on or date.min), default=None)


def with_notice(paper: PaperContent, notice: Notice | None, note: str = "") -> PaperContent:
    """Set the status of a paper from a notice, if there is one, with a note for readers."""
    if notice is None:
        return paper
    url = f"https://doi.org/{notice.doi}" if notice.doi else ""
    return msgspec.structs.replace(
        paper, status=notice.status, status_on=notice.on, status_url=url, status_note=note
    )
