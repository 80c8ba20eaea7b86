"""The public history of an article: what it said at each publishing, what changed in between, and why."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from webapp.content.article_content import from_json
from webapp.content.comparison import Difference, differences
from webapp.db.session import db
from webapp.models import Article, ArticleVersion


@dataclass(frozen=True)
class Step:
    """One publishing after the first: when, why, and which fields differ in which words from the text before it."""

    number: int
    published_at: datetime
    note: str
    differences: tuple[Difference, ...]


def history(article: Article) -> list[Step]:
    """The changes of an article that readers can see, newest first; none if it is as it was first published."""
    rows = db.session.scalars(
        select(ArticleVersion).where(ArticleVersion.article_id == article.id).order_by(ArticleVersion.number)
    )
    steps = [_step(before, after) for before, after in pairwise(rows)]
    return [step for step in reversed(steps) if step.differences or step.note]


def _step(before: ArticleVersion, after: ArticleVersion) -> Step:
    changes = differences(from_json(before.content), from_json(after.content))
    return Step(after.number, after.published_at, after.note or "", tuple(changes))
