"""The public history of one text, and of all of them: what changed at each publishing, and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload, lazyload

from webapp.content.answer_content import Content, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.comparison import FieldDifference, differences
from webapp.db.session import db
from webapp.languages.language import ENGLISH, in_language
from webapp.models import Answer, Article, Category, Correction, PublicChange, Revision
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

_CORRECTIONS_OF_ANSWERS = (
    select(Answer, PublicChange.at, PublicChange.note)
    .join(PublicChange, PublicChange.answer_id == Answer.id)
    .join(Revision, Revision.id == PublicChange.revision_id)
    .where(Revision.is_correction)
    .order_by(PublicChange.id)
)


@dataclass(frozen=True)
class Step:
    """One publishing after the first: when, why, and which fields differ in which words from the text before it."""

    number: int
    published_at: datetime
    note: str
    differences: tuple[FieldDifference, ...]
    is_correction: bool


@dataclass(frozen=True)
class LoggedChange:
    """One publishing of one text of the site. ``parts`` names what changed; None for a text that is new."""

    text: Live
    number: int
    published_at: datetime
    note: str
    parts: tuple[str, ...] | None
    is_correction: bool


@dataclass(frozen=True)
class Corrected:
    """What we got wrong in an article or an answer, and when we corrected it. ``anchor`` names it among those of its text."""

    of: Live
    published_on: date
    text: str
    anchor: str


def corrections() -> list[Corrected]:
    """Every correction of what readers may see now, newest first.

    Those of articles are part of their texts, those of answers are in the log of public changes.
    """
    of_articles = (
        select(Correction)
        .join(Correction.article)
        .where(Article.status == ArticleStatus.PUBLISHED)
        .order_by(Correction.published_on, Correction.article_id, Correction.id.desc())
    )
    found: list[tuple[Live, date, str]] = [
        (row.article, row.published_on, row.text) for row in db.session.scalars(of_articles)
    ]
    of_answers = _CORRECTIONS_OF_ANSWERS.where(Answer.status == ArticleStatus.PUBLISHED)
    found += [(answer, at.date(), note or "") for answer, at, note in db.session.execute(of_answers)]
    return _numbered(sorted(found, key=lambda row: row[1]))


def corrections_of(answer: Answer) -> list[Corrected]:
    """The corrections of an answer, newest first."""
    rows = db.session.execute(_CORRECTIONS_OF_ANSWERS.where(Answer.id == answer.id))
    return _numbered((answer, at.date(), note or "") for _, at, note in rows)


def _numbered(oldest_first: Iterable[tuple[Live, date, str]]) -> list[Corrected]:
    """Give each a name that stays: publishing makes the rows of an article anew, so their ids say nothing."""
    counts: Counter[str] = Counter()
    found = []
    for text, on, words in oldest_first:
        name = f"{'answer' if isinstance(text, Answer) else 'article'}-{text.id}-correction-{on}"
        counts[name] += 1
        found.append(Corrected(text, on, words, f"{name}-{counts[name]}"))
    return found[::-1]


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
            revision.is_correction,
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
    with in_language(ENGLISH):  # also what was chosen from a list: all of it is English, as revisions are
        steps = [
            Step(
                revision.number,
                change.at,
                change.note or "",
                tuple(differences(_shown(before, names), _shown(revision, names))),
                revision.is_correction,
            )
            for (_, before), (change, revision) in pairwise(db.session.execute(query).all())
        ]
    return [step for step in reversed(steps) if step.differences or step.note]


def changed_since(live: Live, at: datetime) -> list[FieldDifference]:
    """What readers see now in other words than at that time, without the corrections and the journal's notice themselves."""
    query = (
        select(PublicChange.at, Revision)
        .join(Revision, Revision.id == PublicChange.revision_id)
        .where(*(getattr(PublicChange, name) == value for name, value in live.key.items()))
        .order_by(PublicChange.id)
    )
    rows = db.session.execute(query).all()
    before = [revision for changed_at, revision in rows if changed_at < at]
    if not before:
        return []
    names = {row.slug: row.name for row in db.session.scalars(select(Category))}
    found = differences(_shown(before[-1], names), _shown(rows[-1][1], names))
    return [
        difference for difference in found if not difference.field.startswith(("corrections", "paper-status"))
    ]


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
