"""Has a journal taken back, doubted or corrected a paper of ours? Three answers: no notice, a notice, could not check."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func

from webapp.catalog.queries import published
from webapp.content.article_content import PaperContent
from webapp.db.session import db
from webapp.models import Article, Paper
from webapp.models.values import Labelled, PaperStatus
from webapp.publishing import external_changes, publication
from webapp.web.pagination import Page, total_of

PAGE_SIZE = 25


class Verdict(Labelled):
    """What a check found out."""

    FLAGGED = "flagged", "There is a notice"
    UNKNOWN = "unknown", "Not checked"
    CLEAR = "clear", "No notice found"


@dataclass(frozen=True)
class PaperToCheck:
    """A paper of a published article."""

    article_id: int
    title: str
    doi: str
    pmid: str


@dataclass(frozen=True)
class Checked:
    """What became of one paper; ``words`` say it for an editor."""

    title: str
    verdict: Verdict
    words: str
    is_new: bool = False


@dataclass(frozen=True)
class PaperRow:
    """One line of the editors' list of papers."""

    article_id: int
    title: str
    status: PaperStatus
    status_url: str | None
    verdict: Verdict
    checked_at: datetime | None


def papers_to_check() -> list[PaperToCheck]:
    """The papers of all published articles, those first that were checked longest ago."""
    query = published().join(Article.paper).order_by(Paper.status_checked_at.nulls_first(), Paper.id)
    return [
        PaperToCheck(row.id, row.paper.title, row.paper.doi or "", row.paper.pmid or "")
        for row in db.session.scalars(query)
    ]


def settle(
    paper: PaperToCheck, said: PaperContent, source: str, checked_at: datetime | None, now: datetime
) -> Checked:
    """Show readers a notice that is graver than what they see already, and note the check.

    ``said`` is what ``source`` says; ``checked_at`` is how far its knowledge reaches, None if that is not known. A mark
    that an editor or an earlier check set is never taken away: that is for an editor.
    """
    article = db.session.get(Article, paper.article_id)
    if article is None:
        return unchecked(paper, "The article is gone.")
    if checked_at is not None:
        publication.note_status_check(article, checked_at, now)
    known = article.paper.status
    if said.status.gravity > known.gravity:
        external_changes.publish_notice(article, said, now)
        return Checked(paper.title, Verdict.FLAGGED, f"{said.status.label}, says {source}.", is_new=True)
    if known.gravity:
        silent = "" if said.status.gravity else f" {source} does not list it."
        return Checked(paper.title, Verdict.FLAGGED, f"{known.label}; readers see it already.{silent}")
    return Checked(paper.title, Verdict.CLEAR, f"{source} lists no notice.")


def unchecked(paper: PaperToCheck, why: str) -> Checked:
    """A paper of which nothing could be found out. Never the same as "no notice"."""
    return Checked(paper.title, Verdict.UNKNOWN, why)


def overview(page: int) -> Page[PaperRow]:
    """The papers of published articles: with a notice first, then those never checked, then the rest."""
    verdict = _verdict()
    query = published().join(Article.paper)
    in_order = query.add_columns(verdict).order_by(
        case({member.value: at for at, member in enumerate(Verdict)}, value=verdict),
        Paper.status_checked_at,
        Paper.title,
    )
    rows = db.session.execute(in_order.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return Page([_row(article, Verdict(found)) for article, found in rows], page, total_of(query), PAGE_SIZE)


def counts() -> dict[Verdict, int]:
    """How many papers stand how."""
    verdict = _verdict()
    query = published().join(Article.paper).with_only_columns(verdict, func.count()).group_by(verdict)
    found: dict[str, int] = {name: count for name, count in db.session.execute(query)}  # noqa: C416
    return {member: found.get(member.value, 0) for member in Verdict}


def _verdict() -> ColumnElement[str]:
    return case(
        (Paper.status.in_([status for status in PaperStatus if status.gravity]), Verdict.FLAGGED.value),
        (Paper.status_checked_at.is_(None), Verdict.UNKNOWN.value),
        else_=Verdict.CLEAR.value,
    )


def _row(article: Article, verdict: Verdict) -> PaperRow:
    paper = article.paper
    return PaperRow(article.id, paper.title, paper.status, paper.status_url, verdict, paper.status_checked_at)
