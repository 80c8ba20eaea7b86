"""What a search engine is asked, in our own terms: groups of weighted alternatives, filters, an order, a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Sort(StrEnum):
    """How results may be sorted."""

    BEST = "best"
    NEWEST = "newest"


class FacetName(StrEnum):
    """The groups of filters, by the name they have in the address."""

    CATEGORY = "category"
    KIND = "kind"
    SUBJECT = "subject"
    RESULT = "result"
    YEAR = "year"


@dataclass(frozen=True)
class Alternative:
    """Stems that must all be in a document (next to each other, if a phrase), and how much that counts."""

    stems: tuple[str, ...]
    weight: float = 1.0
    is_phrase: bool = False


@dataclass(frozen=True)
class Group:
    """One thing that was asked for, in several ways: the best of them counts.

    ``is_required``: a document without it is no result. ``is_asked``: it is the reader's own word, not our reading of it.
    """

    alternatives: tuple[Alternative, ...]
    is_required: bool = False
    is_asked: bool = True


@dataclass(frozen=True)
class Plan:
    """A whole question for an engine. No groups: everything matches. Filters: any value of a group, all groups.

    ``telling``: only so many of the groups count, those that tell documents apart best. ``counts_filters``: is it asked
    how many results each filter value would leave?
    """

    groups: tuple[Group, ...] = ()
    filters: Mapping[FacetName, frozenset[str]] = field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    sort: Sort = Sort.BEST
    offset: int = 0
    limit: int = 10
    telling: int | None = None
    counts_filters: bool = True


@dataclass(frozen=True)
class Found:
    """What an engine answers: article ids in order, how many there are in all, and counts for each filter value.

    The counts of a group ignore the filters of that same group, so that another value of it can still be chosen.
    """

    article_ids: tuple[int, ...]
    total: int
    counts: Mapping[FacetName, Mapping[str, int]]


@dataclass(frozen=True)
class Passage:
    """A part of an article's text and how much a word in it counts."""

    text: str
    weight: float


@dataclass(frozen=True)
class IndexDocument:
    """What an engine is given of one article. ``published`` is in seconds since 1970."""

    article_id: int
    revision: int
    published: int
    passages: tuple[Passage, ...]
    facets: Mapping[FacetName, tuple[str, ...]]
