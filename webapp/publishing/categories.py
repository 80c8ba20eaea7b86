"""Changes of the categories, with their history: the list as a whole is one text, in the order in which readers see it.

A category goes on under another address if the new list has its old one among the former addresses. If they stand with a
category that was there before, the two are merged. Texts, answers and subscribers then have the new address, revisions
included: it is the name of a thing, not what somebody wrote.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
import tomli_w
from sqlalchemy import Text, cast, func, or_, select

from webapp.catalog.queries import with_new_addresses
from webapp.config import ROOT
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import (
    Answer,
    ArticleCategory,
    AuditKind,
    Category,
    Draft,
    Editor,
    Revision,
    SitePart,
    SiteText,
    Subscriber,
)
from webapp.publishing import audit, saved_texts
from webapp.publishing.saved_texts import TextRefused
from webapp.web.errors import SiteError

FILE = ROOT / "webapp" / "starter" / "categories.toml"
# Of the drawings in templates/_macros/icons.html, those that can stand for a subject, in words.
ICONS = {
    "cell": "Cells", "pain": "Pain", "bone": "Bone", "walk": "Walking", "chip": "Technology", "drop": "Drop",
    "spasm": "Spasm", "skin": "Skin", "lungs": "Lungs", "shield": "Shield", "mind": "Heart", "brain": "Brain",
    "wheel": "Wheelchair", "people": "People", "book": "Book",
}  # fmt: skip
NAME_MOST, DESCRIPTION_MOST, LIST_MOST = 80, 200, 40

Slug = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,80}\Z")]


class CategoryContent(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A category of categories.toml; pages list categories in the order of the file."""

    slug: Slug
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MOST)]
    icon: Annotated[str, msgspec.Meta(max_length=20)]
    description: str
    former_slugs: tuple[Slug, ...] = ()


Categories = tuple[CategoryContent, ...]


class CategoriesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of categories in a file."""

    categories: Categories = ()


class Filed(NamedTuple):
    """How many summaries, answers and drafts are filed under a category, and how many subscribers chose it."""

    articles: int
    answers: int
    drafts: int
    subscribers: int


def live_categories() -> Categories:
    """The categories that readers see."""
    rows = db.session.scalars(select(Category).order_by(Category.position))
    return tuple(
        CategoryContent(row.slug, row.name, row.icon, row.description, tuple(row.former_slugs))
        for row in rows
    )


def get_category(slug: str) -> CategoryContent:
    """The category at this address; raises SiteError 404."""
    found = next((one for one in live_categories() if one.slug == slug), None)
    if found is None:
        raise SiteError(404)
    return found


def history() -> Sequence[SiteText]:
    """The saved lists, newest first."""
    return saved_texts.history(SiteText, part=SitePart.CATEGORIES, key="")


def text_at(number: int) -> Categories:
    """The list as saved then, or the one that came with the site, which is number 0; raises SiteError 404."""
    if number == 0:
        return saved_texts.from_toml(FILE.read_bytes(), CategoriesFile).categories
    return msgspec.convert(saved_texts.get_text(history(), number).content, CategoriesFile).categories


def filed_under(slug: str) -> Filed:
    """How much would move with a category."""
    links = select(func.count()).select_from(ArticleCategory).join(Category).where(Category.slug == slug)
    never_published = Draft.article_id.is_(None) & Draft.answer_id.is_(None) & Draft.deleted_at.is_(None)
    return Filed(
        db.session.scalar(links) or 0,
        sum(slug in categories for categories in db.session.scalars(select(Answer.categories))),
        _count(select(Draft.id).where(never_published, _names(Draft, [slug]))),
        _count(select(Subscriber.id).where(_chose([slug]))),
    )


def _count(query: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def check(wanted: Categories) -> None:
    """Raise TextRefused if these cannot be the categories of the site."""
    if not 0 < len(wanted) <= LIST_MOST:
        raise TextRefused(f"Keep between 1 and {LIST_MOST} categories.")
    slugs, names = set[str](), set[str]()
    for one in wanted:
        if one.slug in slugs:
            raise TextRefused(f"Two categories have the address “{one.slug}”.")
        if one.name.lower() in names:
            raise TextRefused(f"Two categories have the name “{one.name}”.")
        if one.icon not in ICONS:
            raise TextRefused(
                f"“{one.name}”: there is no picture “{one.icon}”. There are {', '.join(ICONS)}."
            )
        if len(one.description) > DESCRIPTION_MOST:
            raise TextRefused(f"“{one.name}”: keep the description to {DESCRIPTION_MOST} characters.")
        slugs.add(one.slug)
        names.add(one.name.lower())


def save(wanted: Categories, base: int, editor: Editor | None, now: datetime) -> bool:
    """Make these the categories that readers see; False if they are already.

    Raises TextRefused, or SavedMeanwhile if ``base``, the number they were written on, is not the newest any more.
    """
    saved, before = history(), live_categories()
    saved_texts.refuse_outdated(saved, base)
    check(wanted)
    _apply(wanted)
    after = live_categories()
    if after == before:
        return False
    if before != text_at(base):
        base += 1
        _store(before, base, None, now)  # what an import brought: the history goes on with it
    _store(after, base + 1, editor, now)
    change_log.announce(ChangeKind.CATEGORIES, now)
    changed = [one.name for one in after if one not in before] or [
        one.name for one in before if one not in after
    ]
    audit.record(
        AuditKind.CATEGORIES_CHANGED, now, editor.id if editor else None, detail=", ".join(changed) or "Order"
    )
    return True


def to_toml(categories: Categories) -> str:
    """The categories as a file."""
    return tomli_w.dumps(msgspec.to_builtins(CategoriesFile(categories)))


def from_toml(source: bytes, editor: Editor | None, now: datetime) -> bool:
    """Make the list of a file the one that readers see; False if it is already. Raises TextRefused: then the caller rolls back."""
    wanted = saved_texts.from_toml(source, CategoriesFile).categories
    return save(wanted, saved_texts.newest_number(history()), editor, now)


def _store(categories: Categories, number: int, editor: Editor | None, now: datetime) -> None:
    content = msgspec.to_builtins(CategoriesFile(categories))
    saved_texts.store(SitePart.CATEGORIES, "", content, number, editor=editor, now=now)


def _apply(wanted: Categories) -> None:
    """Write a list to the rows that readers see, and move what is filed under another address from now on."""
    rows = db.session.scalars(select(Category)).all()
    moves = {row: target.slug for row in rows if (target := _target(row, rows, wanted))}
    for row in rows:
        if row not in moves and any(filed_under(row.slug)[:3]):
            raise TextRefused(f"“{row.name}” isn’t empty. Merge it with another category.")
    # A row that has the address already goes on; otherwise the first that moves there.
    going_on = {slug: row for row, slug in reversed(moves.items())}
    going_on |= {slug: row for row, slug in moves.items() if row.slug == slug}
    former = {
        one.slug: {
            *one.former_slugs,
            *(slug for row in rows if moves.get(row) == one.slug for slug in (row.slug, *row.former_slugs)),
        }
        for one in wanted
    }
    moved = {row.slug: slug for row, slug in moves.items() if row.slug != slug}
    for row in rows:
        if row not in going_on.values():
            if row in moves:
                _move_links(row, going_on[moves[row]])
            db.session.delete(row)
        else:  # two may change names
            row.slug = row.name = f"#{row.id}"
    db.session.flush()
    for position, one in enumerate(wanted):
        row = going_on.get(one.slug) or Category()
        row.slug, row.name, row.icon, row.description = one.slug, one.name, one.icon, one.description
        row.former_slugs = sorted(former[one.slug] - {other.slug for other in wanted})
        row.position = position
        db.session.add(row)
    db.session.flush()
    if moved:
        _rewrite(moved)
    db.session.expire_all()


def _target(row: Category, rows: Sequence[Category], wanted: Categories) -> CategoryContent | None:
    """What a stored category is in a new list: the one with its address, or with it as a former one, or with a former one of its own."""
    stored = {one.slug for one in rows}
    return next(
        (
            one
            for fits in (
                lambda one: one.slug == row.slug,
                lambda one: row.slug in one.former_slugs,
                lambda one: one.slug in row.former_slugs and one.slug not in stored,
            )
            for one in wanted
            if fits(one)
        ),
        None,
    )


def _move_links(old: Category, new: Category) -> None:
    """File the articles of one category under another, in the same place of their own lists."""
    links, there = (
        {
            link.article_id: link
            for link in db.session.scalars(select(ArticleCategory).filter_by(category_id=row.id))
        }
        for row in (old, new)
    )
    for article_id, link in links.items():
        db.session.delete(link)
        if article_id in there:
            there[article_id].position = min(there[article_id].position, link.position)
        else:
            db.session.add(ArticleCategory(article_id=article_id, category_id=new.id, position=link.position))
    db.session.flush()


def _rewrite(moved: Mapping[str, str]) -> None:
    """Give everything that names a category its new address."""
    texts = (
        *db.session.scalars(select(Draft).where(_names(Draft, moved))),
        *db.session.scalars(select(Revision).where(_names(Revision, moved))),
    )
    for text in texts:
        text.content = text.content | {"categories": with_new_addresses(text.content["categories"], moved)}
    for answer in db.session.scalars(select(Answer)):
        answer.categories = with_new_addresses(answer.categories, moved)
    for subscriber in db.session.scalars(select(Subscriber).where(_chose(moved))):
        subscriber.topics = with_new_addresses(subscriber.topics, moved)
    db.session.flush()


def _names(kind: type[Draft | Revision], slugs: Iterable[str]) -> Any:
    """Is a text filed under one of these addresses?"""
    listed = kind.content["categories"].as_string()  # a list in JSON
    return or_(*(listed.contains(f'"{slug}"', autoescape=True) for slug in slugs))


def _chose(slugs: Iterable[str]) -> Any:
    return or_(*(cast(Subscriber.topics, Text).contains(f'"{slug}"', autoescape=True) for slug in slugs))
