"""From a query to what the page shows: hits with snippets, filters with counts, and what was done to the words."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import Select, select

from webapp.catalog.queries import CARDS, CategoryCount, category_counts, published_by_ids
from webapp.db.session import db
from webapp.models import Article, Category
from webapp.models.values import Labelled, Result, StudyKind, Subject
from webapp.search import reduced, synonyms
from webapp.search.documents import plain_texts
from webapp.search.index import SearchUnavailable, search_index
from webapp.search.posting_arrays import Matches
from webapp.search.query import FacetName, SearchQuery, Sort
from webapp.search.snippets import Snippet, snippet
from webapp.search.understanding import UnderstoodQuery, understand, without_typing_errors, written
from webapp.search.words import Span, highlights, stems
from webapp.web.pagination import Page

PAGE_SIZE = 10
FEED_SIZE = 50
NEAR_CONCEPT_COUNT = 5

LABELS: Mapping[FacetName, str] = {
    FacetName.CATEGORY: "Topic",
    FacetName.SUBJECT: "People, animals or lab",
    FacetName.KIND: "Kind of study",
    FacetName.RESULT: "Result",
    FacetName.YEAR: "Year of the paper",
}
_CATEGORIES = select(Category.slug, Category.name).order_by(Category.position)
_ENUMS: Mapping[FacetName, type[Labelled]] = {
    FacetName.SUBJECT: Subject,
    FacetName.KIND: StudyKind,
    FacetName.RESULT: Result,
}


@dataclass(frozen=True)
class Hit:
    """One matching article and the stems to highlight in it."""

    article: Article
    highlighted: tuple[frozenset[str], ...]

    @property
    def title_highlights(self) -> tuple[Span, ...]:
        return highlights(self.article.title, self.highlighted)

    @property
    def snippet(self) -> Snippet:
        """Made when it is shown: the instant panel shows none."""
        return snippet([text for text in plain_texts(self.article) if text], self.highlighted)


@dataclass(frozen=True)
class FacetValue:
    """One value of a filter: how many results it would leave, and the address that turns it on or off.

    ``toggle_url`` is None where turning it on would leave no results.
    """

    value: str
    label: str
    count: int
    is_selected: bool
    toggle_url: str | None


@dataclass(frozen=True)
class Facet:
    """One group of filters."""

    name: FacetName
    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchResults:
    """Everything that a page of results shows. ``is_reduced``: the index could not answer, the database did."""

    query: SearchQuery
    understanding: UnderstoodQuery
    page: Page[Hit]
    facets: tuple[Facet, ...]
    is_reduced: bool = False

    @property
    def active_filters(self) -> list[FacetValue]:
        return [value for facet in self.facets for value in facet.values if value.is_selected]


@dataclass(frozen=True)
class NextSteps:
    """What a search without results can be followed by."""

    suggestion: str | None
    concepts: tuple[str, ...]
    categories: list[CategoryCount]


def search(
    query: SearchQuery,
    size: int = PAGE_SIZE,
    filters_path: str | None = None,
    shown: Select[Article] = CARDS,
) -> SearchResults:
    """Answer a query. Never raises: without an index the database answers.

    ``filters_path``: where the addresses of filters are; None if no filters are shown. ``shown``: HEADLINES or CARDS.
    """
    offset = (query.page - 1) * size
    is_reduced = False
    try:
        library = search_index().snapshot()
        understanding = understand(query, library)
        matches = Matches((), 0, {})
        if understanding.clauses or not query.text:
            matches = library.search(
                understanding.clauses,
                filters=query.filters,
                sort=query.sort if query.text else Sort.NEWEST,
                offset=offset,
                limit=size,
                counts_facets=filters_path is not None,
            )
    except SearchUnavailable:
        understanding, matches = reduced.search(query, offset, size)
        is_reduced = True
    # The index may not know yet that one was withdrawn.
    articles = published_by_ids(matches.article_ids, shown)
    hits = [Hit(article, understanding.highlighted) for article in articles]
    page = Page(hits, query.page, matches.total - (len(matches.article_ids) - len(hits)), size)
    has_choice = matches.counts and (page.total > 0 or query.filters)
    facets = _facets(query, matches, filters_path) if has_choice and filters_path is not None else ()
    return SearchResults(query, understanding, page, facets, is_reduced)


def next_steps(query: SearchQuery) -> NextSteps:
    """What to offer after a search without results: other searches that do have some."""
    suggestion = None
    with suppress(SearchUnavailable):
        if corrected := without_typing_errors(query.terms()[0], search_index().snapshot()):
            suggestion = next(with_results([written(corrected)], query), None)
    near = [concept.name for concept in synonyms.concepts_near(query.text)]
    return NextSteps(
        suggestion, tuple(islice(with_results(near, query), NEAR_CONCEPT_COUNT)), category_counts()
    )


def with_results(texts: Iterable[str], query: SearchQuery) -> Iterator[str]:
    """Those of the texts that lead from this search to another one, which has results; none if the index cannot answer."""
    with suppress(SearchUnavailable):
        library = search_index().snapshot()
        for text in texts:
            clauses = understand(SearchQuery(text=text), library).clauses
            if stems(text) != stems(query.text) and (library.scored(clauses)[0] & library.is_alive).any():
                yield text


def newest(query: SearchQuery) -> list[Article]:
    """The articles that a search finds, newest first, for its feed."""
    results = search(replace(query, sort=Sort.NEWEST, page=1), FEED_SIZE)
    return [hit.article for hit in results.page.rows]


def _facets(query: SearchQuery, matches: Matches, path: str) -> tuple[Facet, ...]:
    facets = []
    for name, label in LABELS.items():
        counts = matches.counts.get(name, {})
        selected = query.filters.get(name, frozenset())
        possible = [value for value, count in counts.items() if count]
        urls = query.toggle_urls(name, [*possible, *selected], path)
        values = [
            FacetValue(value, text, counts.get(value, 0), value in selected, urls.get(value))
            for value, text in _labels(name, counts).items()
            if value in counts or value in selected or name != FacetName.KIND
        ]
        facets.append(Facet(name, label, tuple(values)))
    return tuple(facets)


def _labels(name: FacetName, counts: Mapping[str, int]) -> dict[str, str]:
    """The values of a group with the words for them, in the order in which they are shown."""
    if name == FacetName.CATEGORY:
        return {row.slug: row.name for row in db.session.execute(_CATEGORIES)}
    if name == FacetName.YEAR:
        return {year: year for year in sorted(counts, reverse=True)}
    return {member.value: member.label for member in _ENUMS[name]}
