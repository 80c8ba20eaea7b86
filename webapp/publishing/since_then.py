"""What changed since a text was written: notices of journals that it does not mention yet, and answers whose summaries changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import aliased

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import published
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Answer, AnswerCitation, Article, Paper, PublicChange
from webapp.models.values import PaperStatus

NEVER, EVER = datetime.fromtimestamp(0, UTC), datetime(9999, 1, 1, tzinfo=UTC)
# Of the public changes of a summary: what may make an answer wrong.
_SAYS_SOMETHING_ELSE = (ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.NOTICE)
_TITLE = func.coalesce(Article.plain_title, Paper.title)


@dataclass(frozen=True)
class AnswerToCheck:
    """An answer that somebody has to look at, and why. ``newest_change``: of its summaries, as far as this row shows."""

    answer_id: int
    question: str
    summaries: tuple[str, ...]  # the titles of those that changed
    due_on: date | None  # if that day has come
    newest_change: int


def answers_to_check(today: date, after: datetime = NEVER, until: datetime = EVER) -> list[AnswerToCheck]:
    """Published answers of which a summary changed since an editor looked at them last, or whose next check is due.

    Only changes later than ``after``, up to ``until``.
    """
    changed = (
        select(AnswerCitation.answer_id, _TITLE, func.max(PublicChange.id))
        .join(Answer, Answer.id == AnswerCitation.answer_id)
        .join(Article, Article.id == AnswerCitation.article_id)
        .join(Article.paper)
        .join(PublicChange, PublicChange.article_id == Article.id)
        .where(
            PublicChange.kind.in_(_SAYS_SOMETHING_ELSE),
            PublicChange.id > Answer.checked_change,
            PublicChange.at > after,
            PublicChange.at <= until,
        )
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


def with_new_notice(after: datetime = NEVER, until: datetime = EVER) -> Sequence[Article]:
    """Published summaries of whose papers a journal says something that came after their newest text, and in that time."""
    later = aliased(PublicChange)
    is_answered = exists().where(
        later.article_id == Article.id,
        later.kind == ChangeKind.PUBLISHED,
        later.id > PublicChange.id,
    )
    has_notice = exists().where(
        PublicChange.article_id == Article.id,
        PublicChange.kind == ChangeKind.NOTICE,
        PublicChange.at > after,
        PublicChange.at <= until,
        ~is_answered,
    )
    grave = [status for status in PaperStatus if status.gravity]
    query = published().join(Article.paper).where(Paper.status.in_(grave), has_notice)
    return db.session.scalars(query.order_by(Article.updated_at.desc())).all()
