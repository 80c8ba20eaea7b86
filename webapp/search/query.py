"""What a reader asks: the arguments of the address as one value, cut to sizes that cannot hurt, and back into addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import quote_plus

from werkzeug.datastructures import MultiDict

from webapp.parsing import int_from

LONGEST_QUERY = 200  # characters
MOST_TERMS = 12
MOST_VALUES = 20  # of one filter
LAST_PAGE = 1_000

_VALUE = re.compile(r"[a-z0-9-]{1,80}")
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]*)[\"“”„]?")


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


Filters = Mapping[FacetName, frozenset[str]]  # any value of a group, and all groups


@dataclass(frozen=True)
class Term:
    """A word, or several in quotes, as the reader wrote it. ``is_open``: the reader may still be typing it."""

    text: str
    is_phrase: bool = False
    is_open: bool = False


@dataclass(frozen=True)
class SearchQuery:
    """A search as it stands in the address.

    ``is_exact``: no correction of typing. ``is_own_words``: no other words than the reader's.
    """

    text: str = ""
    filters: Filters = field(default_factory=dict)
    sort: Sort = Sort.BEST
    page: int = 1
    is_exact: bool = False
    is_own_words: bool = False

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
        return cls(
            text=" ".join(args.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY].strip(),
            filters={name: values for name, values in filters.items() if values},
            sort=Sort.NEWEST if args.get("sort") == Sort.NEWEST else Sort.BEST,
            page=min(int_from(args.get("page"), 1, 99_999) or 1, LAST_PAGE),
            is_exact="exact" in args,
            is_own_words="own" in args,
        )

    def terms(self) -> list[Term]:
        """Words and quoted phrases in the order in which they were written, at most MOST_TERMS."""
        terms: list[Term] = []
        at = 0
        for match in _QUOTED.finditer(self.text):
            terms += [Term(word) for word in self.text[at : match.start()].split()]
            if match.group(1).strip():
                terms.append(Term(match.group(1).strip(), is_phrase=True))
            at = match.end()
        rest = self.text[at:].split()
        terms += [Term(word, is_open=place == len(rest)) for place, word in enumerate(rest, start=1)]
        return terms[:MOST_TERMS]

    def address(self, path: str) -> str:
        """This search as an address; equal searches give equal addresses."""
        arguments = self.arguments() | ({"page": [str(self.page)]} if self.page > 1 else {})
        # a page of results has some fifty addresses, and urlencode takes four times as long
        pairs = [f"{name}={quote_plus(value)}" for name, values in arguments.items() for value in values]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def toggled(self, name: FacetName, value: str) -> "SearchQuery":
        """The same search with one filter value more, or less if it is on; from its first page."""
        values = self.filters.get(name, frozenset()) ^ {value}
        filters = {other: own for other, own in self.filters.items() if other != name}
        return replace(self, filters=filters | {name: values} if values else filters, page=1)

    def arguments(self) -> dict[str, list[str]]:
        """This search without its page, as arguments for url_for."""
        found = {"q": [self.text]} if self.text else {}
        found |= {name.value: sorted(self.filters[name]) for name in FacetName if name in self.filters}
        found |= {"sort": [self.sort.value]} if self.sort != Sort.BEST else {}
        found |= {"exact": ["1"]} if self.is_exact else {}
        return found | ({"own": ["1"]} if self.is_own_words else {})

    def exactly(self) -> "SearchQuery":
        """The same search without correction of typing."""
        return replace(self, is_exact=True, page=1)

    def in_own_words(self) -> "SearchQuery":
        """The same search without any words but the reader's."""
        return replace(self, is_own_words=True, page=1)

    def sorted_by(self, sort: str) -> "SearchQuery":
        return replace(self, sort=Sort(sort), page=1)

    def on_page(self, number: int) -> "SearchQuery":
        return replace(self, page=number)

    def as_feed(self) -> "SearchQuery":
        """The same search as its feed answers it: always newest first, never paged."""
        return replace(self, sort=Sort.BEST, page=1)

    def without_filters(self) -> "SearchQuery":
        return replace(self, filters={}, page=1)
