"""From content to live rows and back. What readers see of a text changes only here, and is announced here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import count
from types import MappingProxyType
from typing import Any

import msgspec
from slugify import slugify
from sqlalchemy import or_, select
from sqlalchemy.sql import ColumnElement

from webapp.content.article_content import ArticleContent, CorrectionContent, PaperContent
from webapp.content.checks import Problem, check
from webapp.content.readability import reading_grade
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import Base, db
from webapp.models import Article, ArticleCategory, ArticleSlug, Category, Correction, Paper, Revision
from webapp.models.values import ArticleStatus

EVERY_WARNING = ""  # in place of a warning's message: a reason for all that have none of their own

_PAPER_FIELDS = PaperContent.__struct_fields__
_ARTICLE_FIELDS = [
    name
    for name in ArticleContent.__struct_fields__
    if name not in ("slug", "categories", "paper", "corrections", "published_on", "checked_on")
]


class NotPublishable(ValueError):
    """A text cannot be published: it has ``problems``, or ``warnings`` that nobody accepted, or both.

    ``accepted`` holds the reasons given so far, by the warning's message.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        warnings: Sequence[Problem] = (),
        accepted: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__("; ".join(problem.message for problem in problems or warnings))
        self.problems, self.warnings, self.accepted = tuple(problems), tuple(warnings), accepted


