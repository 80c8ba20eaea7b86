"""The editors' list of all texts: drafts, published and withdrawn summaries, newest change first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, literal, null, or_, select, union_all
from sqlalchemy.orm import defer, joinedload
from sqlalchemy.sql import Subquery

from webapp.content.checks import SHORT_GRADE
from webapp.db.session import db
from webapp.models import Article, ArticleCategory, Category, Draft, Feedback, Paper, Review
from webapp.models.values import ArticleStatus, Labeled, ReviewerKind, TextKind
from webapp.web.pagination import Page, total_of

PAGE_SIZE = 25


class State(Labeled):
    """Whether readers see a text."""

    DRAFT = "draft", "Draft"
    CHANGED = "changed", "Published, with changes that readers don’t see yet"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DELETED = "deleted", "Deleted draft"


class Tab(Labeled):
    """What the list shows."""

    ALL = "all", "All"
    DRAFTS = "drafts", "Drafts"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    HARD = "hard", f"Above grade {SHORT_GRADE:g}"
    DELETED = "deleted", "Deleted"


_STATES: dict[Tab, list[State]] = {
    Tab.ALL: [state for state in State if state is not State.DELETED],
    Tab.DRAFTS: [State.DRAFT, State.CHANGED],
    Tab.PUBLISHED: [State.PUBLISHED, State.CHANGED],
    Tab.WITHDRAWN: [State.WITHDRAWN],
    Tab.HARD: [State.PUBLISHED, State.CHANGED],
    Tab.DELETED: [State.DELETED],
}


@dataclass(frozen=True)
class SummaryRow:
    """One line of the list."""

    draft_id: int
    article_id: int | None
    slug: str | None
    title: str
    state: State
    updated_at: datetime
    categories: tuple[str, ...]
    helpful: int
    not_helpful: int


def summaries(tab: Tab, page: int) -> Page[SummaryRow]:
    """One page of the list."""
    every = _every_text()
    query = select(every).where(every.c.state.in_([state.value for state in _STATES[tab]]))
    if tab == Tab.HARD:
        query = query.where(every.c.reading_grade > SHORT_GRADE)
    newest = (
        query.order_by(every.c.updated_at.desc(), every.c.title)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    rows = list(db.session.execute(newest))
    return Page(_with_counts(rows), page, total_of(query), PAGE_SIZE)


def answers() -> Sequence[Draft]:
    """All answers and their drafts, by question."""
    query = select(Draft).where(Draft.kind == TextKind.ANSWER).order_by(Draft.title, Draft.id)
    return db.session.scalars(query.options(joinedload(Draft.answer), defer(Draft.content))).all()


def state_of(draft: Draft) -> State:
    """Whether readers see a text."""
    if draft.live is None:
        return State.DELETED if draft.deleted_at else State.DRAFT
    if draft.live.status is ArticleStatus.WITHDRAWN:
        return State.WITHDRAWN
    return State.CHANGED if draft.has_unpublished_changes else State.PUBLISHED


def unchecked(page: int, *, is_by_answers: bool) -> Page[Row[Any]]:
    """Published summaries that no clinician has signed off: draft_id, title, published_at and the number of answers.

    The oldest come first, or those whose readers answered "Was this clear?" most often: that is all we count of readers.
    """
    checked = select(Review.draft_id).where(Review.kind == ReviewerKind.CLINICIAN, Review.is_signed)
    answers = (
        select(func.count()).where(Feedback.article_id == Article.id).correlate(Article).scalar_subquery()
    )
    title = func.coalesce(Article.plain_title, Paper.title)
    query = (
        select(
            Draft.id.label("draft_id"), title.label("title"), Article.published_at, answers.label("answers")
        )
        .join(Article, Article.id == Draft.article_id)
        .join(Article.paper)
        .where(Article.status == ArticleStatus.PUBLISHED, Draft.id.not_in(checked))
    )
    oldest = Article.published_at, answers.desc()
    order = (answers.desc(), Article.published_at) if is_by_answers else oldest
    shown = query.order_by(*order, Article.id).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Page(list(db.session.execute(shown)), page, total_of(query), PAGE_SIZE)


def tab_counts() -> dict[Tab, int]:
    """How many texts each tab shows."""
    counted = _counted()
    return {
        tab: sum(counted[state][1 if tab == Tab.HARD else 0] for state in states)
        for tab, states in _STATES.items()
    }


def state_counts() -> dict[State, int]:
    """How many texts are in each state, without deleted drafts."""
    counted = _counted()
    return {state: counted[state][0] for state in _STATES[Tab.ALL]}


def _counted() -> dict[State, tuple[int, int]]:
    """For each state, how many texts there are, and how many of them are above the grade to aim for."""
    every = _every_text()
    hard = func.count().filter(every.c.reading_grade > SHORT_GRADE)
    grouped = db.session.execute(select(every.c.state, func.count(), hard).group_by(every.c.state))
    counted = {State(state): (count, hard_count) for state, count, hard_count in grouped}
    return {state: counted.get(state, (0, 0)) for state in State}


def _every_text() -> Subquery:
    """Select drafts together with the articles that they were published as."""
    has_changes = or_(Draft.revision_number != Article.revision_number, Draft.merge_base.is_not(None))
    state = case(
        (Article.status == ArticleStatus.WITHDRAWN, literal(State.WITHDRAWN.value)),
        (~has_changes, literal(State.PUBLISHED.value)),
        else_=literal(State.CHANGED.value),
    )
    articles = (
        select(
            Draft.id.label("draft_id"),
            Article.id.label("article_id"),
            Article.slug.label("slug"),
            func.coalesce(Article.plain_title, Paper.title).label("title"),
            state.label("state"),
            case((Draft.saved_at > Article.updated_at, Draft.saved_at), else_=Article.updated_at).label(
                "updated_at"
            ),
            Article.reading_grade.label("reading_grade"),
        )
        .join(Article.paper)
        .join(Draft, Draft.article_id == Article.id)
    )
    draft_state = case(
        (Draft.deleted_at.is_not(None), literal(State.DELETED.value)), else_=literal(State.DRAFT.value)
    )
    drafts = select(Draft.id, null(), null(), Draft.title, draft_state, Draft.saved_at, null()).where(
        Draft.article_id.is_(None), Draft.kind == TextKind.SUMMARY
    )
    return union_all(articles, drafts).subquery()


def _with_counts(rows: list[Any]) -> list[SummaryRow]:
    ids = [row.article_id for row in rows if row.article_id]
    helpful = func.count().filter(Feedback.is_helpful.is_(True))
    voted = (
        select(Feedback.article_id, helpful, func.count() - helpful)
        .where(Feedback.article_id.in_(ids))
        .group_by(Feedback.article_id)
    )
    votes = {article_id: counts for article_id, *counts in db.session.execute(voted)}
    filed = (
        select(ArticleCategory.article_id, Category.name)
        .join(ArticleCategory.category)
        .where(ArticleCategory.article_id.in_(ids))
        .order_by(ArticleCategory.article_id, ArticleCategory.position)
    )
    names: dict[int, tuple[str, ...]] = {}
    for article_id, name in db.session.execute(filed):
        names[article_id] = (*names.get(article_id, ()), name)
    return [
        SummaryRow(
            draft_id=row.draft_id,
            article_id=row.article_id,
            slug=row.slug,
            title=row.title,
            state=State(row.state),
            updated_at=row.updated_at,
            categories=names.get(row.article_id, ()),
            helpful=votes.get(row.article_id, (0, 0))[0],
            not_helpful=votes.get(row.article_id, (0, 0))[1],
        )
        for row in rows
    ]
