"""The studies behind an answer: numbered in the order in which readers meet them, and arranged by kind and result."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from webapp.content.quantities import quantities
from webapp.content.result_words import people_count
from webapp.languages.language import gettext
from webapp.models import Answer, Article
from webapp.models.article import running_text
from webapp.models.in_words import plural
from webapp.models.values import Result, StudyKind, Subject

# The columns of the picture.
RESULTS = [Result.HARMFUL, Result.NO_CLEAR_DIFFERENCE, Result.MIXED, Result.HELPED, Result.NOT_TESTED]
# Dots are measured in pixels across. Their area shows the number of people, by one scale for all answers unless a study
# is so large that its dot would not fit; the smallest are drawn larger, so that they can be seen.
SMALLEST_DOT, LARGEST_DOT, PEOPLE_OF_LARGEST = 12, 76, 1_500
UNKNOWN_DOT = 18
# How a claim speaks of what a summary tells under "Since then": of another study than that of the summary's own paper.
_SPEAKS_OF_LATER = re.compile(
    r"\b(?:later|newer),? (?:\w+ ){0,2}?(?:trials?|stud(?:y|ies)|reviews?)\b|\blater stopped\b|\bfinal report\b|(?:^|\. )Later, ",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Study:
    """A summary that an answer rests on, with its number on the page."""

    number: int
    article: Article

    @property
    def kind(self) -> StudyKind:
        """The kind of study; nothing that was studied in animals or in the lab counts as a study of people."""
        in_people = self.article.subject not in (Subject.ANIMALS, Subject.LAB)
        return self.article.study_kind if in_people else StudyKind.LAB_OR_ANIMALS

    @property
    def count(self) -> int | None:
        return people_count(self.article)

    @property
    def size(self) -> str:
        """How many people took part, or else which animals, or what kind of study it is."""
        if self.count is not None:
            return plural(self.count, "person", "people")
        species = self.article.species if self.kind is StudyKind.LAB_OR_ANIMALS else None
        return gettext(species) if species else self.kind.label

    def mark(self, claim: str) -> str:
        """What stands at a claim: size and year of the study; no size if the claim speaks of what came after it."""
        article = self.article
        told_later = _numbers(*(event.text for event in article.since_then))
        told_later -= _numbers(running_text(article), article.sample_size, article.participants)
        is_of_later = bool(article.since_then) and (
            _SPEAKS_OF_LATER.search(claim) or not told_later.isdisjoint(_numbers(claim))
        )
        return (
            gettext("%(year)s, and since then") % {"year": article.paper.year}
            if is_of_later
            else f"{self.size}, {article.paper.year}"
        )


def _numbers(*texts: str | None) -> set[float]:
    return {number.value for text in texts for number in quantities(text or "")}


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on. Summaries that were withdrawn, or whose papers were retracted, count nowhere."""

    answer: Answer
    articles: Mapping[str, Article]

    @cached_property
    def _by_slug(self) -> dict[str, Study]:
        numbered: dict[int, Study] = {}  # one article may be cited by a former slug, too
        by_slug = {}
        for slug in self.answer.cited_slugs:
            article = self.articles.get(slug)
            if article is not None and not article.paper.is_retracted:
                by_slug[slug] = numbered.setdefault(article.id, Study(len(numbered) + 1, article))
        return by_slug

    @cached_property
    def studies(self) -> list[Study]:
        """Each study once, by number."""
        return self.behind(self._by_slug)

    def behind(self, slugs: Iterable[str]) -> list[Study]:
        """The studies behind the verdict or a claim, by number."""
        found = {self._by_slug[slug] for slug in slugs if slug in self._by_slug}
        return sorted(found, key=lambda study: study.number)

    @property
    def lost_count(self) -> int:
        """How many of the cited summaries no longer count."""
        return len(self.answer.cited_slugs) - len(self._by_slug)

    @property
    def rows(self) -> list[tuple[StudyKind, list[tuple[Result, list[Study]]]]]:
        """The studies of each kind, from the strongest, by result; every result has its place, even without a study."""
        return [
            (kind, [(result, [s for s in alike if s.article.result is result]) for result in RESULTS])
            for kind in StudyKind
            if (alike := [study for study in self.studies if study.kind is kind])
        ]

    @property
    def results_without_studies(self) -> list[Result]:
        """Which results of a treatment no study had."""
        had = {study.article.result for study in self.studies} | {Result.NOT_TESTED}
        return [result for result in RESULTS if result not in had]

    def diameter(self, study: Study) -> int:
        """How large the dot of a study is."""
        if study.count is None:
            return UNKNOWN_DOT
        return max(SMALLEST_DOT, round(LARGEST_DOT * sqrt(study.count / self._people_of_largest)))

    @cached_property
    def _people_of_largest(self) -> int:
        """Found once for all dots: otherwise each would count the people of every study."""
        return max(PEOPLE_OF_LARGEST, *(study.count or 0 for study in self.studies))
