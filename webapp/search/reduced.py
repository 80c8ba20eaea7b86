"""Search without an index: a plain database query, so that readers are served while the index is rebuilt."""

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from webapp.catalog.queries import published
from webapp.db.session import db
from webapp.models import Article, ArticleCategory, Category, Paper
from webapp.search.posting_arrays import NOT_PEOPLE, Matches
from webapp.search.query import FacetName, SearchQuery
from webapp.search.understanding import UnderstoodQuery
from webapp.search.words import STOP_WORDS, stem, words


def search(query: SearchQuery, offset: int, limit: int) -> tuple[UnderstoodQuery, Matches]:
    """Articles with any of the words in title or main message: people first, then those with most of them, then the newest."""
    spoken = [piece for term in query.terms()[0] for word in words(term.text) for piece in word.pieces]
    asked = list(dict.fromkeys(word for word in spoken if word not in STOP_WORDS))
    understanding = UnderstoodQuery((), (), None, (), tuple(frozenset((stem(word),)) for word in asked))
    if query.text and not asked:
        return understanding, Matches((), 0, {})
    texts = [func.lower(text) for text in (Article.plain_title, Paper.title, Article.main_message)]
    # as letters, not as a pattern
    tests = [or_(*[text.contains(stem(word), autoescape=True) for text in texts]) for word in asked]
    matching = published().join(Article.paper).where(*_filters(query))
    if tests:
        matching = matching.where(or_(*tests))
    rank = sum((case((test, 1), else_=0) for test in tests), start=literal(0))
    total = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    is_animal = case((Article.subject.in_(NOT_PEOPLE), 1), else_=0)
    order = (is_animal, rank.desc(), Article.published_at.desc(), Article.id.desc())
    ids = matching.with_only_columns(Article.id).order_by(*order).offset(offset).limit(limit)
    return understanding, Matches(tuple(db.session.scalars(ids)), total, {})


def _filters(query: SearchQuery) -> list[ColumnElement[bool]]:
    columns = {
        FacetName.KIND: Article.study_kind,
        FacetName.SUBJECT: Article.subject,
        FacetName.RESULT: Article.result,
    }
    tests: list[ColumnElement[bool]] = [
        func.lower(column).in_(query.filters[name])
        for name, column in columns.items()
        if name in query.filters
    ]
    if FacetName.CATEGORY in query.filters:
        filed = (
            select(ArticleCategory.article_id)
            .join(Category)
            .where(Category.slug.in_(query.filters[FacetName.CATEGORY]))
        )
        tests.append(Article.id.in_(filed))
    if FacetName.YEAR in query.filters:
        year = func.substr(Paper.published_on, 1, 4)
        ranges = [value.partition("-") for value in query.filters[FacetName.YEAR]]
        tests.append(or_(*[year.between(first, last or first) for first, _, last in ranges]))
    return tests
