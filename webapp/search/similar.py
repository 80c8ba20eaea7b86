"""Summaries like one summary, from the index: its most telling words as a query."""

from collections import defaultdict

from webapp.catalog import queries
from webapp.models import Article
from webapp.search.documents import document_of
from webapp.search.index import SearchUnavailable, search_index
from webapp.search.posting_arrays import Clause, Snapshot
from webapp.search.words import stems

STEM_COUNT = 40  # the most frequent of a text
TELLING_COUNT = 25  # of these, the rarest in the library
MOST_KEPT = 5_000  # lists of ids in memory: otherwise they would grow with what crawlers read
MOST_POSTINGS = 6_000  # read for one article: those of common words would grow with the library


def similar_to(article: Article, count: int = 3) -> list[Article]:
    """Standing articles with most in common with this one: people before animals, newer first on ties.

    Without an index: those that share categories.
    """
    try:
        library = search_index().snapshot()
        key = article.id, article.revision_number, count
        # Most public changes, like the date of a check, leave the index as it is.
        ids = library.similar_ids.get(key)
        if ids is None:
            ids = _ids_of_similar(article, library, count)
            if len(library.similar_ids) >= MOST_KEPT:
                library.similar_ids.clear()
            library.similar_ids[key] = ids
    except SearchUnavailable:
        ids = tuple(queries.similar_to(article, count))
    found = queries.published_by_ids([one for one in ids if one != article.id][:count])
    return [similar for similar in found if not similar.paper.is_retracted]


def _ids_of_similar(article: Article, library: Snapshot, count: int) -> tuple[int, ...]:
    """The ids of the articles with most in common; as a rule this article is among them."""
    weights: dict[str, float] = defaultdict(float)
    for passage in document_of(article).passages:
        for stem in stems(passage.text):
            weights[stem] += passage.weight
    most = max(weights.values(), default=1.0)
    frequent = sorted(weights, key=lambda stem: (-weights[stem], stem))[:STEM_COUNT]
    worth = {stem: weights[stem] * library.rarity(library.estimated_frequency(stem)) for stem in frequent}
    clauses, room = list[Clause](), MOST_POSTINGS
    for stem in sorted(frequent, key=lambda stem: -worth[stem]):
        if len(clauses) == TELLING_COUNT or library.estimated_frequency(stem) > room:
            continue
        document_count = len(library.contributions(stem).documents)
        room -= document_count
        if document_count > 1:  # a word of no other article says nothing
            clauses.append(Clause((((stem,), weights[stem] / most),), is_asked=False))
    # one more than asked, for this article is like itself
    return library.search(clauses, limit=count + 1, counts_facets=False).article_ids if clauses else ()
