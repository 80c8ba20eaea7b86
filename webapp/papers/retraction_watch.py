"""The list of retractions that Retraction Watch keeps and Crossref gives away as CSV: one row for each notice.

The columns: https://gitlab.com/crossref/retraction-watch-data. What a row does not know says "unavailable" or 0.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date

from webapp.content.article_content import PaperContent
from webapp.models.values import PaperStatus
from webapp.papers.records import Unreadable, find_doi, one_line

_NEEDED = ("OriginalPaperDOI", "RetractionNature", "RetractionDate")
_NATURES = {
    "retraction": PaperStatus.RETRACTED,
    "expression of concern": PaperStatus.CONCERN,
    "correction": PaperStatus.CORRECTED,
}
_REINSTATED = "reinstatement"


@dataclass(frozen=True)
class RetractionList:
    """What the list says of each wanted paper, by DOI and PubMed number, and the day of its newest notice."""

    said: dict[str, PaperContent]
    newest: date | None

    def said_of(self, doi: str, pmid: str) -> PaperContent:
        """What it says of one paper; nothing special if the paper is not in it."""
        return self.said.get(doi) or self.said.get(pmid) or PaperContent()


@dataclass(frozen=True)
class _Notice:
    natures: frozenset[str]
    on: date | None
    url: str
    reasons: str


def read(lines: Iterable[str], wanted: Container[str]) -> RetractionList:
    """Read the list for the papers that are ``wanted`` (DOIs and PubMed numbers). Raises Unreadable."""
    rows = csv.DictReader(lines)
    notices: defaultdict[str, list[_Notice]] = defaultdict(list)
    newest: date | None = None
    try:
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or [])]
        if missing:
            raise Unreadable(
                f"This is not the list of Retraction Watch: there is no column {' and no '.join(missing)}."
            )
        for row in rows:
            notice = _notice(row)
            newest = max(filter(None, (newest, notice.on)), default=None)
            for key in _keys(row):
                if key in wanted:
                    notices[key].append(notice)
    except csv.Error as error:
        raise Unreadable(f"This list cannot be read in line {rows.line_num}. Get it again.") from error
    found = {key: _standing(of_paper) for key, of_paper in notices.items()}
    return RetractionList({key: said for key, said in found.items() if said is not None}, newest)


def _keys(row: dict[str, str]) -> list[str]:
    pmid = _cell(row, "OriginalPaperPubMedID")
    return list(
        filter(
            None,
            (find_doi(_cell(row, "OriginalPaperDOI")), pmid if re.fullmatch(r"[1-9]\d{0,8}", pmid) else ""),
        )
    )


def _notice(row: dict[str, str]) -> _Notice:
    doi, pmid = find_doi(_cell(row, "RetractionDOI")), _cell(row, "RetractionPubMedID")
    link = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if re.fullmatch(r"[1-9]\d{0,8}", pmid) else ""
    reasons = (one_line(part.strip(" +")) for part in _cell(row, "Reason").split(";"))
    return _Notice(
        natures=frozenset(
            one_line(part).lower() for part in re.split(r"[;,/|]", _cell(row, "RetractionNature"))
        ),
        on=_day(_cell(row, "RetractionDate")),
        url=f"https://doi.org/{doi}" if doi else link,
        reasons="; ".join(filter(None, reasons)),
    )


def _standing(notices: list[_Notice]) -> PaperContent | None:
    """The gravest notice since the paper was last reinstated, the latest of several of one kind."""
    in_order = sorted(notices, key=lambda notice: notice.on or date.min)
    reinstated = [at for at, notice in enumerate(in_order) if _REINSTATED in notice.natures]
    standing = in_order[reinstated[-1] + 1 :] if reinstated else in_order
    for nature, status in _NATURES.items():
        of_kind = [notice for notice in standing if nature in notice.natures]
        if of_kind:
            return _said(status, of_kind[-1])
    return None


def _said(status: PaperStatus, notice: _Notice) -> PaperContent:
    why = f" Reasons given there: {notice.reasons}." if notice.reasons else ""
    return PaperContent(
        status=status,
        status_on=notice.on,
        status_url=notice.url,
        status_note=f"Retraction Watch, which keeps a list of such notices, lists it.{why}",
    )


def _day(text: str) -> date | None:
    """ "11/24/2022 0:00", month first, or "2022-11-24"."""
    match = re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    month, day, year = match.groups() if match else (text[5:7], text[8:10], text[:4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _cell(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()