def check_publishable(
    content: ArticleContent, article: Article | None, accepted: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Run all checks once. Returns the reason for which each warning was accepted.

    ``accepted`` holds reasons by the warning's message, and under EVERY_WARNING one for those without; None: warnings
    hold nothing up (an import, a bulk change).
    Raises NotPublishable with every problem, and with every warning if one has no reason.
    """
    checked = check(content)
    problems = [*checked.errors, *_conflicts(content, article)]
    warnings: Sequence[Problem] = ()
    reasons: dict[str, str] = {}
    if accepted is not None:
        warnings, for_all = checked.warnings, accepted.get(EVERY_WARNING, "")
        reasons = {warning.message: accepted.get(warning.message) or for_all for warning in warnings}
    if problems or not all(reasons.values()):
        raise NotPublishable(problems, warnings, reasons)
    return reasons


def make_public(article: Article | None, content: ArticleContent, now: datetime) -> Article:
    """Put a checked text into the live rows: those of a new article, or new words for ``article``.

    The caller adds the revision that readers see from now on, and announces it with ``announce_revision``.
    """
    if article is None:
        article = Article(paper=Paper(), revision_number=0, published_at=now)
        db.session.add(article)
    _fill(article, content, now)
    db.session.flush()
    return article


def announce_revision(
    article: Article,
    revision: Revision,
    now: datetime,
    note: str = "",
    kind: ChangeKind = ChangeKind.PUBLISHED,
) -> None:
    """Make ``revision`` the one that readers see. ``note`` says what changed for the reader, and why."""
    article.revision_number = revision.number
    db.session.flush()
    change_log.announce(kind, now, article_id=article.id, revision_id=revision.id, note=note)


def with_address(content: ArticleContent, article: Article | None) -> ArticleContent:
    """The content with an address that no other article has or had, where it names none."""
    if content.slug:
        return content
    title = content.plain_title or content.paper.title
    base = slugify(title, max_length=80, word_boundary=True) or "summary"
    own_id = article.id if article else None
    with db.session.no_autoflush:
        candidates = (base if number == 1 else f"{base}-{number}" for number in count(1))
        slug = next(slug for slug in candidates if _slug_owner(slug) in (None, own_id))
    return msgspec.structs.replace(content, slug=slug)


def withdraw(article: Article, note: str, now: datetime) -> None:
    """Take an article off the site. Its page stays as a note; lists, feeds and search drop it at once."""
    article.status = ArticleStatus.WITHDRAWN
    article.withdrawn_at = now
    article.withdrawn_note = note or None
    article.updated_at = now
    change_log.announce(ChangeKind.WITHDRAWN, now, article_id=article.id, note=note)


def set_paper_status(article: Article, said: PaperContent, now: datetime) -> None:
    """Put a journal's notice into the live rows: ``said`` holds the status, its date, address and note.

    Runs no checks on the text: nothing may hold a retraction back.
    """
    for name in ("status", "status_on", "status_url", "status_note"):
        setattr(article.paper, name, _stored(getattr(said, name), Paper, name))
    article.updated_at = now
    db.session.flush()


def note_status_check(article: Article, at: datetime, now: datetime) -> None:
    """Note when the paper was last checked for a retraction; the article's page says it."""
    article.paper.status_checked_at = max(at, article.paper.status_checked_at or at)
    change_log.announce(ChangeKind.CHECKED, now, article_id=article.id)


def find_article_of(paper: PaperContent) -> Article | None:
    """The article about this paper, if there is one: by DOI, else PubMed number, else address."""
    identity = _identity(paper)
    if identity is None:
        return None
    return db.session.scalar(select(Article).join(Article.paper).where(identity))


def content_of(article: Article) -> ArticleContent:
    """What a live article says."""
    return ArticleContent(
        slug=article.slug,
        categories=[category.slug for category in article.categories],
        paper=PaperContent(
            **{name: _given(getattr(article.paper, name), PaperContent, name) for name in _PAPER_FIELDS}
        ),
        corrections=[
            CorrectionContent(published_on=row.published_on, text=row.text) for row in article.corrections
        ],
        published_on=article.published_at.date(),
        checked_on=article.checked_on,
        **{name: _given(getattr(article, name), ArticleContent, name) for name in _ARTICLE_FIELDS},
    )


def transient_article(content: ArticleContent, now: datetime) -> Article:
    """An article that is not in the database, to show a draft as readers would see it. Gaps are allowed."""
    article = Article(paper=Paper(), revision_number=0, published_at=now)
    with db.session.no_autoflush:
        _fill(article, content, now)
    return article


def _fill(article: Article, content: ArticleContent, now: datetime) -> None:
    for name in _PAPER_FIELDS:
        setattr(article.paper, name, _stored(getattr(content.paper, name), Paper, name))
    for name in _ARTICLE_FIELDS:
        setattr(article, name, _stored(getattr(content, name), Article, name))
    _rename(
        article,
        content.slug
        or slugify(content.plain_title or content.paper.title, max_length=80, word_boundary=True),
    )
    article.status = ArticleStatus.PUBLISHED
    article.withdrawn_at = article.withdrawn_note = None
    if content.published_on and content.published_on != article.published_at.date():
        article.published_at = _noon(content.published_on)
    article.checked_on = content.checked_on
    article.reading_grade = reading_grade(content.simple_explanation)
    article.updated_at = now
    _set_categories(article, content.categories)
    article.corrections = [
        Correction(published_on=row.published_on, text=row.text) for row in content.corrections
    ]


def _set_categories(article: Article, slugs: list[str]) -> None:
    known = {row.slug: row for row in db.session.scalars(select(Category).where(Category.slug.in_(slugs)))}
    kept = {link.category.slug: link for link in article.category_links}
    article.category_links = [
        kept.get(slug) or ArticleCategory(category=known[slug])
        for slug in dict.fromkeys(slugs)
        if slug in known
    ]
    for position, link in enumerate(article.category_links):
        link.position = position


def _rename(article: Article, slug: str) -> None:
    """Give an article its address; an address it had before keeps leading to it."""
    if article.slug and article.slug != slug:
        db.session.merge(ArticleSlug(slug=article.slug, article_id=article.id))
        former = db.session.get(ArticleSlug, slug)
        if former is not None:
            db.session.delete(former)
    article.slug = slug


def _conflicts(content: ArticleContent, article: Article | None) -> list[Problem]:
    """What only the database can tell: the paper or the address is taken, or a category is unknown."""
    problems = []
    own_id = article.id if article else None
    with db.session.no_autoflush:
        other = find_article_of(content.paper)
        if other is not None and other.id != own_id:
            problems.append(
                Problem("paper-doi", f"Another summary is about this paper already: {other.title}.")
            )
        if content.slug and _slug_owner(content.slug) not in (None, own_id):
            problems.append(Problem("slug", "Another summary has this address. Choose another."))
        known = set(db.session.scalars(select(Category.slug).where(Category.slug.in_(content.categories))))
    unknown = [slug for slug in content.categories if slug not in known]
    problems += [Problem("categories", f"There is no category “{slug}”.") for slug in unknown]
    if content.slug and content.slug != slugify(content.slug, max_length=120):
        problems.append(
            Problem("slug", "Use small letters, figures and hyphens in the address, like nerve-pain-pills.")
        )
    return problems


def _slug_owner(slug: str) -> int | None:
    return db.session.scalar(select(Article.id).where(Article.slug == slug)) or db.session.scalar(
        select(ArticleSlug.article_id).where(ArticleSlug.slug == slug)
    )


def _identity(paper: PaperContent) -> ColumnElement[bool] | None:
    keys = [(Paper.doi, paper.doi.lower()), (Paper.pmid, paper.pmid), (Paper.url, paper.url)]
    conditions = [column == value for column, value in keys if value]
    return or_(*conditions) if conditions else None


def _stored(value: Any, model: type[Base], name: str) -> Any:
    """Empty text is kept as NULL where the column allows it."""
    if name == "doi" and isinstance(value, str):
        value = value.lower()
    if value == "" and model.__table__.c[name].nullable:
        return None
    return value


def _given(value: Any, kind: type, name: str) -> Any:
    """NULL comes back as the empty value of the content's own type."""
    if value is None and kind.__annotations__[name] is str:
        return ""
    return value


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
