"""The studies behind an answer: numbered in the order in which readers meet them, and arranged by kind and result."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from webapp.content.result_words import studied_count
from webapp.models import Answer, Article
from webapp.models.in_words import plural
from webapp.models.values import Result, StudyKind, Subject

# Dots are measured in pixels across. Their area shows the number of people, by one scale for all answers unless a study
# is so large that its dot would not fit; the smallest are drawn larger, so that they can be seen.
SMALLEST_DOT, LARGEST_DOT, PEOPLE_OF_LARGEST = 12, 76, 1_500
UNKNOWN_DOT = 18
ROOM_FOR_NUMBER = 30


@dataclass(frozen=True)
class Study:
    """A summary that an answer rests on, and its dot."""

    number: int
    article: Article
    scale: int  # the people that the largest dot of this picture stands for

    @property
    def kind(self) -> StudyKind:
        """Nothing that was studied in animals or in the lab counts as a study of people."""
        in_people = self.article.subject not in (Subject.ANIMALS, Subject.LAB)
        return self.article.study_kind if in_people else StudyKind.LAB_OR_ANIMALS

    @property
    def count(self) -> int | None:
        """How many people took part; None if that is not known, or if they were only planned for."""
        return people_count(self.article)

    @property
    def size(self) -> str:
        """How many took part, or else what kind of study it is, in a word or two."""
        if self.count is not None:
            return plural(self.count, "person", "people")
        return self.article.species or self.kind.label

    @property
    def diameter(self) -> int:
        """Of the dot."""
        if self.count is None:
            return UNKNOWN_DOT
        return max(SMALLEST_DOT, round(LARGEST_DOT * sqrt(self.count / self.scale)))

    @property
    def is_numbered_inside(self) -> bool:
        """Is the dot large enough to hold its number?"""
        return self.count is not None and self.diameter >= ROOM_FOR_NUMBER


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on. Summaries that were withdrawn, or whose papers were retracted, are ``lost``: they count nowhere."""

    answer: Answer
    articles: Mapping[str, Article]

    @cached_property
    def _by_slug(self) -> dict[str, Study]:
        claimed = [slug for claim in self.answer.found for slug in claim.rests_on]
        standing = {
            slug: self.articles[slug]
            for slug in dict.fromkeys([*claimed, *self.answer.verdict_rests_on])
            if slug in self.articles and not self.articles[slug].paper.is_retracted
        }
        largest = max((people_count(article) or 0 for article in standing.values()), default=0)
        scale = max(largest, PEOPLE_OF_LARGEST)
        numbers: dict[int, Study] = {}  # one article may be cited by a former slug, too
        for article in standing.values():
            numbers.setdefault(article.id, Study(len(numbers) + 1, article, scale))
        return {slug: numbers[article.id] for slug, article in standing.items()}

    @property
    def studies(self) -> list[Study]:
        """Each once, by number."""
        return list({study.number: study for study in self._by_slug.values()}.values())

    def behind(self, slugs: Iterable[str]) -> list[Study]:
        """The studies behind the verdict or a claim, by number."""
        found = {self._by_slug[slug].number: self._by_slug[slug] for slug in slugs if slug in self._by_slug}
        return [found[number] for number in sorted(found)]

    @property
    def lost_count(self) -> int:
        claimed = {slug for claim in self.answer.found for slug in claim.rests_on}
        return len({*claimed, *self.answer.verdict_rests_on} - self._by_slug.keys())

    @property
    def rows(self) -> list[tuple[StudyKind, list[tuple[Result, list[Study]]]]]:
        """The studies of each kind, from the strongest, by result; every result has its place, also if it has no study."""
        return [
            (kind, [(result, [s for s in alike if s.article.result is result]) for result in COLUMNS])
            for kind in StudyKind
            if (alike := [study for study in self.studies if study.kind is kind])
        ]

    @property
    def results_without_studies(self) -> list[Result]:
        """Which results of a treatment no study had."""
        had = {study.article.result for study in self.studies} | {Result.NOT_TESTED}
        return [result for result in COLUMNS if result not in had]


COLUMNS = [Result.HARMFUL, Result.NO_CLEAR_DIFFERENCE, Result.MIXED, Result.HELPED, Result.NOT_TESTED]


def people_count(article: Article) -> int | None:
    """How many people took part in a study; None for animals, for plans, and where it is not stated as one number."""
    is_done_in_people = article.subject is Subject.PEOPLE and article.study_kind is not StudyKind.STUDY_PLAN
    return studied_count(article) if is_done_in_people else None
