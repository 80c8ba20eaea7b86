"""What the studies summarized under one category found: in people, and by kind of study with its gaps."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.content.result_words import CAN_SHOW_A_CAUSE
from webapp.models.values import Result, StudyKind, Subject

Counted = Iterable[tuple[Subject, StudyKind, Result, int]]  # as ``kinds_and_results`` gives it


@dataclass(frozen=True)
class GridRow:
    """One kind of study, with a count for each result in the order of ``Result``."""

    kind: StudyKind
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class StudyGrid:
    """All rows from the top step down; a step nobody reached stays as an empty row, so that gaps are seen."""

    rows: tuple[GridRow, ...]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    @property
    def largest(self) -> int:
        return max((count for row in self.rows for count in row.counts), default=0)


def study_grid(counted: Counted) -> StudyGrid:
    """The grid of these counts. Kinds without an evidence step have a row only where there is such a study."""
    counts: Counter[tuple[StudyKind, Result]] = Counter()
    for _, kind, result, count in counted:
        counts[kind, result] += count
    rows = [GridRow(kind, tuple(counts[kind, result] for result in Result)) for kind in StudyKind]
    return StudyGrid(tuple(row for row in rows if row.kind.step or row.total))


@dataclass(frozen=True)
class FoundInPeople:
    """How many summaries of people have one result, and how many of these cannot show what caused it."""

    result: Result
    count: int
    without_cause: int


def found_in_people(counted: Counted) -> list[FoundInPeople]:
    """The results of the summaries about people alone, in the order of ``Result``; results that none has are left out."""
    all_kinds: Counter[Result] = Counter()
    with_cause: Counter[Result] = Counter()
    for subject, kind, result, count in counted:
        if subject is Subject.PEOPLE:
            all_kinds[result] += count
            with_cause[result] += count if kind in CAN_SHOW_A_CAUSE else 0
    return [
        FoundInPeople(result, all_kinds[result], all_kinds[result] - with_cause[result])
        for result in Result
        if all_kinds[result]
    ]
