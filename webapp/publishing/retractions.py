"""Retraction checks: which papers of published summaries their journals retracted, corrected or doubt."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func

from webapp.catalog.queries import published
from webapp.content.article_content import PaperContent
from webapp.content.identifiers import find_doi
from webapp.db.session import db
from webapp.models import Article, Paper
from webapp.models.values import Labeled, PaperStatus
from webapp.publishing import external_changes, publication
from webapp.web.pagination import Page, page_of

PAGE_SIZE = 25


class NoticeStatus(Labeled):
    """Whether a journal published a notice about a paper, as far as we know; in the order of the editors' list."""

    FLAGGED = "flagged", "There is a notice"
    UNKNOWN = "unknown", "Not checked"
    CLEAR = "clear", "No notice found"


@dataclass(frozen=True)
class PaperToCheck:
    """The identifiers of a published article's paper."""

    article_id: int
    title: str
    doi: str
    pmid: str


@dataclass(frozen=True)
class CheckResult:
    """The result of checking one paper, with a ``message`` for editors."""

    title: str
    status: NoticeStatus
    message: str
    is_new: bool = False


def papers_to_check() -> list[PaperToCheck]:
    """Return the papers of all published articles, least recently checked first."""
    # In this order, a check that was interrupted goes on with the papers it did not reach.
    query = published().join(Article.paper).order_by(Paper.status_checked_at.nulls_first(), Paper.id)
    return [
        PaperToCheck(row.id, row.paper.title, find_doi(row.paper.doi or ""), row.paper.pmid or "")
        for row in db.session.scalars(query)
    ]


def record_check(
    paper: PaperToCheck, notice: PaperContent, source: str, checked_at: datetime | None, now: datetime
) -> CheckResult:
    """Record a check, and publish a notice that is graver than the one that readers see.

    ``notice`` holds the status fields from ``source``; ``checked_at`` is the time up to which the source is complete, if
    known. A notice is never removed here, even if the source does not list it: only an editor can decide that.
    """
    article = db.session.get(Article, paper.article_id)
    if article is None:
        return not_checked(paper, "The summary is gone.")
    if checked_at is not None:
        publication.record_status_check(article, checked_at, now)
    known = article.paper.status
    if notice.status.gravity > known.gravity:
        external_changes.publish_notice(article, notice, now)
        return CheckResult(
            paper.title, NoticeStatus.FLAGGED, f"{notice.status.label}, says {source}.", is_new=True
        )
    if known.gravity:
        silent = "" if notice.status.gravity else f" {source} does not list it."
        return CheckResult(
            paper.title, NoticeStatus.FLAGGED, f"{known.label}; readers see it already.{silent}"
        )
    return CheckResult(paper.title, NoticeStatus.CLEAR, f"{source} lists no notice.")


def not_checked(paper: PaperToCheck, reason: str) -> CheckResult:
    """Make the result for a paper that could not be checked, which must never read as "no notice"."""
    return CheckResult(paper.title, NoticeStatus.UNKNOWN, reason)


def overview(page: int) -> Page[tuple[Article, NoticeStatus]]:
    """Return a page of the published articles: papers with a notice first, then never checked, then the rest."""
    status = _notice_status()
    rank = case({member.value: rank for rank, member in enumerate(NoticeStatus)}, value=status)
    query = published().join(Article.paper).order_by(rank, Paper.status_checked_at, Paper.title, Article.id)
    # Their order is found by ids alone: whole texts would be sorted with them.
    found = page_of(query.with_only_columns(Article.id), page, PAGE_SIZE)
    rows = db.session.execute(query.add_columns(status).where(Article.id.in_(found.rows)))
    return Page([(article, NoticeStatus(value)) for article, value in rows], page, found.total, PAGE_SIZE)


def counts() -> dict[NoticeStatus, int]:
    """Count the papers of published articles by status."""
    status = _notice_status()
    query = published().join(Article.paper).with_only_columns(status, func.count()).group_by(status)
    counted: dict[str, int] = {name: count for name, count in db.session.execute(query)}  # noqa: C416
    return {member: counted.get(member.value, 0) for member in NoticeStatus}


def _notice_status() -> ColumnElement[str]:
    return case(
        (Paper.status.in_([status for status in PaperStatus if status.gravity]), NoticeStatus.FLAGGED.value),
        (Paper.status_checked_at.is_(None), NoticeStatus.UNKNOWN.value),
        else_=NoticeStatus.CLEAR.value,
    )
