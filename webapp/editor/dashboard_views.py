"""How the site is doing, in numbers, by a fixed count of queries however large the library is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from flask import Blueprint, Response
from sqlalchemy import Row, exists, func, select

from webapp.accounts import editor_access
from webapp.content.checks import SHORT_GRADE
from webapp.db.session import db
from webapp.editor import queries
from webapp.editor.queries import TITLE
from webapp.feedback import inbox
from webapp.models import Article, Feedback, PublicChange
from webapp.models.values import ArticleStatus
from webapp.newsletter import reports
from webapp.search import indexing, misses
from webapp.search.index import search_index
from webapp.web import htmx

MISSES = 10
WEEKS = 12
SHOWN = 8  # rows of a list that goes on elsewhere
GRADES = (0.0, 5.0, 6.0, 7.0, SHORT_GRADE, 9.0, 10.0, 99.0)

bp = Blueprint("dashboard", __name__)
editor_access.protect(bp)


class Votes(NamedTuple):
    """How often readers said Yes and No in the week that starts with a Monday."""

    week: datetime
    helpful: int
    not_helpful: int


class GradeBand(NamedTuple):
    """How many published summaries have a reading grade above ``over`` and up to ``up_to``."""

    over: float
    up_to: float
    number: int

    @property
    def label(self) -> str:
        if self.over == GRADES[0]:
            return f"{self.up_to:g} or lower"
        return f"Above {self.over:g}" if self.up_to == GRADES[-1] else f"{self.over:g} to {self.up_to:g}"

    @property
    def is_hard(self) -> bool:
        return self.over >= SHORT_GRADE


@bp.get("/editor/dashboard")
def overview() -> Response:
    """Show numbers of the library, its readers, the search and the newsletter."""
    now = datetime.now(UTC)
    return htmx.render(
        "editor/dashboard.html",
        now=now,
        states=queries.state_counts(),
        weeks=votes_by_week(now),
        least_helpful=least_helpful(),
        unread=inbox.unread_count(),
        misses=misses.most_missed(MISSES),
        newest=newest(),
        lag=indexing.lag(now),
        bands=grade_bands(),
        hardest=hardest(),
        subscribers=reports.subscriber_counts(),
    )


def votes_by_week(now: datetime) -> list[Votes]:
    """Votes of the last weeks, the oldest first; the current week is not over yet."""
    monday = datetime.combine(now.date() - timedelta(days=now.weekday()), datetime.min.time(), now.tzinfo)
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -2, -1)]
    columns = [
        func.count().filter(
            Feedback.given_at >= start, Feedback.given_at < end, Feedback.is_helpful.is_(is_helpful)
        )
        for start, end in pairwise(starts)
        for is_helpful in (True, False)
    ]
    counts = list(db.session.execute(select(*columns).where(Feedback.given_at >= starts[0])).one())
    return [Votes(*row) for row in zip(starts[:-1], counts[::2], counts[1::2], strict=True)]


def least_helpful() -> Sequence[Row[int, str, int, int]]:
    """Summaries with the most votes for No: article_id, title, helpful and not_helpful."""
    yes, every = func.count().filter(Feedback.is_helpful.is_(True)), func.count()
    query = (
        select(
            Article.id.label("article_id"),
            TITLE.label("title"),
            yes.label("helpful"),
            (every - yes).label("not_helpful"),
        )
        .select_from(Feedback)
        .join(Article, Article.id == Feedback.article_id)
        .join(Article.paper)
        .group_by(Article.id, TITLE)
        .order_by((every - yes).desc(), every.desc(), Article.id)
    )
    return db.session.execute(query.limit(SHOWN)).all()


def grade_bands() -> list[GradeBand]:
    """Count the published summaries in each band of reading grades."""
    bands = list(pairwise(GRADES))
    columns = [
        func.count().filter(Article.reading_grade > over, Article.reading_grade <= up_to)
        for over, up_to in bands
    ]
    columns[0] = func.count().filter(Article.reading_grade <= GRADES[1])
    counts = db.session.execute(select(*columns).where(Article.status == ArticleStatus.PUBLISHED)).one()
    return [GradeBand(*band, count) for band, count in zip(bands, counts, strict=True)]


def hardest() -> Sequence[Row[int, str, float | None]]:
    """Summaries farthest above the grade to aim for: article_id, title and grade."""
    grade = Article.reading_grade
    query = (
        select(Article.id.label("article_id"), TITLE.label("title"), grade.label("grade"))
        .join(Article.paper)
        .where(Article.status == ArticleStatus.PUBLISHED, grade > SHORT_GRADE)
        .order_by(grade.desc(), Article.id)
    )
    return db.session.execute(query.limit(SHOWN)).all()


def newest() -> Sequence[Row[str, str, datetime, bool]]:
    """Summaries that changed last: slug, title, changed_at, and whether a change waits for this node's search index."""
    indexed = search_index().cursor() or 0
    waits = exists().where(PublicChange.article_id == Article.id, PublicChange.id > indexed)
    changed_at = Article.updated_at.label("changed_at")
    query = (
        select(Article.slug, TITLE.label("title"), changed_at, waits.label("is_waiting"))
        .join(Article.paper)
        .where(Article.status == ArticleStatus.PUBLISHED)
        .order_by(changed_at.desc(), Article.id.desc())
    )
    return db.session.execute(query.limit(SHOWN)).all()
