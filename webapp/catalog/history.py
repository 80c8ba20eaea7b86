"""The public history of one text, and of all of them: what changed at each publishing, and why."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload, lazyload

from webapp.content.answer_content import Content, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.comparison import Difference, differences
from webapp.db.session import db
from webapp.models import Answer, Article, Category, PublicChange, Revision
from webapp.models.article import Live
from webapp.models.values import ArticleStatus
from webapp.web.pagination import Page, page_of

_earlier, _old = aliased(PublicChange), aliased(Revision)
# The revision of the same text that readers saw until a change.
_seen_before = (
    select(_earlier.revision_id)
    .where(_earlier.id < PublicChange.id, _earlier.revision_id.is_not(None))
    .where(or_(_earlier.article_id == PublicChange.article_id, _earlier.answer_id == PublicChange.answer_id))
    .order_by(_earlier.id.desc())
    .limit(1)
    .correlate(PublicChange)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Step:
    """One publishing after the first: when, why, and which fields differ in which words from the text before it."""

    number: int
    published_at: datetime
    note: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class LoggedChange:
    """One publishing of one text of the site. ``parts`` names what changed; None for a text that is new."""

    text: Live
    number: int
    published_at: datetime
    note: str
    parts: tuple[str, ...] | None


def recent_changes(page: int, size: int) -> Page[LoggedChange]:
    """Every publishing of the articles and answers that readers may see now, newest first."""
    is_public = [
        column.in_(select(model.id).where(model.status == ArticleStatus.PUBLISHED))
        for column, model in ((PublicChange.article_id, Article), (PublicChange.answer_id, Answer))
    ]
    query = select(PublicChange.id).where(PublicChange.revision_id.is_not(None), or_(*is_public))
    found = page_of(query.order_by(PublicChange.id.desc()), page, size)
    rows = db.session.execute(
        select(PublicChange, Revision, _old, Article, Answer)
        .join(Revision, Revision.id == PublicChange.revision_id)
        .outerjoin(_old, _old.id == _seen_before)
        .outerjoin(Article, Article.id == PublicChange.article_id)
        .outerjoin(Answer, Answer.id == PublicChange.answer_id)
        .where(PublicChange.id.in_(found.rows))
        .order_by(PublicChange.id.desc())
        # An inner join of the papers would leave out the answers.
        .options(joinedload(Article.paper, innerjoin=False), lazyload(Article.category_links))
    )
    changes = [
        LoggedChange(
            article or answer,
            revision.number,
            change.at,
            change.note or "",
            tuple(row.label for row in differences(_shown(old, {}), _shown(revision, {}))) if old else None,
        )
        for change, revision, old, article, answer in rows
    ]
    return Page(changes, found.number, found.total, found.size)


def history(live: Live) -> list[Step]:
    """The changes of an article or an answer that readers can see, newest first; none if it is as it was first published."""
    names = {row.slug: row.name for row in db.session.scalars(select(Category))}
    query = (
        select(PublicChange, Revision)
        .join(Revision, Revision.id == PublicChange.revision_id)
        .where(*(getattr(PublicChange, name) == value for name, value in live.key.items()))
        .order_by(PublicChange.id)
    )
    steps = [
        Step(
            revision.number,
            change.at,
            change.note or "",
            tuple(differences(_shown(before, names), _shown(revision, names))),
        )
        for (_, before), (change, revision) in pairwise(db.session.execute(query).all())
    ]
    return [step for step in reversed(steps) if step.differences or step.note]


def _shown(revision: Revision, names: dict[str, str]) -> Content:
    """What a revision says, its categories by name.

    The paper's abstract, which belongs to its publisher, and the date of its publishing are left out.
    """
    content = content_from_json(revision.content)
    categories = [names.get(slug, slug) for slug in content.categories]
    if isinstance(content, ArticleContent):
        paper = msgspec.structs.replace(content.paper, abstract="")
        content = msgspec.structs.replace(content, paper=paper)
    return msgspec.structs.replace(content, categories=categories, published_on=None)
