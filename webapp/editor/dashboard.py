"""Numbers for the dashboard, in a fixed count of queries however large the library is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import and_, exists, func, or_, select

from webapp.catalog.answers import published_answers
from webapp.content.checks import SHORT_GRADE
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Answer, AnswerCitation, Article, Draft, Feedback, Paper, PublicChange, Schedule
from webapp.models.values import ArticleStatus
from webapp.publishing.scheduling import LATE

WEEKS = 12
SHOWN = 8  # rows of a list that goes on elsewhere
LATE_SHOWN_FOR = timedelta(days=30)
GRADES = (0.0, 5.0, 6.0, 7.0, SHORT_GRADE, 9.0, 10.0, 99.0)

# Of the public changes of a summary: what may make an answer wrong.
_SAYS_SOMETHING_ELSE = (ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.NOTICE)
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


@dataclass(frozen=True)
class AnswerToCheck:
    """An answer that somebody has to look at, and why. ``newest_change``: of its summaries, as far as this row shows."""

    answer_id: int
    question: str
    summaries: tuple[str, ...]  # the titles of those that changed
    due_on: date | None  # if that day has come
    newest_change: int


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


def answers_to_check(today: date) -> list[AnswerToCheck]:
    """Published answers of which a summary changed since an editor looked at them last, or whose next check is due."""
    changed = (
        select(AnswerCitation.answer_id, _TITLE, func.max(PublicChange.id))
        .join(Answer, Answer.id == AnswerCitation.answer_id)
        .join(Article, Article.id == AnswerCitation.article_id)
        .join(Article.paper)
        .join(PublicChange, PublicChange.article_id == Article.id)
        .where(PublicChange.kind.in_(_SAYS_SOMETHING_ELSE), PublicChange.id > Answer.checked_change)
        .group_by(AnswerCitation.answer_id, Article.id, _TITLE)
        .order_by(_TITLE)
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for answer_id, name, change in db.session.execute(changed):
        found.setdefault(answer_id, []).append((name, change))
    answers = published_answers().where(or_(Answer.id.in_(found), Answer.next_check_on <= today))
    return [
        AnswerToCheck(
            answer_id=answer.id,
            question=answer.question,
            summaries=tuple(name for name, _ in found.get(answer.id, ())),
            due_on=answer.next_check_on if answer.next_check_on <= today else None,
            newest_change=max((change for _, change in found.get(answer.id, ())), default=0),
        )
        for answer in db.session.scalars(answers)
    ]


def schedules(now: datetime) -> list[tuple[Schedule, str]]:
    """Schedules that wait, with their titles, and those that were published late within a month."""
    waits = Schedule.ended_at.is_(None)
    was_published = and_(Schedule.ended_at > now - LATE_SHOWN_FOR, Schedule.problem.is_(None))
    query = (
        select(Schedule, Draft.title)
        .join(Draft, Draft.id == Schedule.draft_id)
        .where(or_(waits, was_published))
        .order_by(Schedule.publish_at)
    )
    return [
        (row, title)
        for row, title in db.session.execute(query)
        if row.ended_at is None or row.ended_at - row.publish_at > LATE
    ]
