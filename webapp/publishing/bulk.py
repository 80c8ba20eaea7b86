"""Bulk changes: re-file or withdraw several summaries, or import drafts, with a preview before and an undo after."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from webapp.catalog.queries import former_categories, with_new_addresses
from webapp.db.session import db
from webapp.models import Article, BulkChange, Category, Draft, Schedule
from webapp.models.values import ArticleStatus, Labeled, TextKind
from webapp.publishing import deletion, external_changes, publication, revisions
from webapp.publishing.deletion import UNDO_FOR
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import Kind

CHANGED_MEANWHILE = "Someone changed it in the meantime."
SCHEDULED = "A newer text of it is scheduled. Cancel the schedule first."

_CHOICE = re.compile(r"(article|draft)-([0-9]{1,9})(?::([0-9]{1,9}))?")


class BulkAction(Labeled):
    """What can be done to several texts at once."""

    REFILE = "re-file", "Re-file"
    WITHDRAW = "withdraw", "Withdraw"
    IMPORT = "import", "Import"


class CannotUndo(Exception):
    """A bulk change was undone before, or is older than UNDO_FOR."""


@dataclass(frozen=True)
class PlannedChange:
    """The planned change to one chosen text, or the ``skip_reason`` for which it stays as it is."""

    title: str
    article: Article | None = None
    before: str = ""
    after: str = ""
    skip_reason: str = ""

    @property
    def choice(self) -> str:
        """The form value for this text, with its revision number: a change made after the preview is then skipped."""
        return f"article-{self.article.id}:{self.article.revision_number}" if self.article else ""


@dataclass(frozen=True)
class BulkPlan:
    """The effect of an action on each chosen text. Without a category nothing can be re-filed."""

    action: BulkAction
    category: Category | None
    choices: tuple[PlannedChange, ...]

    @property
    def changes(self) -> list[PlannedChange]:
        return [change for change in self.choices if not change.skip_reason]

    @property
    def skipped(self) -> list[PlannedChange]:
        return [change for change in self.choices if change.skip_reason]


def plan(action: BulkAction, choices: Sequence[str], category: Category | None) -> BulkPlan:
    """Plan an action on texts given as "article-5", "article-5:3" (as of revision 3) or "draft-7"; others are ignored."""
    matches = [match for choice in dict.fromkeys(choices) if (match := _CHOICE.fullmatch(choice))]
    draft_ids = [int(match[2]) for match in matches if match[1] == "draft"]
    never_published = select(Draft).where(
        Draft.id.in_(draft_ids), Draft.article_id.is_(None), Draft.kind == TextKind.SUMMARY
    )
    planned = [
        PlannedChange(draft.title, skip_reason="It was never published.")
        for draft in db.session.scalars(never_published)
    ]
    seen_revisions = {int(match[2]): match[3] for match in matches if match[1] == "article"}
    waiting = select(Draft.article_id).join(Schedule, Schedule.draft_id == Draft.id)
    scheduled = set(
        db.session.scalars(waiting.where(Draft.article_id.in_(seen_revisions), Schedule.ended_at.is_(None)))
    )
    articles = select(Article).where(Article.id.in_(seen_revisions)).order_by(Article.id)
    for article in db.session.scalars(articles):
        if seen_revisions[article.id] not in (None, str(article.revision_number)):
            change = PlannedChange(article.title, article, skip_reason=CHANGED_MEANWHILE)
        elif article.id in scheduled:
            change = PlannedChange(article.title, article, skip_reason=SCHEDULED)
        elif action is BulkAction.REFILE:
            change = _plan_refiling(article, category)
        elif article.status == ArticleStatus.WITHDRAWN:
            change = PlannedChange(article.title, article, skip_reason="It is withdrawn already.")
        else:
            change = PlannedChange(
                article.title, article, "On the site", "Withdrawn, with your note on its page"
            )
        planned.append(change)
    return BulkPlan(action, category, tuple(planned))


def _plan_refiling(article: Article, category: Category | None) -> PlannedChange:
    if article.status == ArticleStatus.WITHDRAWN:
        return PlannedChange(article.title, article, skip_reason="It is withdrawn.")
    if category is None:
        return PlannedChange(article.title, article, skip_reason="No category was chosen.")
    before, after = _slugs(article), _slugs_under(article, category)
    if before == after:
        return PlannedChange(article.title, article, skip_reason="It is filed there already.")
    content = msgspec.structs.replace(publication.content_of(article), categories=after)
    try:
        publication.check_publishable(content, revisions.draft_of(article_id=article.id))
    except NotPublishable as refusal:
        problems = " ".join(problem.message for problem in refusal.problems)
        return PlannedChange(article.title, article, skip_reason=f"Please fix its text first. {problems}")
    names = {row.slug: row.name for row in db.session.scalars(select(Category))}
    before_names, after_names = (
        ", ".join(names.get(slug, slug) for slug in slugs) for slugs in (before, after)
    )
    return PlannedChange(article.title, article, before_names, after_names)


def carry_out(wanted: BulkPlan, editor_id: int, now: datetime, note: str) -> BulkChange:
    """Carry out a plan, and store what ``undo`` needs. ``note`` tells readers why a summary is withdrawn."""
    rows: list[dict[str, Any]] = []
    for planned in wanted.changes:
        article = planned.article
        assert article is not None  # only drafts have none, and they are skipped
        slugs = _slugs(article)
        if wanted.action is BulkAction.WITHDRAW:
            publication.withdraw(article, note, now)
        elif wanted.category is not None:
            _refile(article, _slugs_under(article, wanted.category), editor_id, now)
        rows.append(
            {
                "article_id": article.id,
                "title": planned.title,
                "revision": article.revision_number,
                "categories": slugs,
                "before": planned.before,
                "after": planned.after,
            }
        )
    rows += [{"title": planned.title, "skip_reason": planned.skip_reason} for planned in wanted.skipped]
    return _store(wanted.action, rows, editor_id, now)


def store_import(drafts: Sequence[Draft], editor_id: int, now: datetime) -> BulkChange:
    """Store which drafts an import made, so that ``undo`` can delete them."""
    rows = [{"draft_id": draft.id, "title": draft.title} for draft in drafts]
    return _store(BulkAction.IMPORT, rows, editor_id, now)


def _store(action: BulkAction, rows: list[dict[str, Any]], editor_id: int, now: datetime) -> BulkChange:
    change = BulkChange(kind=action.value, editor_id=editor_id, made_at=now, changed=rows)
    db.session.add(change)
    db.session.flush()
    return change


def can_undo(change: BulkChange, now: datetime) -> bool:
    """Tell whether a change can still be undone: once, within UNDO_FOR."""
    return change.undone_at is None and now - change.made_at <= UNDO_FOR


def undo(change: BulkChange, editor_id: int, now: datetime) -> None:
    """Restore every text that did not change since; the others get an ``undo_problem``. Raises CannotUndo."""
    if not can_undo(change, now):
        raise CannotUndo
    change.undone_at = now
    rows = []  # a new list, since SQLAlchemy does not notice changes inside a JSON value
    for row in change.changed:
        problem = "" if "skip_reason" in row else _undo_row(change, row, editor_id, now)
        rows.append(row | {"undo_problem": problem} if problem else row)
    change.changed = rows


def _undo_row(change: BulkChange, row: dict[str, Any], editor_id: int, now: datetime) -> str:
    """Undo the change to one text; returns why that is impossible, or an empty string."""
    if change.kind == BulkAction.IMPORT:
        draft = db.session.get(Draft, row["draft_id"])
        if draft is None or draft.deleted_at is not None:
            return "It was deleted already."
        if not deletion.is_untouched(draft):
            return CHANGED_MEANWHILE
        deletion.delete(draft, now)
        return ""
    article = db.session.get(Article, row["article_id"])
    if article is None or article.revision_number != row["revision"]:
        return CHANGED_MEANWHILE
    try:
        if change.kind == BulkAction.WITHDRAW:
            content = publication.content_of(article)
            external_changes.publish_again(article, content, editor_id, Kind.PUBLISHED, now)
        else:
            _refile(article, row["categories"], editor_id, now)
    except NotPublishable as refusal:
        return str(refusal)
    return ""


def _refile(article: Article, slugs: list[str], editor_id: int, now: datetime) -> None:
    slugs = with_new_addresses(slugs, former_categories())
    content = msgspec.structs.replace(publication.content_of(article), categories=slugs)
    external_changes.publish(article, content, editor_id, Kind.REFILED, now)


def _slugs(article: Article) -> list[str]:
    return [category.slug for category in article.categories]


def _slugs_under(article: Article, category: Category) -> list[str]:
    """Replace the main category by the chosen one; the others stay."""
    return list(dict.fromkeys([category.slug, *_slugs(article)[1:]]))
