"""From a query to what the page shows: hits with snippets, filters with counts, and what was done to the words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from sqlalchemy import Select, select

from webapp.catalog.by_profile import MOST_COMPARED, ComparedList, compare_all
from webapp.catalog.queries import CARDS, CategoryCount, category_counts, published_by_ids
from webapp.content.people_like_me import Profile
from webapp.db.session import db
from webapp.languages.language import gettext, gettext_noop
from webapp.models import Article, Category
from webapp.models.values import Labeled, Result, StudyKind, Subject
from webapp.search import reduced, synonyms
from webapp.search.documents import plain_texts
from webapp.search.index import SearchUnavailable, search_index
from webapp.search.posting_arrays import NOT_PEOPLE, Matches
from webapp.search.query import FacetName, SearchQuery, Sort
from webapp.search.snippets import Snippet, snippet
from webapp.search.understanding import UnderstoodQuery, understand, without_typing_errors, written
from webapp.search.words import Span, highlights, stems
from webapp.web.pagination import Page

PAGE_SIZE = 10
FEED_SIZE = 50
ANIMALS_SIZE = 10  # of the list of studies in animals and the lab, under the first page
CLOSEST_SIZE = 3
NEAR_CONCEPT_COUNT = 5

LABELS: Mapping[FacetName, str] = {
    FacetName.CATEGORY: gettext_noop("Topic"),
    FacetName.SUBJECT: gettext_noop("People, animals or lab"),
    FacetName.KIND: gettext_noop("Kind of study"),
    FacetName.RESULT: gettext_noop("Result"),
    FacetName.YEAR: gettext_noop("Year of the paper"),
}
_CATEGORIES = select(Category.slug, Category.name).order_by(Category.position)
_ENUMS: Mapping[FacetName, type[Labeled]] = {
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
    """One value of a filter: how many results it would leave, and the address that turns it on or off."""

    value: str
    label: str
    count: int
    is_selected: bool
    toggle_url: str


@dataclass(frozen=True)
class Facet:
    """One group of filters."""

    name: FacetName
    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchResults:
    """Everything that a page of results shows.

    ``animals``: hits in animals and the lab, where they are listed apart: the first ones, or a page if there are no others.
    ``compared``: all of them with the reader's profile, before any was left out. ``is_reduced``: the index could not answer, the
    database did.
    """

    query: SearchQuery
    understanding: UnderstoodQuery
    page: Page[Hit]
    animals: Page[Hit]
    facets: tuple[Facet, ...]
    compared: ComparedList | None = None
    is_reduced: bool = False

    @property
    def total(self) -> int:
        return self.page.total + self.animals.total

    @property
    def is_filtered(self) -> bool:
        return bool(self.query.filters or (self.compared and self.query.is_included_only))

    @property
    def in_animals(self) -> SearchQuery:
        """The same search in animals and the lab alone."""
        return self.query.but(filters={**self.query.filters, FacetName.SUBJECT: NOT_PEOPLE})

    @property
    def active_filters(self) -> list[FacetValue]:
        return [value for facet in self.facets for value in facet.values if value.is_selected]


@dataclass(frozen=True)
class NextSteps:
    """What a search without results can be followed by. ``closest``: a few summaries that have some of its words."""

    closest: list[Hit]
    suggestion: str | None
    concepts: tuple[str, ...]
    categories: list[CategoryCount]


def search(
    query: SearchQuery,
    size: int = PAGE_SIZE,
    filters_path: str | None = None,
    shown: Select[Article] = CARDS,
    profile: Profile | None = None,
) -> SearchResults:
    """Answer a query. Never raises: without an index the database answers.

    ``filters_path``: where the addresses of filters are; None if no filters are shown. ``shown``: HEADLINES or CARDS. ``profile``: the
    reader's, for comparing the studies with it.
    """
    offset = (query.page - 1) * size
    compared = None
    is_reduced = False
    # People come before animals wherever the order is ours, unless the reader asks for studies in animals or the lab.
    subjects = query.filters.get(FacetName.SUBJECT)
    asks_for_animals = subjects and NOT_PEOPLE.issuperset(subjects)
    lists_animals_apart = query.text and query.sort != Sort.NEWEST and not asks_for_animals
    try:
        library = search_index().snapshot()
        understanding = understand(query, library)
        matches = Matches((), 0, {})
        if understanding.clauses or not query.text:
            find = partial(
                library.search,
                understanding.clauses,
                understanding.aspects,
                asked_words=understanding.asked_words,
                filters=query.filters,
                sort=query.sort if query.text else Sort.NEWEST,
                animal_limit=ANIMALS_SIZE if lists_animals_apart else None,
            )
            if profile is not None:
                first = find(limit=MOST_COMPARED, counts_facets=False)
                compared = compare_all(first.article_ids, profile)
            matches = find(
                offset=offset,
                limit=size,
                counts_facets=filters_path is not None,
                among=compared.included if compared and query.is_included_only else None,
            )
            if compared and query.sort == Sort.PEOPLE:
                ids = compared.listed(best_first=True, included_only=query.is_included_only)
                matches = replace(matches, article_ids=tuple(ids[offset : offset + size]), total=len(ids))
    except SearchUnavailable:
        understanding, matches = reduced.search(query, offset, size)
        is_reduced = True
    hits = {
        hit.article.id: hit
        for hit in _hits((*matches.article_ids, *matches.animal_ids), understanding, shown)
    }
    page = _page(hits, matches.article_ids, matches.total, query.page, size)
    animals = _page(hits, matches.animal_ids, matches.animal_total, 1 if page.total else query.page, size)
    has_choice = matches.counts and (page.total or animals.total or query.filters)
    facets = _facets(query, matches, filters_path) if has_choice and filters_path is not None else ()
    return SearchResults(query, understanding, page, animals, facets, compared, is_reduced)


def _hits(ids: Sequence[int], understanding: UnderstoodQuery, shown: Select[Article]) -> list[Hit]:
    """The hits in order, without those that were withdrawn since the index was written."""
    return [Hit(article, understanding.highlighted) for article in published_by_ids(ids, shown)]


def _page(hits: Mapping[int, Hit], ids: Sequence[int], total: int, number: int, size: int) -> Page[Hit]:
    rows = [hits[one] for one in ids if one in hits]
    return Page(rows, number, total - (len(ids) - len(rows)), size)


def next_steps(results: SearchResults) -> NextSteps:
    """What to offer after a search without results: the summaries that come closest, and searches that do have some."""
    query, closest, suggestion = results.query, list[Hit](), None
    with suppress(SearchUnavailable):
        library = search_index().snapshot()
        if results.understanding.clauses and not query.filters:
            matches = library.search(
                results.understanding.clauses,
                limit=CLOSEST_SIZE,
                animal_limit=CLOSEST_SIZE,
                counts_facets=False,
            )
            people_first = (matches.article_ids + matches.animal_ids)[:CLOSEST_SIZE]
            closest = _hits(people_first, results.understanding, CARDS)
        is_spanish = results.understanding.english is not None
        if not is_spanish and (corrected := without_typing_errors(query.terms()[0], library)):
            suggestion = next(with_results([written(corrected)], query), None)
    near = [concept.name for concept in synonyms.table().concepts_near(query.text)]
    offered = tuple(islice(with_results(near, query), NEAR_CONCEPT_COUNT))
    return NextSteps(closest, suggestion, offered, category_counts())


def with_results(texts: Iterable[str], query: SearchQuery) -> Iterator[str]:
    """Those of the texts that lead from this search to another one, which has results; none if the index cannot answer."""
    with suppress(SearchUnavailable):
        library = search_index().snapshot()
        for text in texts:
            if stems(text) == stems(query.text):
                continue
            other = understand(SearchQuery(text=text), library)
            # Newest first, which needs no ranking: only their number counts, and the panel asks at every keystroke.
            count_only = partial(library.search, sort=Sort.NEWEST, limit=1, counts_facets=False)
            if (
                other.clauses
                and count_only(other.clauses, other.aspects, asked_words=other.asked_words).total
            ):
                yield text


def newest(query: SearchQuery, count: int = FEED_SIZE, shown: Select[Article] = CARDS) -> list[Article]:
    """The articles that a search finds, newest first, for its feed and its files."""
    results = search(replace(query, sort=Sort.NEWEST, page=1), count, shown=shown)
    return [hit.article for hit in results.page.rows]


def filter_words(query: SearchQuery) -> list[str]:
    """The filters of a search in words, those of one group together: "People or Lab"."""
    groups = ((_labels(name, {}, values), values) for name, values in query.filters.items())
    return [
        gettext(" or ").join(labels.get(value, value) for value in sorted(values))
        for labels, values in groups
    ]


def _facets(query: SearchQuery, matches: Matches, path: str) -> tuple[Facet, ...]:
    """The groups of filters that leave a choice, with the values that have results; those that are on are shown in any case."""
    facets = []
    for name, label in LABELS.items():
        counts = matches.counts.get(name, {})
        selected = query.filters.get(name, frozenset())
        labels = {
            value: text
            for value, text in _labels(name, counts, selected).items()
            if counts.get(value) or value in selected
        }
        urls = query.toggle_urls(name, labels, path)
        values = [
            FacetValue(value, text, counts.get(value, 0), value in selected, urls[value])
            for value, text in labels.items()
        ]
        if len(values) > 1 or (values and selected):
            facets.append(Facet(name, gettext(label), tuple(values)))
    return tuple(facets)


def _labels(name: FacetName, counts: Mapping[str, int], selected: frozenset[str]) -> dict[str, str]:
    """The values of a group with the words for them, in the order in which they are shown."""
    if name == FacetName.CATEGORY:
        return {row.slug: gettext(row.name) for row in db.session.execute(_CATEGORIES)}
    if name == FacetName.YEAR:
        shown = [value for value in {*counts, *selected} if "-" in value or value in selected]
        return {value: value.replace("-", gettext(" to ")) for value in sorted(shown, reverse=True)}
    return {member.value: member.label for member in _ENUMS[name]}
