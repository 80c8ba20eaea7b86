"""The editors' list of all texts: drafts, published and withdrawn summaries, searched, filtered and sorted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, literal, null, or_, select, union_all
from sqlalchemy.orm import aliased, defer, joinedload
from sqlalchemy.sql import Subquery

from webapp.content.checks import SHORT_GRADE
from webapp.db.session import db
from webapp.models import (
    Article,
    Assignment,
    Category,
    DailyViews,
    Draft,
    Editor,
    Feedback,
    Paper,
    Review,
)
from webapp.models.values import ArticleStatus, Labeled, ReviewerKind, TextKind
from webapp.web.pagination import Page, total_of

PAGE_SIZE = 25
RECENT = timedelta(days=28)  # whose views are shown and sorted by
WEEKS = 12  # of views on the page of a text
TITLE = func.coalesce(Article.plain_title, Paper.title)  # what lists call a published summary


class State(Labeled):
    """Whether readers see a text."""

    DRAFT = "draft", "Draft"
    CHANGED = "changed", "Published, with changes that readers don’t see yet"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DELETED = "deleted", "Deleted draft"


class TextTab(Labeled):
    """What the list shows."""

    ALL = "all", "All"
    DRAFTS = "drafts", "Drafts"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    HARD = "hard", f"Above grade {SHORT_GRADE:g}"
    DELETED = "deleted", "Deleted"


class TextSort(Labeled):
    """The order of the list."""

    CHANGED = "changed", "Newest change"
    TITLE = "title", "Title"
    GRADE = "grade", "Hardest to read"
    VIEWS = "views", "Most read"


@dataclass(frozen=True)
class Filters:
    """Which texts are listed, apart from their state; ``saved_by``: the id of the editor who saved the newest revision.

    ``assigned_to``: the id of the editor who has the draft.
    """

    words: str = ""
    category: str = ""
    saved_by: int | None = None
    assigned_to: int | None = None
    is_unchecked: bool = False

    @property
    def args(self) -> dict[str, str | int | None]:
        """As they stand in the address."""
        return {
            "q": self.words or None,
            "category": self.category or None,
            "by": self.saved_by,
            "for": self.assigned_to,
            "unchecked": "yes" if self.is_unchecked else None,
        }

    @property
    def are_set(self) -> bool:
        return any(self.args.values())


_STATES: dict[TextTab, list[State]] = {
    TextTab.ALL: [state for state in State if state is not State.DELETED],
    TextTab.DRAFTS: [State.DRAFT, State.CHANGED],
    TextTab.PUBLISHED: [State.PUBLISHED, State.CHANGED],
    TextTab.WITHDRAWN: [State.WITHDRAWN],
    TextTab.HARD: [State.PUBLISHED, State.CHANGED],
    TextTab.DELETED: [State.DELETED],
}


# Texts that a clinician signed off.
_CHECKED = select(Review.draft_id).where(Review.kind == ReviewerKind.CLINICIAN, Review.is_signed)


@dataclass(frozen=True)
class SummaryRow:
    """One line of the list."""

    draft_id: int
    article_id: int | None
    slug: str | None
    title: str
    state: State
    updated_at: datetime
    reading_grade: float | None
    saved_by: str
    assigned_to: str
    categories: tuple[str, ...]
    helpful: int
    not_helpful: int
    views: int


def summaries(tab: TextTab, page: int, filters: Filters, sort: TextSort, today: date) -> Page[SummaryRow]:
    """One page of the list."""
    query, order = _listed(tab, filters, sort, today)
    rows = list(db.session.execute(query.order_by(*order).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)))
    return Page(_with_counts(rows), page, total_of(query), PAGE_SIZE)


def every_summary(tab: TextTab, filters: Filters, sort: TextSort, today: date) -> list[SummaryRow]:
    """The whole list."""
    query, order = _listed(tab, filters, sort, today)
    found = db.session.execute(query.order_by(*order))
    return [row for some in found.partitions(1_000) for row in _with_counts(list(some))]


def _listed(
    tab: TextTab, filters: Filters, sort: TextSort, today: date
) -> tuple[Select[Any], tuple[ColumnElement[Any], ...]]:
    """Select the texts of the list; returns what they are to be ordered by, too."""
    every, recent = _filtered(filters), _recent_views(today)
    views = func.coalesce(recent.c.views, 0).label("views")
    orders: dict[TextSort, tuple[ColumnElement[Any], ...]] = {
        TextSort.CHANGED: (every.c.updated_at.desc(), every.c.title),
        TextSort.TITLE: (func.lower(every.c.title),),
        TextSort.GRADE: (every.c.reading_grade.desc().nulls_last(), every.c.title),
        TextSort.VIEWS: (views.desc(), every.c.title),
    }
    query = select(every, views).outerjoin(recent, recent.c.draft_id == every.c.draft_id)
    query = query.where(every.c.state.in_([state.value for state in _STATES[tab]]))
    if tab == TextTab.HARD:
        query = query.where(every.c.reading_grade > SHORT_GRADE)
    return query, (*orders[sort], every.c.draft_id)


def answers(assigned_to: int | None = None) -> Sequence[Draft]:
    """All answers and their drafts, or those that somebody has, by question."""
    query = select(Draft).where(Draft.kind == TextKind.ANSWER).order_by(Draft.title, Draft.id)
    if assigned_to is not None:
        query = query.where(Draft.id.in_(_assigned_to(assigned_to)))
    return db.session.scalars(query.options(joinedload(Draft.answer), defer(Draft.content))).all()


def state_of(draft: Draft) -> State:
    """Whether readers see a text."""
    if draft.live is None:
        return State.DELETED if draft.deleted_at else State.DRAFT
    if draft.live.status is ArticleStatus.WITHDRAWN:
        return State.WITHDRAWN
    return State.CHANGED if draft.has_unpublished_changes else State.PUBLISHED


def unchecked(page: int, today: date, *, is_oldest_first: bool = False) -> Page[Row[Any]]:
    """Published summaries that no clinician has signed off: draft_id, title, published_at and recent views, most read first."""
    recent = _recent_views(today)
    views = func.coalesce(recent.c.views, 0).label("views")
    columns: tuple[ColumnElement[Any], ...] = (Draft.id.label("draft_id"), TITLE.label("title"), views)
    query = (
        select(*columns, Article.published_at)
        .join(Article, Article.id == Draft.article_id)
        .join(Article.paper)
        .outerjoin(recent, recent.c.draft_id == Draft.id)
        .where(Article.status == ArticleStatus.PUBLISHED, Draft.id.not_in(_CHECKED))
    )
    most_read = views.desc(), Article.published_at
    order = reversed(most_read) if is_oldest_first else most_read
    shown = query.order_by(*order, Article.id).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Page(list(db.session.execute(shown)), page, total_of(query), PAGE_SIZE)


def recent_views(draft_ids: Sequence[int], today: date) -> dict[int, int]:
    """How often each of these texts was opened lately, by the id of its draft; those that nobody opened are left out."""
    recent = _recent_views(today)
    counted = select(recent).where(recent.c.draft_id.in_(draft_ids))
    return {number: views for number, views in db.session.execute(counted)}  # noqa: C416 - a row is no pair for a type checker


def views_by_week(draft_id: int, today: date) -> list[tuple[date, int]]:
    """The Monday and the views of each of the last weeks, the newest first; the current week is not over yet."""
    monday = today - timedelta(days=today.weekday())
    weeks = {monday - timedelta(weeks=back): 0 for back in range(WEEKS)}
    days = select(DailyViews.viewed_on, DailyViews.count).where(
        DailyViews.draft_id == draft_id, DailyViews.viewed_on >= min(weeks)
    )
    for day, count in db.session.execute(days):
        weeks[day - timedelta(days=day.weekday())] += count
    return list(weeks.items())


def tab_counts(filters: Filters) -> dict[TextTab, int]:
    """How many texts each tab shows."""
    counted = _counted(_filtered(filters))
    return {
        tab: sum(counted[state][1 if tab == TextTab.HARD else 0] for state in states)
        for tab, states in _STATES.items()
    }


def state_counts() -> dict[State, int]:
    """How many texts are in each state, without deleted drafts."""
    counted = _counted(_every_text())
    return {state: counted[state][0] for state in _STATES[TextTab.ALL]}


def people_who_saved() -> list[tuple[int, str]]:
    """Id and name of everybody who saved the newest revision of a text, by name."""
    return _named(select(Draft.editor_id))


def people_with_drafts() -> list[tuple[int, str]]:
    """Id and name of everybody to whom a draft is assigned, by name."""
    return _named(select(Assignment.editor_id))


def _named(ids: Select[Any]) -> list[tuple[int, str]]:
    query = select(Editor.id, Editor.name).where(Editor.id.in_(ids)).order_by(Editor.name)
    return [(number, name) for number, name in db.session.execute(query)]


def _recent_views(today: date) -> Subquery:
    """Select the sum of each text's views on the last days."""
    return (
        select(DailyViews.draft_id, func.sum(DailyViews.count).label("views"))
        .where(DailyViews.viewed_on > today - RECENT)
        .group_by(DailyViews.draft_id)
        .subquery()
    )


