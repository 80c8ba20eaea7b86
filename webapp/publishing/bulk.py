"""Several summaries re-filed or withdrawn at once: what would change, the change, and its undoing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from webapp.db.session import db
from webapp.models import Article, BulkChange, Category, Draft, Schedule
from webapp.models.values import ArticleStatus, Labelled
from webapp.publishing import external_changes, publication
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import Kind

UNDO_FOR = timedelta(days=1)
_CHOICE = re.compile(r"(article|draft)-([0-9]{1,9})(?::([0-9]{1,9}))?")

CHANGED_SINCE = "It was changed meanwhile."
WAITS = "Another text of it waits to go out by itself. Cancel that first."


class Action(Labelled):
    """What can be done to several summaries."""

    REFILE = "re-file", "Re-file"
    WITHDRAW = "withdraw", "Withdraw"


class CannotUndo(Exception):
    """It was undone before, or too much time has passed."""


@dataclass(frozen=True)
class Item:
    """One chosen text: what it would become, or why it stays as it is."""

    title: str
    article: Article | None = None
    before: str = ""
    after: str = ""
    why_not: str = ""

    @property
    def choice(self) -> str:
        """Names the text as it is now, so that a later change is noticed."""
        return f"article-{self.article.id}:{self.article.revision_number}" if self.article else ""


@dataclass(frozen=True)
class Plan:
    """What an action would do to each chosen text. Without a category nothing can be re-filed."""

    action: Action
    category: Category | None
    items: tuple[Item, ...]

    @property
    def will(self) -> list[Item]:
        return [item for item in self.items if not item.why_not]

    @property
    def will_not(self) -> list[Item]:
        return [item for item in self.items if item.why_not]


def plan(action: Action, choices: Sequence[str], category: Category | None) -> Plan:
    """Look at each chosen text, like "article-5", "article-5:3" (as of its revision 3) or "draft-7"; others are left out."""
    found = [match for choice in dict.fromkeys(choices) if (match := _CHOICE.fullmatch(choice))]
    numbers = {kind: [int(match[2]) for match in found if match[1] == kind] for kind in ("article", "draft")}
    drafts = db.session.scalars(
        select(Draft).where(Draft.id.in_(numbers["draft"]), Draft.article_id.is_(None))
    )
    items = [Item(draft.title, why_not="It was never published.") for draft in drafts]
    seen = {int(match[2]): match[3] for match in found if match[1] == "article"}
    waiting = _waiting(list(seen))
    for article in db.session.scalars(select(Article).where(Article.id.in_(seen)).order_by(Article.id)):
        if seen[article.id] not in (None, str(article.revision_number)):
            items.append(Item(article.title, article, why_not=CHANGED_SINCE))
        elif article.id in waiting:
            items.append(Item(article.title, article, why_not=WAITS))
        else:
            items.append(_withdrawn(article) if action is Action.WITHDRAW else _refiled(article, category))
    return Plan(action, category, tuple(items))


def carry_out(wanted: Plan, editor_id: int, now: datetime, note: str) -> BulkChange:
    """Do what was planned, and keep what each text was before. ``note`` tells readers why a summary is withdrawn."""
    rows = [_changed(wanted, item, editor_id, now, note) for item in wanted.will]
    rows += [{"title": item.title, "why_not": item.why_not} for item in wanted.will_not]
    change = BulkChange(kind=wanted.action.value, editor_id=editor_id, made_at=now, changed=rows)
    db.session.add(change)
    db.session.flush()
    return change


def can_undo(change: BulkChange, now: datetime) -> bool:
    """Is it still to be undone, and soon enough?"""
    return change.undone_at is None and now - change.made_at <= UNDO_FOR


def undo(change: BulkChange, editor_id: int, now: datetime) -> None:
    """Make each text what it was; one that was changed since stays, with the reason. Raises CannotUndo."""
    if not can_undo(change, now):
        raise CannotUndo
    change.undone_at = now
    change.changed = [row | _undone(change, row, editor_id, now) for row in change.changed]


def category_names() -> dict[str, str]:
    """What readers call each category, by its slug."""
    return {row.slug: row.name for row in db.session.scalars(select(Category))}


def _waiting(article_ids: list[int]) -> set[int | None]:
    query = select(Draft.article_id).join(Schedule, Schedule.draft_id == Draft.id)
    return set(
        db.session.scalars(query.where(Draft.article_id.in_(article_ids), Schedule.ended_at.is_(None)))
    )


def _withdrawn(article: Article) -> Item:
    if article.status == ArticleStatus.WITHDRAWN:
        return Item(article.title, article, why_not="It is withdrawn already.")
    return Item(article.title, article, "On the site", "Withdrawn, with your note on its page")


def _refiled(article: Article, category: Category | None) -> Item:
    if article.status == ArticleStatus.WITHDRAWN:
        return Item(article.title, article, why_not="It is withdrawn.")
    if category is None:
        return Item(article.title, article, why_not="No category was chosen.")
    before, after = _slugs(article), _slugs_under(article, category)
    if before == after:
        return Item(article.title, article, why_not="It is filed there already.")
    content = msgspec.structs.replace(publication.content_of(article), categories=after)
    try:
        publication.check_publishable(content, article)
    except NotPublishable as refusal:
        reason = " ".join(problem.message for problem in refusal.problems)
        return Item(article.title, article, why_not=f"Its text has to be put right first. {reason}")
    names = category_names()
    return Item(article.title, article, _named(before, names), _named(after, names))


def _changed(wanted: Plan, item: Item, editor_id: int, now: datetime, note: str) -> dict[str, Any]:
    article = item.article
    assert article is not None  # an item without one is never among those that will change
    before = _slugs(article)
    if wanted.action is Action.WITHDRAW:
        publication.withdraw(article, note, now)
    elif wanted.category is not None:
        _file(article, _slugs_under(article, wanted.category), editor_id, now)
    return {
        "article_id": article.id,
        "title": item.title,
        "revision": article.revision_number,
        "categories": before,
        "before": item.before,
        "after": item.after,
    }


def _undone(change: BulkChange, row: dict[str, Any], editor_id: int, now: datetime) -> dict[str, Any]:
    if "article_id" not in row:
        return {}
    article = db.session.get(Article, row["article_id"])
    if article is None or article.revision_number != row["revision"]:
        return {"why_kept": CHANGED_SINCE}
    try:
        if change.kind == Action.WITHDRAW:
            external_changes.publish(article, publication.content_of(article), editor_id, Kind.PUBLISHED, now)
        else:
            _file(article, row["categories"], editor_id, now)
    except NotPublishable as refusal:
        return {"why_kept": str(refusal)}
    return {}


def _file(article: Article, slugs: list[str], editor_id: int, now: datetime) -> None:
    content = msgspec.structs.replace(publication.content_of(article), categories=slugs)
    external_changes.publish(article, content, editor_id, Kind.REFILED, now)


def _slugs(article: Article) -> list[str]:
    return [category.slug for category in article.categories]


def _slugs_under(article: Article, category: Category) -> list[str]:
    """The chosen category in the place of the main one; the others stay."""
    return list(dict.fromkeys([category.slug, *_slugs(article)[1:]]))


def _named(slugs: list[str], names: dict[str, str]) -> str:
    return ", ".join(names.get(slug, slug) for slug in slugs)
