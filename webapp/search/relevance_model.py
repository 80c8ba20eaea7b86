"""Pseudo-relevance feedback: the stems of the first results re-order the results.

This is RM3 (Lavrenko and Croft 2001; Abdul-Jaleel and others 2004). What the first ten results say often is likely to be
what the question is about. Each of their stems gets a weight: its share of each of them, times how well that result
matches. A result that has those stems moves up. Nothing is added and nothing dropped.
"""

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from webapp.search.segments import Floats, Numbers, Postings

FEWEST_DOCUMENTS = 1_000  # in a smaller library the first ten are too mixed to say what was meant
FIRST = 10  # results whose stems are read
TERMS = 8  # of theirs that count; each costs a posting list
SHARE = 0.3  # of the score that these terms make up


def blended(
    hits: Numbers,
    scores: Floats,
    prior: Floats,
    frequent_stems: Callable[[int], list[tuple[str, int]]],
    contributions: Callable[[str], Postings],
) -> Floats:
    """The scores of the hits, blended with those for the stems of the first ones."""
    if len(hits) < 2:  # noqa: PLR2004
        return scores
    ranking = scores[hits] * prior[hits]
    first = hits[np.argpartition(-ranking, FIRST)[:FIRST]] if len(hits) > FIRST else hits
    weights: defaultdict[str, float] = defaultdict(float)
    for document, score in zip(first.tolist(), (scores[first] * prior[first]).tolist(), strict=True):
        for stem, share in frequent_stems(document):
            weights[stem] += score * share
    terms = sorted(weights, key=weights.__getitem__, reverse=True)[:TERMS]
    lists = [(contributions(term), weights[term]) for term in terms]
    # in a library about one thing, what most documents say ("spinal cord") does not distinguish them
    lists = [(postings, weight) for postings, weight in lists if len(postings.documents) < len(scores) / 2]
    if not lists:
        return scores
    documents = np.concatenate([postings.documents for postings, _ in lists])
    parts = np.concatenate([postings.weights * np.float32(weight) for postings, weight in lists])
    model = np.bincount(documents, parts, len(scores)).astype(np.float32)
    query_share = np.float32((1 - SHARE) / scores[first].max())
    model_share = np.float32(SHARE / model[first].max())
    return scores * query_share + model * model_share
