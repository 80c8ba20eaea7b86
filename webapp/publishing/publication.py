"""Publication: checks a text, writes it to the live rows, reads it back, and announces the change to the log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import count
from types import MappingProxyType

import msgspec
from slugify import slugify
from sqlalchemy import or_, select

from webapp.content.answer_checks import answer_warnings
from webapp.content.answer_content import AnswerContent, Content, OneContent, content_from_json
from webapp.content.article_content import ArticleContent, CorrectionContent, PaperContent
from webapp.content.checks import errors, warnings
from webapp.content.problems import Problem
from webapp.content.readability import reading_grade
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import Base, db
from webapp.models import (
    Answer,
    AnswerSlug,
    Article,
    ArticleCategory,
    ArticleSlug,
    AuditKind,
    Category,
    Correction,
    Draft,
    Live,
    Paper,
    PaperSection,
    Revision,
    StoredText,
)
from webapp.models.values import ArticleStatus
from webapp.publishing import ai_drafts, answers, audit, sign_offs

_PAPER_FIELDS = PaperContent.__struct_fields__
_ARTICLE_FIELDS = [
    name
    for name in ArticleContent.__struct_fields__
    if name not in ("slug", "categories", "paper", "corrections", "published_on")
]


class NotPublishable(ValueError):
    """A text cannot be published: it has ``problems``, or ``warnings`` that were not accepted, or both.

    ``accepted`` holds the reasons that were given, by the warning's key.
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
    content: Content,
    draft: Draft | None,
    accepted: Mapping[str, str] | None = None,
    today: date = date.max,
    *,
    new_categories: Collection[str] = (),
    new_articles: Mapping[str, Article] = MappingProxyType({}),
) -> dict[str, str]:
    """Run all checks of a draft's new text, and return the reason for which each warning was accepted, by the warning's key.

    ``accepted`` holds such reasons, and ``today`` tells which dates are in the future. Without reasons, as for an import or
    a bulk change, warnings are ignored. ``new_categories``: slugs of categories that do not exist yet; ``new_articles``: those
    that an answer may cite, by slug, and that are not stored yet.
    Raises NotPublishable with all problems and warnings.
    """
    own_id = draft.live.id if draft and draft.live else None
    with db.session.no_autoflush:
        if isinstance(content, AnswerContent):
            cited = answers.cited_articles(content) | dict(new_articles)
            problems = answers.problems(content, own_id, cited)
            find_warnings = partial(answer_warnings, content, cited)
        else:
            sections = stored_sections(draft)
            problems = list(errors(content, sections, today))
            if draft and draft.id:
                problems += ai_drafts.problems(draft, content, sections)
            find_warnings = partial(warnings, content, sections)
            other = find_article_of(content.paper)
            if other is not None and other.id != own_id:
                message = f"There’s already a summary of this paper: {other.title}."
                problems.append(Problem("paper-doi", message))
        if content.slug and _slug_owner(content, content.slug) not in (None, own_id):
            kind = "answer" if isinstance(content, AnswerContent) else "summary"
            problems.append(Problem("slug", f"Another {kind} has this address. Choose another."))
        known = set(db.session.scalars(select(Category.slug).where(Category.slug.in_(content.categories))))
    unknown = [slug for slug in content.categories if slug not in known and slug not in new_categories]
    problems += [Problem("categories", f"There is no category “{slug}”.") for slug in unknown]
    if content.slug and content.slug != slugify(content.slug, max_length=120):
        message = "Use lowercase letters, digits and hyphens in the address, like nerve-pain-pills."
        problems.append(Problem("slug", message))
    found: dict[str, Problem] = {}
    if accepted is not None:  # those about what a language model wrote are among the problems
        found = {warning.key: warning for warning in find_warnings() if warning not in problems}
    reasons = {key: (accepted or {}).get(key, "") for key in found}
    if problems or not all(reasons.values()):
        raise NotPublishable(problems, tuple(found.values()), reasons)
    return reasons


def stored_sections(draft: Draft | None) -> tuple[PaperSection, ...]:
    """Fetch the sections of the texts of its paper that are stored with a draft, which may be new."""
    if draft is None or draft.id is None:
        return ()
    query = select(StoredText.sections).where(StoredText.draft_id == draft.id).order_by(StoredText.id)
    return tuple(section for sections in db.session.scalars(query) for section in sections)


def make_public(draft: Draft, revision: Revision, now: datetime) -> Live:
    """Show readers a revision that passed the checks: write it to the live rows of its text, or of a new one."""
    content, live = content_from_json(revision.content), draft.live
    if live is not None and live.slug != content.slug:
        move = f"{live.slug} → {content.slug}"
        audit.record(AuditKind.ADDRESS_CHANGED, now, revision.editor_id, detail=move)
    if isinstance(content, AnswerContent):
        answer = draft.answer or Answer(revision_number=0, published_at=now, sign_offs=[])
        _make_live(answer, content, now)
        answers.fill(answer, content)
        live = draft.answer = answer
    else:
        article = draft.article or Article(paper=Paper(), revision_number=0, published_at=now)
        db.session.add(article)
        _make_live(article, content, now)
        _fill(article, content)
        live = draft.article = article
    db.session.flush()
    announce_revision(live, revision, now, revision.change_note or "")
    return live


def announce_revision(
    live: Live,
    revision: Revision,
    now: datetime,
    note: str = "",
    kind: ChangeKind = ChangeKind.PUBLISHED,
) -> None:
    """Make ``revision`` the published one, and log the change. ``note`` tells readers what changed, and why."""
    live.revision_number = revision.number
    live.sign_offs = sign_offs.of_text(revision.draft_id, revision.content, revision.number)
    db.session.flush()
    change_log.announce(kind, now, of=live.key, revision_id=revision.id, note=note)


