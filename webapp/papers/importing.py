"""Sort what was read into new papers, papers that are here already and refused records; make drafts of the new ones."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select

from webapp.content.article_content import PaperContent
from webapp.db.session import db
from webapp.models import Article, Draft, Paper
from webapp.papers.records import Record
from webapp.parsing import int_from
from webapp.publishing import revisions

_FIELDS = ("doi", "pmid", "pmcid", "title", "published_on")
_YEARS_APART = 1  # online in December, in print in January


@dataclass(frozen=True)
class Place:
    """Where a paper is: in an article, in a draft that was never published, or earlier among the records."""

    title: str
    article_id: int | None = None
    draft_id: int | None = None
    record: Record | None = None


@dataclass(frozen=True)
class Sorted:
    """What an import would do."""

    new: tuple[Record, ...]
    known: tuple[tuple[Record, Place], ...]
    refused: tuple[Record, ...]

    @property
    def read_count(self) -> int:
        """How many records could be read."""
        return len(self.new) + len(self.known)


def sort(records: Iterable[Record]) -> Sorted:
    """New, already here, refused. The same paper is told by DOI, PubMed number, PubMed Central number or title."""
    shelf = _Shelf()
    for here, at in _papers_here():
        shelf.put(here, at)
    new, known, refused = [], [], []
    for record in records:
        paper = record.content.paper
        if record.reason:
            refused.append(record)
        elif (place := shelf.find(paper)) is not None:
            known.append((record, place))
        else:
            new.append(record)
            shelf.put(paper, Place(record.title, record=record))
    return Sorted(tuple(new), tuple(known), tuple(refused))


def create(records: Iterable[Record], editor_id: int | None, now: datetime) -> int:
    """Make a draft of each record; returns how many."""
    count = 0
    for record in records:
        revisions.save(revisions.new_draft(), record.content, 0, editor_id, now)
        count += 1
    return count


class _Shelf:
    """Papers by everything that tells one from another."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Place] = {}
        self._by_title: defaultdict[str, list[tuple[PaperContent, Place]]] = defaultdict(list)

    def put(self, paper: PaperContent, place: Place) -> None:
        for key in _keys(paper):
            self._by_key.setdefault(key, place)
        self._by_title[_folded(paper.title)].append((paper, place))

    def find(self, paper: PaperContent) -> Place | None:
        for key in _keys(paper):
            if key in self._by_key:
                return self._by_key[key]
        alike = self._by_title.get(_folded(paper.title), [])
        return next((place for other, place in alike if not _differ(paper, other)), None)


def _keys(paper: PaperContent) -> list[tuple[str, str]]:
    keys = (("doi", paper.doi.lower()), ("pmid", paper.pmid), ("pmcid", paper.pmcid.upper()))
    return [(kind, value) for kind, value in keys if value]


def _differ(one: PaperContent, other: PaperContent) -> bool:
    """Papers of one title are two if a number or the year says so: "Letter to the editor", a preprint and its paper."""
    if any(
        a and b and a != b
        for a, b in ((one.doi, other.doi), (one.pmid, other.pmid), (one.pmcid, other.pmcid))
    ):
        return True
    years = [year for paper in (one, other) if (year := int_from(paper.published_on[:4])) is not None]
    return len(years) > 1 and max(years) - min(years) > _YEARS_APART


def _folded(title: str) -> str:
    """A title without accents, marks, spaces and capitals."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return re.sub(r"[\W_]+", "", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _papers_here() -> Iterator[tuple[PaperContent, Place]]:
    """The papers of all articles, and of drafts, which may name another paper than their article."""
    articles = select(Article.id, *(getattr(Paper, name) for name in _FIELDS)).join(Article.paper)
    for article_id, *values in db.session.execute(articles):
        paper = _paper(values)
        yield paper, Place(paper.title, article_id=article_id)
    in_draft = (Draft.content["paper"][name].as_string() for name in _FIELDS)
    for draft_id, *values in db.session.execute(select(Draft.id, *in_draft)):
        paper = _paper(values)
        yield paper, Place(paper.title, draft_id=draft_id)


def _paper(values: list[str | None]) -> PaperContent:
    return msgspec.convert(
        {name: value or "" for name, value in zip(_FIELDS, values, strict=True)}, PaperContent
    )
