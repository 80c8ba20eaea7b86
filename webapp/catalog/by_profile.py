"""Lists of articles by whether people like the reader were in the study."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import lazyload, load_only

from webapp.content.people_like_me import Comparison, Fit, Profile, compare
from webapp.db.session import db
from webapp.models import Article

MOST_COMPARED = 1_000  # articles of one list
_COMPARED = (
    load_only(Article.subject, Article.species, Article.about_sci, Article.study_kind, Article.people),
    lazyload(Article.paper),
    lazyload(Article.category_links),
)


@dataclass(frozen=True)
class ComparedList:
    """The articles of a list in its order, by their ids, each with its comparison."""

    comparisons: Mapping[int, Comparison]

    @property
    def counts(self) -> Mapping[Fit, int]:
        return Counter(comparison.overall for comparison in self.comparisons.values())

    @property
    def included(self) -> list[int]:
        """The studies that included people like the reader."""
        return [one for one, comparison in self.comparisons.items() if comparison.overall is Fit.INCLUDED]

    def listed(self, *, best_first: bool, included_only: bool) -> list[int]:
        """The ids, with people most like the reader first or in the list's own order."""
        ids = self.included if included_only else list(self.comparisons)
        return sorted(ids, key=lambda one: self.comparisons[one].rank) if best_first else ids


def compare_all(ids: Sequence[int], profile: Profile) -> ComparedList:
    """Compare the studies of these articles with a profile."""
    rows = db.session.scalars(select(Article).where(Article.id.in_(ids)).options(*_COMPARED))
    by_id = {article.id: compare(profile, article) for article in rows}
    return ComparedList({one: by_id[one] for one in ids if one in by_id})
