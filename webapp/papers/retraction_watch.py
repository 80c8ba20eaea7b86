"""The Retraction Watch list, which Crossref distributes as CSV: one row per notice.

Columns: https://gitlab.com/crossref/retraction-watch-data. An unknown value is "unavailable" or 0.
"""

import csv
import re
import time
from collections import defaultdict
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import find_doi, find_pmid
from webapp.papers.notices import statuses
from webapp.papers.records import Unreadable, one_line

_REQUIRED = ("OriginalPaperDOI", "RetractionNature", "RetractionDate")
_NATURES = statuses("retraction_watch")  # gravest first
_REINSTATED = "reinstatement"


@dataclass(frozen=True)
class RetractionList:
    """The notices about the wanted papers, by DOI and PubMed number, and the date of the newest notice in the list."""

    notices: dict[str, PaperContent]
    newest: date | None

    def notice_about(self, doi: str, pmid: str) -> PaperContent:
        """Return the status fields of one paper, with no notice if it is not in the list."""
        return self.notices.get(doi) or self.notices.get(pmid) or PaperContent()


@dataclass(frozen=True)
class _ListedNotice:
    natures: frozenset[str]
    on: date | None
    url: str
    reasons: str


def read(lines: Iterable[str], wanted: Container[str]) -> RetractionList:
    """Read the list for ``wanted`` papers (DOIs and PubMed numbers). Raises Unreadable."""
    rows = csv.DictReader(lines)
    by_paper: defaultdict[str, list[_ListedNotice]] = defaultdict(list)
    newest: date | None = None
    try:
        missing = [name for name in _REQUIRED if name not in (rows.fieldnames or [])]
        if missing:
            raise Unreadable(
                f"This isn’t the list of Retraction Watch: it has no column {' and no '.join(missing)}."
            )
        for row in rows:
            notice = _notice(row)
            newest = max(filter(None, (newest, notice.on)), default=None)
            for key in (
                find_doi(_cell(row, "OriginalPaperDOI")),
                find_pmid(_cell(row, "OriginalPaperPubMedID")),
            ):
                if key and key in wanted:
                    by_paper[key].append(notice)
    except csv.Error as error:
        raise Unreadable(f"We can’t read line {rows.line_num} of this list. Get the list again.") from error
    standing = {key: _standing(notices) for key, notices in by_paper.items()}
    return RetractionList({key: notice for key, notice in standing.items() if notice is not None}, newest)


def _notice(row: dict[str, str]) -> _ListedNotice:
    doi, pmid = find_doi(_cell(row, "RetractionDOI")), find_pmid(_cell(row, "RetractionPubMedID"))
    pubmed_url = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else ""
    on = None
    day = re.split("[ T]", _cell(row, "RetractionDate"))[0]  # without the time, which is always 0:00
    with suppress(ValueError):
        on = date(*time.strptime(day, "%m/%d/%Y" if "/" in day else "%Y-%m-%d")[:3])
    reasons = (one_line(part.strip(" +")) for part in _cell(row, "Reason").split(";"))
    return _ListedNotice(
        natures=frozenset(
            one_line(part).lower() for part in re.split(r"[;,/|]", _cell(row, "RetractionNature"))
        ),
        on=on,
        url=f"https://doi.org/{doi}" if doi else pubmed_url,
        reasons="; ".join(filter(None, reasons)),
    )


def _standing(notices: list[_ListedNotice]) -> PaperContent | None:
    """Return the gravest notice since the last reinstatement, the latest of several of one status."""
    in_order = sorted(notices, key=lambda notice: notice.on or date.min)
    reinstated = [at for at, notice in enumerate(in_order) if _REINSTATED in notice.natures]
    standing = in_order[reinstated[-1] + 1 :] if reinstated else in_order
    for nature, status in _NATURES.items():
        of_nature = [notice for notice in standing if nature in notice.natures]
        if of_nature:
            reasons = of_nature[-1].reasons
            note = "Retraction Watch, which keeps a list of such notices, lists it."
            return PaperContent(
                status=status,
                status_on=of_nature[-1].on,
                status_url=of_nature[-1].url,
                status_note=f"{note} Reasons given there: {reasons}." if reasons else note,
            )
    return None


def _cell(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()
