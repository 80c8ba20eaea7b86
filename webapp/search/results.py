"""From a query to what the page shows: hits with snippets, filters with counts, and what was done to the words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import select

from webapp.catalog.queries import CategoryCount, category_counts
from webapp.db.session import db
from webapp.models import Article, Category
from webapp.models.values import Labelled, Result, StudyKind, Subject
from webapp.search import reduced, spelling, synonyms
from webapp.search.backends import Backend, SearchUnavailable, engine
from webapp.search.cards import Card, public_cards
from webapp.search.plan import FacetName, Found, Plan, Sort
from webapp.search.query import SearchQuery
from webapp.search.reading import Reading, read
from webapp.search.snippets import Snippet, Span, best_passage, spans_in
from webapp.search.synonyms import Concept
from webapp.web.pagination import Page

PAGE_SIZE = 10
PANEL_SIZE = 5
FEED_SIZE = 50
COMPLETION_COUNT = 4
NEAR_CONCEPT_COUNT = 5

LABELS: Mapping[FacetName, str] = {
    FacetName.CATEGORY: "Topic",
    FacetName.SUBJECT: "People, animals or lab",
    FacetName.KIND: "Kind of study",
    FacetName.RESULT: "Result",
    FacetName.YEAR: "Year of the paper",
}
_TOPICS = select(Category.slug, Category.name).order_by(Category.position)
_ENUMS: Mapping[FacetName, type[Labelled]] = {
    FacetName.SUBJECT: Subject,
    FacetName.KIND: StudyKind,
    FacetName.RESULT: Result,
}


@dataclass(frozen=True)
class Hit:
    """One article found, its title with the found words, and its best passage."""

    article: Card
    title_spans: tuple[Span, ...]
    snippet: Snippet


@dataclass(frozen=True)
class FacetValue:
    """One value of a filter: how many results it would leave, and the address that turns it on or off."""

    value: str
    label: str
    count: int
    is_selected: bool
    toggled: Callable[[], str]

    @property
    def toggle_url(self) -> str:
        """Where the same search is with this value turned on, or off if it is on."""
        return self.toggled()


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
    reading: Reading
    page: Page[Hit]
    facets: tuple[Facet, ...]
    is_reduced: bool = False

    @property
    def active_filters(self) -> list[FacetValue]:
        return [value for facet in self.facets for value in facet.values if value.is_selected]


@dataclass(frozen=True)
class NothingFound:
    """Ways on from a search that found nothing."""

    suggestion: str | None
    concepts: tuple[str, ...]
    categories: list[CategoryCount]


def search(query: SearchQuery, path: str, size: int = PAGE_SIZE) -> SearchResults:
    """Answer a query; filters get addresses under ``path``. Never raises: without an index the database answers."""
    try:
        library = engine()
        reading = read(query, library)
        found = _find(query, reading, library, size)
        is_reduced = False
    except SearchUnavailable:
        reading = Reading((), (), None, reduced.marked(query))
        found = reduced.find(query, (query.page - 1) * size, size)
        is_reduced = True
    cards = public_cards(found.article_ids)
    hits = [_hit(card, reading) for card in cards]
    total = found.total - (len(found.article_ids) - len(cards))
    page = Page(hits, query.page, total, size)
    has_choice = page.total > 0 or bool(query.filters)
    facets = _facets(query, found, path) if has_choice else ()
    return SearchResults(query, reading, page, facets, is_reduced)


def completions(query: SearchQuery) -> tuple[str, ...]:
    """Names of concepts that start as the query does."""
    found = synonyms.concepts_starting(query.text, COMPLETION_COUNT) if query.text else []
    return tuple(concept.name for concept in found if concept.name.lower() != query.text.lower())


def ways_on(query: SearchQuery) -> NothingFound:
    """What to offer after a search that found nothing."""
    try:
        terms = query.terms()
        better = spelling.corrected(terms, engine())
        suggestion = spelling.written(better) if better else None
    except SearchUnavailable:
        suggestion = None
    near = synonyms.concepts_near(query.text, NEAR_CONCEPT_COUNT)
    return NothingFound(suggestion, tuple(concept.name for concept in near), category_counts())


def shown_terms(concepts: Sequence[Concept]) -> list[str]:
    """The medical terms that the page names as looked for besides, without repeats."""
    return list(dict.fromkeys(term for concept in concepts for term in concept.medical[:2]))[:6]


def _find(query: SearchQuery, reading: Reading, library: Backend, size: int) -> Found:
    if query.text and reading.is_empty:
        return Found((), 0, {})
    sort = query.sort if query.text else Sort.NEWEST
    return library.find(
        Plan(reading.groups, query.filters, sort=sort, offset=(query.page - 1) * size, limit=size)
    )


def _hit(card: Card, reading: Reading) -> Hit:
    return Hit(card, spans_in(card.title, reading.marked), best_passage(card.searched, reading.marked))


def _facets(query: SearchQuery, found: Found, path: str) -> tuple[Facet, ...]:
    if not found.counts:
        return ()
    return tuple(Facet(name, LABELS[name], tuple(_values(name, query, found, path))) for name in LABELS)


def _values(name: FacetName, query: SearchQuery, found: Found, path: str) -> list[FacetValue]:
    counts = found.counts.get(name, {})
    chosen = query.filters.get(name, frozenset())
    labels = _labels(name, counts)
    address = _toggles(query, name, path)
    return [
        FacetValue(
            value,
            label,
            counts.get(value, 0),
            value in chosen,
            partial(address, value),
        )
        for value, label in labels.items()
        if value in counts or value in chosen or name != FacetName.KIND
    ]


def _toggles(query: SearchQuery, name: FacetName, path: str) -> Callable[[str], str]:
    """What makes the address of each toggled value of a group: only that part is made anew, for a page has thirty."""
    own = query.filters.get(name, frozenset())
    pattern = replace(query, filters={**query.filters, name: frozenset("-")}, page=1).address(path)

    def address(value: str) -> str:
        values = own ^ {value}
        if not values:
            return query.toggled(name, value).address(path)
        return pattern.replace(f"{name}=-", "&".join(f"{name}={one}" for one in sorted(values)), 1)

    return address


def _labels(name: FacetName, counts: Mapping[str, int]) -> dict[str, str]:
    """Values of a group with the words for them, in the order in which they are shown."""
    if name == FacetName.CATEGORY:
        rows = db.session.execute(_TOPICS)
        return {row[0]: row[1] for row in rows}
    if name == FacetName.YEAR:
        return {year: year for year in sorted(counts, reverse=True)}
    return {member.value: member.label for member in _ENUMS[name]}


def newest(query: SearchQuery, path: str) -> list[Article]:
    """What a search finds, newest first, for its feed."""
    found = search(replace(query, sort=Sort.NEWEST, page=1), path, FEED_SIZE)
    ids = [hit.article.id for hit in found.page.rows]
    articles = {
        article.id: article for article in db.session.scalars(select(Article).where(Article.id.in_(ids)))
    }
    return [articles[article_id] for article_id in ids]
