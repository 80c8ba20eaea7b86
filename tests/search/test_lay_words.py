"""Everyday words help those who use them and do not hurt those who use medical ones."""

from collections.abc import Sequence

import pytest
from flask import Flask

from webapp.catalog.queries import published
from webapp.db.session import db
from webapp.search.index import search_index
from webapp.search.query import SearchQuery
from webapp.search.understanding import understand
from webapp.search.words import stems

# Plain medical searches: what somebody types who knows the term. Each is in the title of a paper of the library.
MEDICAL = (
    "autonomic dysreflexia",
    "stem cells",
    "neuropathic pain",
    "pressure ulcer",
    "neurogenic bladder",
    "spasticity",
    "amitriptyline",
    "epidural stimulation",
    "bone loss",
    "botulinum toxin",
)
DEEP = 30


def found(text: str, *, is_own_words: bool = False) -> Sequence[int]:
    """The best matches in one list: that people come before animals is no matter of words."""
    library = search_index().snapshot()
    understanding = understand(SearchQuery(text=text, is_own_words=is_own_words), library)
    return library.search(understanding.clauses, understanding.aspects, limit=DEEP).article_ids


def about(text: str) -> set[int]:
    """The articles that name it in a title: decided from their words, before any search."""
    wanted = set(stems(text))
    articles = db.session.scalars(published())
    return {one.id for one in articles if wanted <= set(stems(f"{one.title} {one.paper.title}"))}


def precision(ranked: Sequence[int], right: set[int]) -> float:
    """Mean precision at the place of each right article (average precision)."""
    places = [place for place, one in enumerate(ranked, start=1) if one in right]
    return sum(count / place for count, place in enumerate(places, start=1)) / len(right)


@pytest.mark.parametrize("text", MEDICAL)
def test_a_medical_search_is_no_worse_for_our_other_words(library: Flask, text: str) -> None:
    right = about(text)
    assert right
    assert precision(found(text), right) >= precision(found(text, is_own_words=True), right)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("can't pee", "bladder"),
        ("bed sores", "pressure"),
        ("legs jump at night", "spasticity"),
        ("will I ever walk again", "walk"),
        ("autonomic disreflexia", "autonomic dysreflexia"),
        ("burning pain", "neuropathic pain"),
        ("robot legs", "exoskeleton"),
        ("ed pills", "erect"),
    ],
)
def test_everyday_words_find_what_they_mean_among_the_first_five(
    library: Flask, text: str, term: str
) -> None:
    wanted = set(stems(term))
    articles = {one.id: one for one in db.session.scalars(published())}
    texts = [articles[one] for one in found(text)[:5]]
    assert any(wanted <= set(stems(f"{one.title} {one.paper.title} {one.main_message}")) for one in texts)
