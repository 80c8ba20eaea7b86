"""Kinds of study against results: what the studies summarised under one category found, gaps and all."""

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.models.values import Result, StudyKind


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


def study_grid(counted: Iterable[tuple[StudyKind, Result, int]]) -> StudyGrid:
    """The grid of these counts. Kinds without an evidence step have a row only where there is such a study."""
    counts = {(kind, result): count for kind, result, count in counted}
    rows = [GridRow(kind, tuple(counts.get((kind, result), 0) for result in Result)) for kind in StudyKind]
    return StudyGrid(tuple(row for row in rows if row.kind.step or row.total))
