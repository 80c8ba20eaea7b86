"""Summaries like one summary, from the index: its most telling words as a question."""

from collections import defaultdict
from functools import lru_cache

from webapp.catalog import queries
from webapp.models import Article
from webapp.search.backends import SearchUnavailable, engine
from webapp.search.cards import Card, public_cards
from webapp.search.documents import document_of
from webapp.search.plan import Alternative, Group, Passage, Plan
from webapp.search.words import stems

STEM_COUNT = 40  # said most in a text
TELLING_COUNT = 25  # of these, said in few others


def similar_to(article: Article, count: int = 3) -> list[Card]:
    """Public articles with most in common with this one: people before animals, newer first on ties.

    Without an index: those that share categories.
    """
    groups = _question(document_of(article).passages)
    try:
        plan = Plan(
            groups,
            excluded=frozenset((article.id,)),
            limit=count,
            telling=TELLING_COUNT,
            counts_filters=False,
        )
        found = engine().find(plan)
    except SearchUnavailable:
        return public_cards(queries.similar_to(article, count))
    return public_cards(found.article_ids)


@lru_cache(maxsize=100)  # each holds its texts: 20 kB
def _question(passages: tuple[Passage, ...]) -> tuple[Group, ...]:
    """The stems that say most of what these passages are about, each as much as it is said."""
    weights: dict[str, float] = defaultdict(float)
    for passage in passages:
        for one in stems(passage.text):
            weights[one] += passage.weight
    telling = sorted(weights, key=lambda one: (-weights[one], one))[:STEM_COUNT]
    most = max(weights.values(), default=1.0)
    return tuple(Group((Alternative((one,), weights[one] / most),), is_asked=False) for one in telling)
