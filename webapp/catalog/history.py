"""The public history of an article or an answer: what it said at each publishing, what changed in between, and why."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import msgspec
from sqlalchemy import select

from webapp.content.answer_content import Content, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.comparison import Difference, differences
from webapp.db.session import db
from webapp.models import Category, PublicChange, Revision
from webapp.models.article import Live


@dataclass(frozen=True)
class Step:
    """One publishing after the first: when, why, and which fields differ in which words from the text before it."""

    number: int
    published_at: datetime
    note: str
    differences: tuple[Difference, ...]


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
