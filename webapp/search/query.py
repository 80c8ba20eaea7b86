"""What a reader asks: the arguments of the address as one value, cut to sizes that cannot hurt, and back into addresses."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from webapp.catalog.queries import former_categories, with_new_addresses
from webapp.content.identifiers import find_doi, find_named_pmid
from webapp.content.people_like_me import Fit
from webapp.parsing import int_from, member_from
from webapp.search.synonyms import table
from webapp.search.words import LONGEST_WORD, VAGUE_STEMS, folded_words, stems, words
from webapp.web.http import PROFILE

LONGEST_QUERY = 1_000  # characters
MOST_TERMS = 12  # each costs a posting list; stop words cost nothing and do not count
MOST_VALUES = 20  # of one filter
LAST_PAGE = 1_000

_VALUE = re.compile(r"[a-z0-9-]{1,80}")
_BLANK = re.compile(r"\s")
_PMID = re.compile(r"\bPMID[\s:]*(?=\d)", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]*)[\"“”„]?")


class Sort(StrEnum):
    """How results may be sorted."""

    BEST = "best"
    NEWEST = "newest"
    PEOPLE = "people"  # like the reader first; the best match first if no profile came with the request


class FacetName(StrEnum):
    """The groups of filters, by the name they have in the address."""

    CATEGORY = "category"
    KIND = "kind"
    SUBJECT = "subject"
    RESULT = "result"
    YEAR = "year"


Filters = Mapping[FacetName, frozenset[str]]  # any value of a group, and all groups


@dataclass(frozen=True)
class QueryTerm:
    """A word, or several in quotes, as the reader wrote it. ``is_open``: the reader may still be typing it."""

    text: str
    is_phrase: bool = False
    is_open: bool = False


@dataclass(frozen=True)
class SearchQuery:
    """A search as it stands in the address.

    ``is_exact``: no correction of typing. ``is_own_words``: no other words than the reader's. ``profile``, ``is_included_only``: of
    one reader (``webapp/web/reader_profile.py``); only the search page sets them, so that no feed and no mail has them.
    """

    text: str = ""
    filters: Filters = field(default_factory=dict)
    sort: Sort = Sort.BEST
    page: int = 1
    is_exact: bool = False
    is_own_words: bool = False
    profile: str | None = None
    is_included_only: bool = False

    @classmethod
    def from_args(cls, args: MultiDict[str, str]) -> "SearchQuery":
        """Anything is accepted: an invalid value counts as not given.

        The values of a filter come one by one or several in one, with commas between, as the page's hidden field has them.
        """
        given = {name: ",".join(args.getlist(name)[:MOST_VALUES]).split(",") for name in FacetName}
        filters = {
            name: frozenset(value for value in values[:MOST_VALUES] if _VALUE.fullmatch(value))
            for name, values in given.items()
        }
        if filters[FacetName.CATEGORY]:  # links and followed searches may have a former address
            moved = with_new_addresses(filters[FacetName.CATEGORY], former_categories())
            filters[FacetName.CATEGORY] = frozenset(moved)
        return cls(
            text=" ".join(args.get("q", "").split())[:LONGEST_QUERY].strip(),
            filters={name: values for name, values in filters.items() if values},
            sort=member_from(Sort, args.get("sort")) or Sort.BEST,
            page=min(int_from(args.get("page"), 1, 99_999) or 1, LAST_PAGE),
            is_exact="exact" in args,
            is_own_words="own" in args,
        )

    def terms(self) -> tuple[list[QueryTerm], list[QueryTerm]]:
        """The different words and quoted phrases in the order in which they were written, and those that are too many.

        What stands between blanks is one word, such as C5-C6, and so is a name or measure with a blank, such as "10 mg".
        """
        terms: list[QueryTerm] = []
        text = _PMID.sub("", self.text)
        if "/" in text:  # a paper is looked for by the identifier in its address
            text = " ".join(find_doi(part) or find_named_pmid(part) or part for part in text.split(" "))
        for place, part in enumerate(_QUOTED.split(text)):
            if place % 2:
                terms += [QueryTerm(part.strip(), is_phrase=True)] if part.strip() else []
                continue
            spans: list[tuple[int, int]] = []
            for word in words(part):
                start, end = spans[-1] if spans else (0, 0)
                if spans and word.end - start <= LONGEST_WORD and not _BLANK.search(part, end, word.start):
                    spans[-1] = start, word.end
                else:
                    spans.append((word.start, word.end))
            terms += [QueryTerm(part[start:end]) for start, end in spans]
        if terms and not terms[-1].is_phrase:
            terms[-1] = replace(terms[-1], is_open=True)
        left_out = _least_telling(terms) if len(terms) > MOST_TERMS else []
        return [term for term in dict.fromkeys(terms) if term not in left_out], left_out

    def address(self, path: str) -> str:
        """This search as an address; equal searches give equal addresses."""
        query = urlencode(
            self.arguments() | ({"page": [str(self.page)]} if self.page > 1 else {}), doseq=True
        )
        return f"{path}?{query}" if query else path

    def toggle_urls(self, name: FacetName, values: Iterable[str], path: str) -> dict[str, str]:
        """For each value of a filter, the same search with it turned on, or off if it is on; from its first page."""
        arguments = self.arguments()
        selected = frozenset(arguments[name])
        # once: a page of results has some fifty of these addresses, and a value of a filter needs no encoding
        encoded = {
            one: urlencode({one: given}, doseq=True) if given else "" for one, given in arguments.items()
        }
        urls = {}
        for value in values:
            encoded[name] = "&".join([f"{name}={one}" for one in sorted(selected ^ {value})])
            query = "&".join(filter(None, encoded.values()))
            urls[value] = f"{path}?{query}" if query else path
        return urls

    def arguments(self) -> dict[str, list[str]]:
        """This search without its page, as arguments for url_for; an empty list is one that is not given."""
        return {
            "q": [self.text] if self.text else [],
            **{name.value: sorted(self.filters.get(name, ())) for name in FacetName},
            "sort": [str(self.sort)] if self.sort != Sort.BEST else [],
            "exact": ["1"] if self.is_exact else [],
            "own": ["1"] if self.is_own_words else [],
            "people": [Fit.INCLUDED.value] if self.is_included_only else [],
            PROFILE: [self.profile] if self.profile else [],
        }

    @property
    def without_profile(self) -> "SearchQuery":
        """The same page of the same search, for an address that names no profile."""
        return replace(self, profile=None)

    @property
    def for_everybody(self) -> "SearchQuery":
        """What can be followed and downloaded of a search: the same for whoever looks at it."""
        return self.but(sort=Sort.BEST, profile=None, is_included_only=False)

    def but(self, **changes: Any) -> "SearchQuery":
        """The first page of the same search with these changes."""
        return replace(self, **{"page": 1} | changes)


def _least_telling(terms: list[QueryTerm]) -> list[QueryTerm]:
    """The terms beyond MOST_TERMS, where stop words do not count.

    People paste or dictate questions with a greeting and a story around them: phrases and what belongs to a concept are looked
    for first, vague words last.
    """
    told = {term: stems(term.text) for term in terms}
    matches = table().concepts_in([word for term in terms for word in folded_words(term.text)])
    subject = frozenset().union(*(match.stems for match in matches))

    def rank(term: QueryTerm) -> int:
        if term.is_phrase or not subject.isdisjoint(told[term]):
            return 0
        return 2 if VAGUE_STEMS.issuperset(told[term]) else 1

    return sorted(filter(told.get, told), key=rank)[MOST_TERMS:]
