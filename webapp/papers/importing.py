"""Import of papers: plan which records become drafts, store them until the editor confirms, and make the drafts."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import func, select, tuple_

from webapp.accounts import form_recovery
from webapp.content import merging
from webapp.content.article_content import PaperContent, from_json
from webapp.content.identifiers import find_doi, find_pmcid, find_pmid
from webapp.db.session import db
from webapp.models import Article, Candidate, CandidateIdentifier, CandidateState, Draft, Paper
from webapp.papers import stored_texts
from webapp.papers.file_formats import MOST_BYTES
from webapp.papers.records import Record, Unreadable
from webapp.papers.sources import RegisteredTrial
from webapp.parsing import int_from
from webapp.publishing import revisions, teamwork
from webapp.publishing.revisions import DraftNotFound
from webapp.web.errors import SiteError

_PATH = "/editor/papers/import"
_FIELDS = ("doi", "pmid", "pmcid", "title", "published_on")
_YEARS_APART = 1  # online in December, in print in January

Identifier = tuple[str, str]  # the name of its field, and the bare identifier


@dataclass(frozen=True)
class KnownPaper:
    """A paper that a record may duplicate: of an article, of a draft, or of an earlier record of the import."""

    title: str
    article_id: int | None = None
    draft_id: int | None = None
    record: Record | None = None

    @property
    def location(self) -> str:
        """Where that paper is, in words for a terminal."""
        if self.record is not None:
            return self.record.location
        return f"article {self.article_id}" if self.article_id else f"draft {self.draft_id}"


@dataclass(frozen=True)
class PendingImport:
    """What was found and waits for an editor to confirm it; ``left`` is what stays in the box."""

    records: list[Record]
    trials: list[RegisteredTrial] = field(default_factory=list)
    left: str = ""


@dataclass(frozen=True)
class ImportPlan:
    """The records of an import that would become drafts, those that are duplicates, and those that are refused."""

    new: tuple[Record, ...]
    duplicates: tuple[tuple[Record, KnownPaper], ...]
    refused: tuple[Record, ...]
    newest_draft: int

    def is_outdated(self) -> bool:
        """Tell whether a draft was made since; each article has one, too."""
        return self.newest_draft != _newest_draft()


def plan(records: Iterable[Record]) -> ImportPlan:
    """Sort records into new, duplicate and refused; duplicates are recognized by DOI, PMID, PMCID or title."""
    newest_draft, known = _newest_draft(), known_papers()
    new, duplicates, refused = [], [], []
    for record in records:
        if record.reason:
            refused.append(record)
        elif (match := known.find(record.content.paper)) is not None:
            duplicates.append((record, match))
        else:
            new.append(record)
            known.add(record.content.paper, KnownPaper(record.title, record=record))
    return ImportPlan(tuple(new), tuple(duplicates), tuple(refused), newest_draft)


def known_papers() -> "KnownPapers":
    """Index the papers of all articles and drafts. This reads the whole library."""
    known = KnownPapers()
    articles = select(Article.id, *(getattr(Paper, name) for name in _FIELDS)).join(Article.paper)
    for article_id, *values in db.session.execute(articles):
        paper = _paper(values)
        known.add(paper, KnownPaper(paper.title, article_id=article_id))
    # Drafts of articles too: an unpublished change may name another paper than the article.
    fields = (Draft.content["paper"][name].as_string() for name in _FIELDS)
    drafts = select(Draft.id, *fields).where(Draft.deleted_at.is_(None))
    for draft_id, *values in db.session.execute(drafts):
        paper = _paper(values)
        known.add(paper, KnownPaper(paper.title, draft_id=draft_id))
    return known


def create_drafts(records: Iterable[Record], editor_id: int | None, now: datetime) -> list[Draft]:
    """Make a draft of each record, with the text that was read."""
    drafts = []
    for record in records:
        draft = revisions.save(revisions.new_draft(), record.content, 0, editor_id, now)
        _store_text(draft, record, editor_id, now)
        _end_triage(draft, record.content.paper, editor_id, now)
        drafts.append(draft)
    return drafts


def fill_draft(known: KnownPaper, record: Record, editor_id: int, now: datetime) -> Draft:
    """Fill the empty fields of the draft of a known paper, as a revision of its own, and store the text that was read."""
    if known.article_id:
        draft = revisions.draft_of(article_id=known.article_id)
    else:
        draft = revisions.get_draft(known.draft_id or 0)
        if draft.deleted_at is not None:  # since the plan was made
            raise DraftNotFound
    content = merging.filled(from_json(draft.content), record.content)
    revisions.save(draft, content, draft.revision_number, editor_id, now)
    try:
        _store_text(draft, record, editor_id, now)
    except Unreadable as refusal:
        raise SiteError(409, str(refusal), title="Nothing was filled in") from refusal
    _end_triage(draft, record.content.paper, editor_id, now)
    return draft


def save_pending(pending: PendingImport, editor_id: int, now: datetime) -> str:
    """Store what was found for an hour until the editor confirms; returns the secret for its URL. Raises Unreadable."""
    fields = [("pending", msgspec.json.encode(pending).decode())]
    secret = form_recovery.store(_PATH, fields, editor_id, now, most_characters=2 * MOST_BYTES)
    if secret is None:
        raise Unreadable("This is too much for one import. Split the file and import one part after another.")
    return secret


def find_pending(secret: str, editor_id: int, now: datetime) -> PendingImport | None:
    """Find what was stored, if it belongs to this editor and has not expired."""
    fields = form_recovery.find(secret, _PATH, editor_id, now)
    return msgspec.json.decode(fields[0][1], type=PendingImport) if fields else None


def delete_pending(secret: str) -> None:
    """Delete stored records, so that a second click makes no second drafts."""
    form_recovery.discard(secret)


def _newest_draft() -> int:
    return db.session.scalar(select(func.max(Draft.id))) or 0


class KnownPapers:
    """An index of papers by identifier and by title."""

    def __init__(self) -> None:
        self._by_key: dict[Identifier, KnownPaper] = {}
        self._by_title: defaultdict[str, list[tuple[PaperContent, KnownPaper]]] = defaultdict(list)

    def add(self, paper: PaperContent, match: KnownPaper) -> None:
        for key in identifiers_of(paper):
            self._by_key.setdefault(key, match)
        self._by_title[normalized_title(paper)].append((paper, match))

    def find(self, paper: PaperContent) -> KnownPaper | None:
        for key in identifiers_of(paper):
            if key in self._by_key:
                return self._by_key[key]
        for other, match in self._by_title.get(normalized_title(paper), []):
            if may_be_same(paper, other):
                return match
        return None


def may_be_same(paper: PaperContent, other: PaperContent) -> bool:
    """Tell whether two papers with the same title may be one.

    A title alone does not tell: "Letter to the editor" is many papers, a preprint is not its paper.
    """
    identifiers = dict(identifiers_of(other))
    has_other_identifier = any(identifiers.get(kind, value) != value for kind, value in identifiers_of(paper))
    return not has_other_identifier and years_apart(paper, other) <= _YEARS_APART


def years_apart(paper: PaperContent, other: PaperContent) -> int:
    """Return the years between two publications, 0 if the year of one is unknown."""
    years = [year for one in (paper, other) if (year := int_from(one.published_on[:4])) is not None]
    return max(years) - min(years) if len(years) > 1 else 0


def identifiers_of(paper: PaperContent) -> list[Identifier]:
    """Return the identifiers that a paper has."""
    found = (
        ("doi", find_doi(paper.doi)),
        ("pmid", find_pmid(paper.pmid)),
        ("pmcid", find_pmcid(paper.pmcid)),
    )
    return [(kind, value) for kind, value in found if value]


def normalized_title(paper: PaperContent) -> str:
    """Return a paper's title in lower case, without accents, punctuation and spaces."""
    letters = unicodedata.normalize("NFKD", paper.title).casefold()
    return re.sub(r"[\W_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _store_text(draft: Draft, record: Record, editor_id: int | None, now: datetime) -> None:
    kind, source = stored_texts.kind_of(record.sections), record.file or "Imported"
    stored_texts.store(draft, record.sections, kind, source=source, editor_id=editor_id, now=now)


def _end_triage(draft: Draft, paper: PaperContent, editor_id: int | None, now: datetime) -> None:
    """Mark the candidate of the same paper: it has its draft."""
    pair = tuple_(CandidateIdentifier.kind, CandidateIdentifier.value)
    same = select(CandidateIdentifier.candidate_id).where(pair.in_(identifiers_of(paper)))
    for candidate in db.session.scalars(select(Candidate).where(Candidate.id.in_(same))):
        candidate.state, candidate.draft = CandidateState.DRAFTED, draft
        candidate.decided_at = candidate.decided_at or now
        if candidate.assigned_to_id is not None and not teamwork.assignments([draft.id]):
            teamwork.assign(draft, candidate.assigned_to_id, editor_id, now)


def _paper(values: list[str | None]) -> PaperContent:
    return msgspec.convert(
        {name: value or "" for name, value in zip(_FIELDS, values, strict=True)}, PaperContent
    )
