"""How the site is doing, in numbers, by a fixed count of queries however large the library is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import exists, func, select

from webapp.content.checks import SHORT_GRADE
from webapp.db.session import db
from webapp.models import Article, Feedback, Paper, PublicChange
from webapp.models.values import ArticleStatus

WEEKS = 12
SHOWN = 8  # rows of a list that goes on elsewhere
GRADES = (0.0, 5.0, 6.0, 7.0, SHORT_GRADE, 9.0, 10.0, 99.0)

_TITLE = func.coalesce(Article.plain_title, Paper.title)


@dataclass(frozen=True)
class Answers:
    """How often readers said Yes and No, for a week or for one article."""

    helpful: int
    not_helpful: int
    title: str = ""
    article_id: int = 0
    week: datetime | None = None


@dataclass(frozen=True)
class GradeBand:
    """How many published summaries have a reading grade above ``over`` and up to ``up_to``."""

    over: float
    up_to: float
    count: int

    @property
    def label(self) -> str:
        if self.over == GRADES[0]:
            return f"{self.up_to:g} or lower"
        return f"Above {self.over:g}" if self.up_to == GRADES[-1] else f"{self.over:g} to {self.up_to:g}"

    @property
    def is_hard(self) -> bool:
        return self.over >= SHORT_GRADE


@dataclass(frozen=True)
class Graded:
    """A published summary that reads harder than it should."""

    article_id: int
    title: str
    grade: float


@dataclass(frozen=True)
class Published:
    """A summary that changed lately. ``waiting_seconds``: for how long the search index has been behind, if it is."""

    article_id: int
    slug: str
    title: str
    changed_at: datetime
    waiting_seconds: float | None


def answers_by_week(now: datetime) -> list[Answers]:
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
    return [
        Answers(yes, no, week=week)
        for week, yes, no in zip(starts[:-1], counts[::2], counts[1::2], strict=True)
    ]


def least_helpful() -> list[Answers]:
    """Summaries with the most votes for No."""
    yes, every = func.count().filter(Feedback.is_helpful.is_(True)), func.count()
    query = (
        select(yes, every - yes, _TITLE, Article.id)
        .select_from(Feedback)
        .join(Article, Article.id == Feedback.article_id)
        .join(Article.paper)
        .group_by(Article.id, _TITLE)
        .order_by((every - yes).desc(), every.desc(), Article.id)
        .limit(SHOWN)
    )
    return [Answers(*row) for row in db.session.execute(query)]


def grade_bands() -> list[GradeBand]:
    """Count the published summaries in each band of reading grades."""
    bands = list(pairwise(GRADES))
    columns = [
        func.count().filter(Article.reading_grade > over, Article.reading_grade <= up_to)
        for over, up_to in bands
    ]
    columns[0] = func.count().filter(Article.reading_grade <= GRADES[1])
    counts = db.session.execute(select(*columns).where(Article.status == ArticleStatus.PUBLISHED)).one()
    return [GradeBand(over, up_to, count) for (over, up_to), count in zip(bands, counts, strict=True)]


def hardest() -> list[Graded]:
    """Summaries farthest above the grade to aim for."""
    query = (
        select(Article.id, _TITLE, Article.reading_grade)
        .join(Article.paper)
        .where(Article.status == ArticleStatus.PUBLISHED, Article.reading_grade > SHORT_GRADE)
        .order_by(Article.reading_grade.desc(), Article.id)
        .limit(SHOWN)
    )
    return [Graded(number, title, grade or 0.0) for number, title, grade in db.session.execute(query)]


def newest(now: datetime, cursor: int) -> list[Published]:
    """Summaries that changed last. ``cursor`` is the last public change that the search index contains."""
    waits = exists().where(PublicChange.article_id == Article.id, PublicChange.id > cursor)
    query = (
        select(Article.id, Article.slug, _TITLE, Article.updated_at, waits)
        .join(Article.paper)
        .where(Article.status == ArticleStatus.PUBLISHED)
        .order_by(Article.updated_at.desc(), Article.id.desc())
        .limit(SHOWN)
    )
    return [
        Published(number, slug, title, changed_at, (now - changed_at).total_seconds() if is_waiting else None)
        for number, slug, title, changed_at, is_waiting in db.session.execute(query)
    ]