def _assigned_to(editor_id: int) -> Select[int]:
    return select(Assignment.draft_id).where(Assignment.editor_id == editor_id)


def _counted(every: Subquery) -> dict[State, tuple[int, int]]:
    """For each state, how many texts there are, and how many of them are above the grade to aim for."""
    hard = func.count().filter(every.c.reading_grade > SHORT_GRADE)
    grouped = db.session.execute(select(every.c.state, func.count(), hard).group_by(every.c.state))
    counted = {State(state): (count, hard_count) for state, count, hard_count in grouped}
    return {state: counted.get(state, (0, 0)) for state in State}


def _filtered(filters: Filters) -> Subquery:
    """Select texts with their categories and the name of who saved them last."""
    every, content, assignee = _every_text(), Draft.content, aliased(Editor)
    query = (
        select(
            every,
            content["categories"].label("categories"),
            Editor.name.label("saved_by"),
            assignee.name.label("assigned_to"),
        )
        .join(Draft, Draft.id == every.c.draft_id)
        .outerjoin(Editor, Editor.id == Draft.editor_id)
        .outerjoin(Assignment, Assignment.draft_id == Draft.id)
        .outerjoin(assignee, assignee.id == Assignment.editor_id)
    )
    for word in filters.words.split():
        doi = content["paper"]["doi"].as_string()
        query = query.where(
            or_(every.c.title.icontains(word, autoescape=True), doi.icontains(word, autoescape=True))
        )
    if filters.category:
        slugs = content["categories"].as_string()  # a list in JSON
        query = query.where(slugs.contains(f'"{filters.category}"', autoescape=True))
    if filters.saved_by is not None:
        query = query.where(Draft.editor_id == filters.saved_by)
    if filters.assigned_to is not None:
        query = query.where(Draft.id.in_(_assigned_to(filters.assigned_to)))
    if filters.is_unchecked:
        query = query.where(every.c.article_id.is_not(None), Draft.id.not_in(_CHECKED))
    return query.subquery()


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
            TITLE.label("title"),
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
    names = {row.slug: row.name for row in db.session.scalars(select(Category))}
    return [
        SummaryRow(
            **row._asdict()
            | {
                "state": State(row.state),
                "saved_by": row.saved_by or "The library",
                "assigned_to": row.assigned_to or "",
                "categories": tuple(names.get(slug, slug) for slug in row.categories or ()),
            },
            helpful=votes.get(row.article_id, (0, 0))[0],
            not_helpful=votes.get(row.article_id, (0, 0))[1],
        )
        for row in rows
    ]