def with_address(content: OneContent, live: Live | None) -> OneContent:
    """Give a content without a slug one that no other article or answer has or had."""
    if content.slug:
        return content
    if isinstance(content, AnswerContent):
        title, unnamed = content.question, "answer"
    else:
        title, unnamed = content.plain_title or content.paper.title, "summary"
    base = slugify(title, max_length=80, word_boundary=True) or unnamed
    own_id = live.id if live else None
    with db.session.no_autoflush:
        candidates = (base if number == 1 else f"{base}-{number}" for number in count(1))
        slug = next(slug for slug in candidates if _slug_owner(content, slug) in (None, own_id))
    return msgspec.structs.replace(content, slug=slug)


def withdraw(live: Live, note: str, now: datetime) -> None:
    """Withdraw a text: its page shows only ``note``, and lists, feeds and search leave it out at once."""
    live.status = ArticleStatus.WITHDRAWN
    live.withdrawn_at = now
    live.withdrawn_note = note or None
    live.updated_at = now
    change_log.announce(ChangeKind.WITHDRAWN, now, of=live.key, note=note)


def set_paper_status(article: Article, notice: PaperContent, now: datetime) -> None:
    """Write the status fields of a journal's notice to the live rows.

    Runs no checks: a problem in the text must not delay a retraction.
    """
    _write(notice, ("status", "status_on", "status_url", "status_note"), article.paper)
    article.updated_at = now
    db.session.flush()


def record_status_check(article: Article, at: datetime, now: datetime) -> None:
    """Store when the paper was last checked for a retraction, which the article's page shows."""
    # A downloaded list may be older than the last check at Crossref.
    article.paper.status_checked_at = max(at, article.paper.status_checked_at or at)
    change_log.announce(ChangeKind.CHECKED, now, of=article.key)


def find_article_of(paper: PaperContent) -> Article | None:
    """Find the article about this paper, by DOI, PubMed number or URL."""
    keys = ((Paper.doi, paper.doi.lower()), (Paper.pmid, paper.pmid), (Paper.url, paper.url))
    matches = [column == value for column, value in keys if value]
    if not matches:
        return None
    return db.session.scalar(select(Article).join(Article.paper).where(or_(*matches)))


def content_of(article: Article) -> ArticleContent:
    """Read back what a live article says. NULL is left out, so that it becomes the empty value of its field."""
    paper = {name: value for name in _PAPER_FIELDS if (value := getattr(article.paper, name)) is not None}
    texts = {name: value for name in _ARTICLE_FIELDS if (value := getattr(article, name)) is not None}
    return ArticleContent(
        slug=article.slug,
        categories=[link.category.slug for link in article.category_links],
        paper=PaperContent(**paper),
        corrections=[
            CorrectionContent(published_on=row.published_on, text=row.text) for row in article.corrections
        ],
        published_on=article.published_at.date(),
        **texts,
    )


def transient_article(content: ArticleContent, now: datetime) -> Article:
    """Make an article outside the database to preview a draft, which may be incomplete."""
    article = Article(paper=Paper(), revision_number=0, published_at=now, sign_offs=[])
    with db.session.no_autoflush:
        content = with_address(content, None)
        _make_live(article, content, now)
        _fill(article, content)
    return article


def _make_live(live: Live, content: Content, now: datetime) -> None:
    """Write the address, the status and the dates of a text to its row, which may be new."""
    former_slugs = ArticleSlug if isinstance(live, Article) else AnswerSlug
    if live.slug and live.slug != content.slug:  # links to its former address must go on working
        db.session.merge(former_slugs(slug=live.slug, **live.key))
        former = db.session.get(former_slugs, content.slug)
        if former is not None:
            db.session.delete(former)
    live.slug = content.slug
    live.status = ArticleStatus.PUBLISHED
    live.withdrawn_at = live.withdrawn_note = None
    if content.published_on and content.published_on != live.published_at.date():
        # Noon, so that most time zones show this date.
        live.published_at = datetime.combine(content.published_on, time(12), UTC)
    live.updated_at = now


def _fill(article: Article, content: ArticleContent) -> None:
    _write(content.paper, _PAPER_FIELDS, article.paper)
    _write(content, _ARTICLE_FIELDS, article)
    article.reading_grade = reading_grade(content.simple_explanation)
    query = select(Category).where(Category.slug.in_(content.categories))
    categories = {row.slug: row for row in db.session.scalars(query)}
    links = {link.category.slug: link for link in article.category_links}
    article.category_links = [
        links.get(slug) or ArticleCategory(category=categories[slug])
        for slug in dict.fromkeys(content.categories)
        if slug in categories
    ]
    for position, link in enumerate(article.category_links):
        link.position = position
    article.corrections = [
        Correction(published_on=row.published_on, text=row.text) for row in content.corrections
    ]


def _write(source: msgspec.Struct, names: Iterable[str], row: Base) -> None:
    """Copy these fields into a row. Empty text is stored as NULL where the column allows it, a DOI in lower case."""
    for name in names:
        value = getattr(source, name)
        if name == "doi":
            value = value.lower()
        setattr(row, name, None if value == "" and row.__table__.c[name].nullable else value)


def _slug_owner(content: Content, slug: str) -> int | None:
    """The id of the text of this kind that has or had an address."""
    if isinstance(content, AnswerContent):
        return answers.slug_owner(slug)
    return db.session.scalar(select(Article.id).where(Article.slug == slug)) or db.session.scalar(
        select(ArticleSlug.article_id).where(ArticleSlug.slug == slug)
    )
