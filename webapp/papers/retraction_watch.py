"""The Retraction Watch list, which Crossref distributes as CSV: one row per notice.

Columns: https://gitlab.com/crossref/retraction-watch-data. An unknown value is "unavailable" or 0.
"""

import csv
import re
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import find_doi, find_pmid
from webapp.models.values import PaperStatus
from webapp.papers.notices import statuses
from webapp.papers.records import Unreadable, one_line

_REQUIRED = ("OriginalPaperDOI", "RetractionNature", "RetractionDate")
# Of several in one row, the first counts.
_NATURES = {"reinstatement": PaperStatus.PUBLISHED} | statuses("retraction_watch")


@dataclass(frozen=True)
class RetractionList:
    """The notices about the wanted papers, by DOI and PubMed number, and the date of the newest notice in the list.

    Each notice is the status fields that it gives its paper; a reinstatement says that the paper is published.
    """

    notices: Mapping[str, list[PaperContent]]
    newest: date | None

    def notice_about(self, doi: str, pmid: str) -> PaperContent:
        """Return the gravest notice since the last reinstatement, the latest of several of one status, or an empty one."""
        for key in (doi, pmid):
            standing: list[PaperContent] = []
            for notice in sorted(self.notices.get(key, []), key=_day):
                standing = [notice, *standing] if notice.status.gravity else []
            if standing:
                return max(standing, key=lambda notice: (notice.status.gravity, _day(notice)))
        return PaperContent()


def read(lines: Iterable[str], wanted: Container[str]) -> RetractionList:
    """Read the list for ``wanted`` papers (DOIs and PubMed numbers). Raises Unreadable."""
    rows = csv.DictReader(lines)
    by_paper: defaultdict[str, list[PaperContent]] = defaultdict(list)
    newest: date | None = None
    try:
        missing = [name for name in _REQUIRED if name not in (rows.fieldnames or [])]
        if missing:
            raise Unreadable(
                f"This isn’t the list of Retraction Watch: it has no column {' and no '.join(missing)}."
            )
        for row in rows:
            day = re.split("[ T]", _cell(row, "RetractionDate"))[0]  # without the time, which is always 0:00
            on: date | None = None
            with suppress(ValueError):
                on = date(*time.strptime(day, "%m/%d/%Y" if "/" in day else "%Y-%m-%d")[:3])
            newest = max(filter(None, (newest, on)), default=None)
            natures = {one_line(part).lower() for part in re.split(r"[;,/|]", _cell(row, "RetractionNature"))}
            status = next((status for nature, status in _NATURES.items() if nature in natures), None)
            for key in (
                find_doi(_cell(row, "OriginalPaperDOI")),
                find_pmid(_cell(row, "OriginalPaperPubMedID")),
            ):
                if status and key and key in wanted:
                    by_paper[key].append(_notice(row, status, on))
    except csv.Error as error:
        raise Unreadable(f"We can’t read line {rows.line_num} of this list. Get the list again.") from error
    return RetractionList(by_paper, newest)


def _notice(row: dict[str, str], status: PaperStatus, on: date | None) -> PaperContent:
    doi, pmid = find_doi(_cell(row, "RetractionDOI")), find_pmid(_cell(row, "RetractionPubMedID"))
    pubmed_url = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else ""
    reasons = "; ".join(
        filter(None, (one_line(part.strip(" +")) for part in _cell(row, "Reason").split(";")))
    )
    note = "Retraction Watch, which keeps a list of such notices, lists it."
    return PaperContent(
        status=status,
        status_on=on,
        status_url=f"https://doi.org/{doi}" if doi else pubmed_url,
        status_note=f"{note} Reasons given there: {reasons}." if reasons else note,
    )


def _day(notice: PaperContent) -> date:
    return notice.status_on or date.min


def _cell(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()
