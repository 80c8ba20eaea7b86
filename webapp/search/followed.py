"""Searches that readers follow by email: as texts to store, in words, and which of some articles they find."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from webapp.models import Article
from webapp.search.index import SearchUnavailable, search_index
from webapp.search.query import SearchQuery, Sort
from webapp.search.results import filter_words
from webapp.search.understanding import understand


def stored(query: SearchQuery) -> str:
    """A search as the query of its address; searches that find the same articles give the same text."""
    return query.but(sort=Sort.BEST).address("").removeprefix("?")


def search_of(text: str) -> SearchQuery:
    """The search that was stored as this text."""
    return SearchQuery.from_args(MultiDict(parse_qsl(text)))


def in_words(query: SearchQuery) -> str:
    """What a search looks for, as a reader would say it: its words in quotes, then its filters."""
    words = [f"“{query.text}”"] if query.text else []
    return ", ".join(words + filter_words(query))


def found_by(searches: Collection[str], articles: Collection[Article]) -> dict[str, set[int]]:
    """For each stored search, the ids of those of the articles that it finds.

    Raises SearchUnavailable, also if the index does not have the present text of each of the articles yet.
    """
    if not searches or not articles:
        return {search: set() for search in searches}
    library = search_index().snapshot()
    wanted = {article.id: article.revision_number for article in articles}
    if not wanted.items() <= library.entries().items():
        raise SearchUnavailable("it does not have all new summaries yet")
    found: dict[str, set[int]] = {}
    for search in searches:
        query = search_of(search)
        understanding = understand(query, library)
        if query.text and not understanding.clauses:
            found[search] = set()
            continue
        matches = library.search(
            understanding.clauses,
            understanding.aspects,
            asked_words=understanding.asked_words,
            filters=query.filters,
            sort=Sort.NEWEST,
            limit=library.size,
            counts_facets=False,
        )
        found[search] = wanted.keys() & matches.article_ids
    return found
