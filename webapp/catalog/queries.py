"""Questions about published articles and their categories."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Engine,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased, joinedload, load_only, selectinload

from webapp.db.session import db
from webapp.models import (
    AdoptedPage,
    Article,
    ArticleCategory,
    ArticleSlug,
    Category,
    Correction,
    Draft,
    GlossaryTerm,
    Paper,
)
from webapp.models.values import ArticleStatus, Result, ReviewerKind, StudyKind, Subject
from webapp.parsing import clean_text
from webapp.web.errors import SiteError
from webapp.web.pagination import Page, page_of

PAGE_SIZE = 12
BATCH_SIZE = 200
# For many articles at once.
WITH_TOPICS = selectinload(Article.category_links).joinedload(ArticleCategory.category)
SIMILAR_COUNT = 3

_PUBLISHED_COUNT = select(func.count()).select_from(Article).where(Article.status == ArticleStatus.PUBLISHED)
# Not correlated: otherwise SQLAlchemy would take the articles for those of the query around it.
_RETRACTED = select(Article.id).join(Article.paper).where(Paper.is_retracted).correlate(None)
# All that an article page shows, in one question. An inner join inside the outer one would have SQLite read whole tables.
_WHOLE = (
    select(Article)
    .where(Article.slug == bindparam("slug"))
    .options(
        joinedload(Article.category_links).joinedload(ArticleCategory.category, innerjoin=False),
        joinedload(Article.corrections),
    )
)
# What a headline shows, and what a card or a feed shows. Reading all 41 columns takes as long as the search did: a column
# that is not named here is fetched when somebody asks for it, one article at a time.
HEADLINES = (
    select(Article)
    # "not withdrawn", for "published" would lead SQLite to begin with all that are published
    .where(Article.id.in_(bindparam("ids", expanding=True)), Article.status != ArticleStatus.WITHDRAWN)
    .options(
        load_only(Article.slug, Article.plain_title, Article.subject, Article.species),
        load_only(Article.about_sci, Article.study_kind, Article.result, Article.sign_offs),
        load_only(Article.people, Article.sample_size),
        joinedload(Article.paper).load_only(
            Paper.title, Paper.journal, Paper.published_on, Paper.status, Paper.read_from
        ),
        joinedload(Article.category_links)
        .joinedload(ArticleCategory.category, innerjoin=False)
        .load_only(Category.slug, Category.name),
    )
)
CARDS = HEADLINES.options(
    load_only(Article.main_message, Article.simple_explanation, Article.findings, Article.research_summary),
    load_only(Article.implications, Article.limitations, Article.questions, Article.harms),
    load_only(Article.participants, Article.since_then, Article.published_at, Article.updated_at),
)
# for feeds and files, which show more than cards
WHOLE = (
    select(Article)
    .where(Article.id.in_(bindparam("ids", expanding=True)), Article.status == ArticleStatus.PUBLISHED)
    .options(WITH_TOPICS)
)


class ArticleNotFound(SiteError):
    """There is no article at this address."""

    def __init__(self) -> None:
        super().__init__(404, "We have no summary at this address. Try a search.")


class ArticleWithdrawn(SiteError):
    """The article at this address was taken off the site."""

    def __init__(self, article: Article) -> None:
        super().__init__(410)
        self.article = article


class AddressMoved(LookupError):
    """The article, answer or category has another address now: its ``slug``."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class Order(StrEnum):
    """How a list of articles may be sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"
    PEOPLE = "people"  # like the reader first, if a profile came with the request; else newest


@dataclass(frozen=True)
class CategoryCount:
    """A category and how many published articles are filed under it."""

    category: Category
    count: int


@dataclass(frozen=True)
class TrackRecord:
    """Published articles: all, those that a clinician has signed off, and those that were corrected."""

    total: int
    checked_count: int
    corrected_count: int


def published() -> Select[Article]:
    """Every article that readers may see."""
    return select(Article).where(Article.status == ArticleStatus.PUBLISHED)


def standing() -> Select[Article]:
    """Published articles whose papers were not retracted: what lists offer and what is counted."""
    return published().where(Article.id.not_in(_RETRACTED))


def count_published() -> int:
    """How many articles readers may see, retracted papers among them."""
    return db.session.scalar(_PUBLISHED_COUNT) or 0


def count_standing(*conditions: ColumnElement[bool]) -> int:
    """How many articles are standing and meet the conditions."""
    counted = select(func.count()).select_from(Article).where(*conditions)
    retracted = counted.join(Article.paper).where(Paper.is_retracted)
    # "not withdrawn", for "published" would lead SQLite to begin with all that are published
    not_withdrawn = Article.status != ArticleStatus.WITHDRAWN
    total = _less(counted.where(Article.status == ArticleStatus.PUBLISHED), retracted.where(not_withdrawn))
    return db.session.scalar(select(total)) or 0


def get_published(slug: str) -> Article:
    """The article at this address; raises ArticleNotFound, ArticleWithdrawn or AddressMoved."""
    article = db.session.scalars(_WHOLE, {"slug": slug}).unique().one_or_none()
    if article is None:
        moved_to = db.session.scalar(
            select(Article.slug)
            .join(ArticleSlug, ArticleSlug.article_id == Article.id)
            .where(ArticleSlug.slug == slug)
        )
        if moved_to is None:
            raise ArticleNotFound
        raise AddressMoved(moved_to)
    if article.status != ArticleStatus.PUBLISHED:
        raise ArticleWithdrawn(article)
    return article


def find_adopted(address: str, query: str) -> str | None:
    """The slug of the article that was a page of the original site, by its path and query there.

    A page may be asked for with a query that it does not have, such as the mark of a newsletter.
    """
    path = clean_text(address).rstrip("/")
    is_address = AdoptedPage.address.in_([path, f"{path}?{query}"])
    articles = select(Article.slug).join(Draft, Draft.article_id == Article.id)
    pages = articles.join(AdoptedPage, AdoptedPage.draft_id == Draft.id).where(is_address)
    return db.session.scalar(pages.order_by(func.length(AdoptedPage.address).desc()).limit(1))


def published_by_ids(article_ids: Sequence[int], shown: Select[Article] = CARDS) -> list[Article]:
    """Those of the articles that readers may see now, in the given order. ``shown``: HEADLINES, CARDS or WHOLE."""
    rows = db.session.scalars(shown, {"ids": article_ids}).unique()
    by_id = {article.id: article for article in rows}
    return [by_id[article_id] for article_id in article_ids if article_id in by_id]


def get_category(slug: str) -> Category:
    """The category at this address; raises SiteError 404, or AddressMoved."""
    category = db.session.scalar(select(Category).where(Category.slug == slug))
    if category is None:
        moved_to = former_categories().get(slug)
        if moved_to:
            raise AddressMoved(moved_to)
        raise SiteError(404, "We have no topic at this address. Try a search.")
    return category


def former_categories() -> dict[str, str]:
    """The address of today of each category, by its former ones."""
    rows = db.session.execute(select(Category.slug, Category.former_slugs))
    return {former: slug for slug, former_slugs in rows for former in former_slugs}


def with_new_addresses(slugs: Iterable[str], moved: Mapping[str, str]) -> list[str]:
    """A list of categories in which those that moved have their new addresses."""
    return list(dict.fromkeys(moved.get(slug, slug) for slug in slugs))


def latest(page: int, size: int = PAGE_SIZE) -> Page[Article]:
    """Standing articles, newest first; on the same day the newer paper first.

    The articles before the page are skipped in an index, by their time alone: otherwise a late page would read all their papers.
    """
    offset = (page - 1) * size
    ids: Sequence[int] = ()
    times = standing().with_only_columns(Article.published_at).order_by(Article.published_at.desc())
    first = db.session.scalar(times.limit(1).offset(offset))
    if first is not None:
        skipped = offset - count_standing(Article.published_at > first)
        query = standing().join(Article.paper).where(Article.published_at <= first)
        query = query.order_by(*_newest_first()).limit(size).offset(skipped)
        ids = db.session.scalars(query.with_only_columns(Article.id)).all()
    return Page(published_by_ids(ids), page, count_standing(), size)


def newest_about_people(count: int) -> list[Article]:
    """The newest standing articles about people."""
    about_people = standing().join(Article.paper).where(Article.subject == Subject.PEOPLE)
    ids = about_people.with_only_columns(Article.id).order_by(*_newest_first()).limit(count)
    return published_by_ids(list(db.session.scalars(ids)))


def in_category(category: Category, order: Order, page: int, total: int) -> Page[Article]:
    """Standing articles filed under a category, primary or not; ``total`` is how many ``kinds_and_results`` counted."""
    return _listed(_filed_in(category, order), page, PAGE_SIZE, total)


def ids_in_category(category: Category, order: Order, count: int) -> list[int]:
    """The ids of the first articles that ``in_category`` lists."""
    query = _filed_in(category, order).with_only_columns(Article.id)
    return list(db.session.scalars(query.limit(count)))


def page_of_ids(ids: Sequence[int], page: int) -> Page[Article]:
    """One page of a list that is known by the ids of all its articles."""
    start = (page - 1) * PAGE_SIZE
    return Page(published_by_ids(ids[start : start + PAGE_SIZE]), page, len(ids), PAGE_SIZE)


def _filed_in(category: Category, order: Order) -> Select[Article]:
    orders = {
        Order.OLDEST: (Article.published_at, Paper.published_on, Article.id),
        Order.TITLE: (func.lower(func.coalesce(Article.plain_title, Paper.title)), Article.id),
    }
    filed = standing().join(Article.paper).where(_is_in(category))
    return filed.order_by(*orders.get(order, _newest_first()))


def _listed(
    query: Select[Article],
    page: int,
    size: int,
    total: ColumnElement[int] | int,
    shown: Select[Article] = CARDS,
) -> Page[Article]:
    """One page of a query for articles. Their order is found by ids alone: whole texts would be sorted with them."""
    found = page_of(query.with_only_columns(Article.id), page, size, total)
    return Page(published_by_ids(found.rows, shown), found.number, found.total, found.size)


def newest_in(category: Category, count: int) -> list[Article]:
    """Published articles of a category, newest first, retracted papers among them: followers should hear of it."""
    query = published().join(Article.paper).where(_is_in(category)).order_by(*_newest_first())
    return list(db.session.scalars(query.limit(count)))


def retracted(category: Category | None = None) -> list[Article]:
    """Published articles, of one category or of all, whose papers were retracted, latest notice first."""
    query = published().join(Article.paper).where(Paper.is_retracted)
    if category is not None:
        query = query.where(_is_in(category))
    return list(db.session.scalars(query.order_by(Paper.status_on.desc().nulls_last(), *_newest_first())))


def kinds_and_results(category: Category) -> list[tuple[Subject, StudyKind, Result, int]]:
    """How many standing articles of a category there are about each subject, of each kind of study, with each result."""
    columns = (Article.subject, Article.study_kind, Article.result)
    counted = standing().with_only_columns(*columns, func.count()).where(_is_in(category)).group_by(*columns)
    return [(subject, kind, result, count) for subject, kind, result, count in db.session.execute(counted)]


def category_counts() -> list[CategoryCount]:
    """All categories in their order, each with its number of standing articles."""
    filed = (
        select(func.count()).select_from(ArticleCategory).where(ArticleCategory.category_id == Category.id)
    )
    withdrawn = select(Article.id).where(Article.status == ArticleStatus.WITHDRAWN)
    retracted = _RETRACTED.where(Article.status != ArticleStatus.WITHDRAWN)
    few = (filed.where(ArticleCategory.article_id.in_(ids)) for ids in (withdrawn, retracted))
    query = select(Category, _less(filed, *few)).order_by(Category.position)
    return [CategoryCount(category, count) for category, count in db.session.execute(query)]


def _is_in(category: Category) -> ColumnElement[bool]:
    return Article.id.in_(
        select(ArticleCategory.article_id).where(ArticleCategory.category_id == category.id)
    )


def _less(every: Select[int], *few: Select[int]) -> ColumnElement[int]:
    """All but a few. Each is counted in indexes; asking every article what it is would read all of them."""
    total: ColumnElement[int] = every.scalar_subquery()
    for one in few:
        total = total - one.scalar_subquery()
    return total


def similar_to(article: Article, count: int = SIMILAR_COUNT) -> list[int]:
    """The ids of standing articles that share most categories with this one: people before animals, then newest."""
    own = [link.category_id for link in article.category_links]
    link = aliased(ArticleCategory)
    shared = (
        select(link.article_id, func.count().label("shared"))
        .where(link.category_id.in_(own), link.article_id != article.id)
        .group_by(link.article_id)
        .subquery()
    )
    people_first = case(
        (Article.subject == Subject.PEOPLE, 0), (Article.subject == Subject.MIXED, 1), else_=2
    )
    query = (
        standing()
        .with_only_columns(Article.id)
        .join(Article.paper)
        .join(shared, shared.c.article_id == Article.id)
        .order_by(shared.c.shared.desc(), people_first, *_newest_first())
        .limit(count)
    )
    return list(db.session.scalars(query))


def _newest_first() -> tuple:  # type: ignore[type-arg]
    return (Article.published_at.desc(), Paper.published_on.desc(), Article.id.desc())


def recently_changed(page: int, size: int) -> Page[Article]:
    """Published articles by their last change, retracted papers among them: those who follow us should hear of it."""
    query = published().order_by(Article.updated_at.desc(), Article.id.desc())
    return _listed(query, page, size, _PUBLISHED_COUNT.scalar_subquery(), WHOLE)


def published_in_batches(engine: Engine) -> Iterator[Sequence[Article]]:
    """Every published article by its id, all of it loaded, a few at a time.

    Each batch is read in a transaction of its own: memory stays small, and nothing is held in the database while the caller
    works with a batch, however long a reader takes to download it.
    """
    query = published().where(Article.id > bindparam("last")).order_by(Article.id).limit(BATCH_SIZE)
    query, last = query.options(WITH_TOPICS, selectinload(Article.corrections)), 0
    while True:
        with Session(engine) as session:
            articles = session.scalars(query, {"last": last}).all()
        if not articles:
            return
        yield articles
        last = articles[-1].id


def highest_id() -> int:
    """The highest id of an article, published or not; 0 before the first."""
    return db.session.scalar(select(func.max(Article.id))) or 0


def slugs_between(first_id: int, last_id: int) -> Sequence[Row[str, datetime]]:
    """The slug of each published article with such an id, and when it changed last."""
    query = published().with_only_columns(Article.slug, Article.updated_at)
    return db.session.execute(query.where(Article.id.between(first_id, last_id)).order_by(Article.id)).all()


def titles() -> Sequence[Row[str, str, str]]:
    """The slug, the title and the paper's title of every standing article, by title."""
    title = func.coalesce(Article.plain_title, Paper.title)
    columns = Article.slug, title.label("title"), Paper.title.label("paper_title")
    return db.session.execute(
        standing().join(Article.paper).with_only_columns(*columns).order_by(func.lower(title), Article.id)
    ).all()


def track_record() -> TrackRecord:
    """How many articles are published, and how many of them a clinician has checked or we have corrected."""
    sign_offs = db.session.scalars(published().with_only_columns(Article.sign_offs)).all()
    corrected = (
        select(func.count(Correction.article_id.distinct()))
        .join(Correction.article)
        .where(Article.status == ArticleStatus.PUBLISHED)
    )
    return TrackRecord(
        total=len(sign_offs),
        checked_count=sum(any(one.kind is ReviewerKind.CLINICIAN for one in row) for row in sign_offs),
        corrected_count=db.session.scalar(corrected) or 0,
    )


def term_slugs() -> list[str]:
    return list(db.session.scalars(select(GlossaryTerm.slug).order_by(GlossaryTerm.slug)))
