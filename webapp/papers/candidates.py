"""Candidates: papers and trials that watches found, each once, with reasons to read them, for editors to decide on."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import delete, select, tuple_, update

from webapp.catalog.queries import published
from webapp.config import Config
from webapp.content import merging
from webapp.content.article_content import ArticleContent, PaperContent, from_json, to_json
from webapp.db.session import db
from webapp.models import Article, Candidate, CandidateIdentifier, CandidateState, Paper
from webapp.models.values import Labeled, PaperStatus
from webapp.papers import importing, one_box
from webapp.papers.importing import Identifier, PendingImport
from webapp.papers.listings import Listed
from webapp.papers.notices import Notice, with_notice
from webapp.papers.rating import Library, rate, trial_of
from webapp.papers.records import Record, Unreadable
from webapp.publishing import external_changes

FORGET_AFTER = timedelta(days=365)
_PREPRINT_YEARS = 3  # from a preprint to its paper, at most
_LONGEST_IDENTIFIER = 255  # characters, as the column has it
_NO_PAPER = "Choose at least one paper. A registered trial isn’t one, so it can’t become a draft."


class ListingOutcome(Labeled):
    """What became of an entry of a list."""

    NEW = "new", "new"
    OURS = "ours", "already ours"
    KNOWN = "known", "found before"
    LEFT_OUT = "left-out", "left out"


def add(entries: Iterable[Listed], source: str, library: Library, now: datetime) -> Counter[ListingOutcome]:
    """Store what a service lists: what is there already is completed, in whatever state it is."""
    counted = Counter[ListingOutcome]()
    for entry in entries:
        record, same = entry.record, _matches(entry)
        counted[_outcome(entry, same, library)] += 1
        _pass_on(record, source, library, now)
        if record.reason:
            continue
        candidate = (
            same[0]
            if same
            else Candidate(found_at=now, content=to_json(record.content), state=CandidateState.NEW)
        )
        for other in same[1:]:  # join it to the first
            candidate.content = to_json(_filled(from_json(candidate.content), from_json(other.content)))
            candidate.cited = list(dict.fromkeys(candidate.cited + other.cited))
            candidate.sources = list(dict.fromkeys(candidate.sources + other.sources))
            candidate.assigned_to_id = candidate.assigned_to_id or other.assigned_to_id
            candidate.draft_id = candidate.draft_id or other.draft_id
            of_other = CandidateIdentifier.candidate_id == other.id
            db.session.execute(update(CandidateIdentifier).where(of_other).values(candidate_id=candidate.id))
            db.session.execute(delete(Candidate).where(Candidate.id == other.id))
            db.session.expire(candidate, ["identifiers"])
        _complete(candidate, entry, source)
        rate(candidate, library)
        db.session.add(candidate)
    db.session.flush()
    return counted


def _pass_on(record: Record, source: str, library: Library, now: datetime) -> None:
    """Pass a journal's notice on to the candidate and to the published summary of its paper.

    A notice comes as an entry of its own, or with the paper, and long after the paper was found. Only identifiers tell which
    paper is meant: many have the same title as another.
    """
    paper, note = record.content.paper, f"{source} lists the journal’s notice."
    on = date.fromisoformat(paper.published_on) if len(paper.published_on) == len("2026-11-29") else None
    about: list[tuple[Identifier, PaperContent]] = [
        ((one.kind, one.identifier), with_notice(PaperContent(), Notice(one.status, paper.doi, on), note))
        for one in record.notices_of
    ]
    if paper.status.gravity and not record.reason:
        noted = msgspec.structs.replace(paper, status_note=paper.status_note or note)
        about += [(identifier, noted) for identifier in importing.identifiers_of(paper)]
    for (kind, value), notice in about:
        row = db.session.get(CandidateIdentifier, (kind, value))
        candidate = db.session.get(Candidate, row.candidate_id) if row else None
        if candidate is not None:
            content = from_json(candidate.content)
            if notice.status.gravity > content.paper.status.gravity:
                status = {name: getattr(notice, name) for name in merging.STATUS}
                marked = msgspec.structs.replace(content.paper, **status)
                candidate.content = to_json(msgspec.structs.replace(content, paper=marked))
            rate(candidate, library)
        column = {"doi": Paper.doi, "pmid": Paper.pmid}.get(kind)
        same = None if column is None else published().join(Article.paper).where(column == value)
        article = None if same is None else db.session.scalar(same)
        if article is not None and notice.status.gravity > article.paper.status.gravity:
            external_changes.publish_notice(article, notice, now)


def outcomes(entries: Iterable[Listed], library: Library) -> Counter[ListingOutcome]:
    """Say what ``add`` would do, and change nothing."""
    return Counter(_outcome(entry, _matches(entry), library) for entry in entries)


def rate_again(after: int, count: int, library: Library) -> int | None:
    """Rate the next new candidates after this id; returns the id of the last, None if there are no more."""
    query = select(Candidate).where(Candidate.state == CandidateState.NEW, Candidate.id > after)
    rows = db.session.scalars(query.order_by(Candidate.id).limit(count)).all()
    for row in rows:
        rate(row, library)
    return rows[-1].id if rows else None


def decide(
    numbers: Sequence[int], state: CandidateState, editor_id: int, now: datetime, why: str = ""
) -> list[Candidate]:
    """Decide on candidates, unless there is a draft of them; returns those that changed."""
    query = select(Candidate).where(Candidate.id.in_(numbers), Candidate.state != state)
    rows = [row for row in db.session.scalars(query) if not row.is_drafted]
    for row in rows:
        row.state, row.why = state, why
        row.decided_by_id, row.decided_at = editor_id, now
    return rows


def undo(number: int, editor_id: int) -> int:
    """Undo one's own decision about a candidate, with all others that the same press decided on; returns how many."""
    rows = _of_same_press(number, editor_id)
    for row in rows:
        row.state, row.why, row.decided_by_id, row.decided_at = CandidateState.NEW, "", None, None
    return len(rows)


def say_why(number: int, why: str, editor_id: int) -> None:
    """Say why a candidate is not for us, and all others that the same press decided on."""
    for row in _of_same_press(number, editor_id):
        if row.state is CandidateState.NOT_FOR_US:
            row.why = why


def assign(numbers: Sequence[int], editor_id: int | None) -> None:
    """Assign candidates to an editor, or to nobody."""
    db.session.execute(update(Candidate).where(Candidate.id.in_(numbers)).values(assigned_to_id=editor_id))


def to_import(numbers: Sequence[int], config: Config) -> PendingImport:
    """Look papers up at all services, for drafts. What they do not give is as the watch found it. Raises Unreadable."""
    query = select(Candidate).where(Candidate.id.in_(numbers), Candidate.state != CandidateState.DRAFTED)
    rows = [row for row in db.session.scalars(query.limit(one_box.MOST_ASKED)) if not trial_of(row)]
    if not rows:
        raise Unreadable(_NO_PAPER)
    found = {row.title: from_json(row.content) for row in rows}
    by_name = {
        one_box.name(*identifiers[0]): content
        for content in found.values()
        if (identifiers := importing.identifiers_of(content.paper))
    }
    looked_up = one_box.find("\n".join(by_name), config).records if by_name else []
    records = [
        msgspec.structs.replace(record, content=by_name[record.asked], reason="", notes=(record.reason,))
        if record.reason and not record.title and record.asked in by_name
        else record
        for record in looked_up
    ]
    records += [
        Record(content=content) for content in found.values() if not importing.identifiers_of(content.paper)
    ]
    return PendingImport(
        [msgspec.structs.replace(record, number=number) for number, record in enumerate(records, 1)]
    )


def forget_old(now: datetime) -> None:
    """Delete candidates that were decided on a year ago. No service lists them as new any more."""
    decided = (CandidateState.NOT_FOR_US, CandidateState.SKIPPED, CandidateState.DRAFTED)
    old = Candidate.decided_at < now - FORGET_AFTER
    db.session.execute(delete(Candidate).where(Candidate.state.in_(decided), old))


def _of_same_press(number: int, editor_id: int) -> Sequence[Candidate]:
    row = db.session.get(Candidate, number)
    if row is None or row.decided_at is None:
        return ()
    same = (Candidate.decided_by_id == editor_id, Candidate.decided_at == row.decided_at)
    return db.session.scalars(select(Candidate).where(*same, Candidate.state != CandidateState.DRAFTED)).all()


def _identifiers(entry: Listed) -> list[Identifier]:
    if entry.trial:
        return [("trial", entry.trial)]
    found = (*importing.identifiers_of(entry.record.content.paper), *entry.twins)
    return [(kind, value) for kind, value in found if len(value) <= _LONGEST_IDENTIFIER]


def _hash(paper: PaperContent) -> str:
    return hashlib.sha256(importing.normalized_title(paper).encode()).hexdigest()


def _matches(entry: Listed) -> list[Candidate]:
    """Find the candidates that are the same paper, its preprint or its paper, the one to keep first."""
    pair = tuple_(CandidateIdentifier.kind, CandidateIdentifier.value)
    wanted = select(CandidateIdentifier.candidate_id).where(pair.in_(_identifiers(entry)))
    rows = list(db.session.scalars(select(Candidate).where(Candidate.id.in_(wanted))))
    if not entry.trial:
        paper = entry.record.content.paper
        for row in db.session.scalars(select(Candidate).where(Candidate.title_hash == _hash(paper))):
            both = (paper, from_json(row.content).paper)
            authors = {one.authors[0].family.casefold() for one in both if one.authors}
            is_preprint_of_other = (
                [one.status for one in both].count(PaperStatus.PREPRINT) == 1
                and importing.years_apart(*both) <= _PREPRINT_YEARS
                and len(authors) == 1
            )
            is_same = importing.may_be_same(*both) or is_preprint_of_other
            if is_same and row not in rows and not trial_of(row):
                rows.append(row)
    return sorted(
        rows, key=lambda row: (row.state is CandidateState.NEW, row.id)
    )  # what was decided stays decided


def _outcome(entry: Listed, same: Sequence[Candidate], library: Library) -> ListingOutcome:
    if entry.record.reason:
        return ListingOutcome.LEFT_OUT
    if same:
        return ListingOutcome.KNOWN
    return ListingOutcome.OURS if library.find(entry.record.content.paper) else ListingOutcome.NEW


def _complete(candidate: Candidate, entry: Listed, source: str) -> None:
    """Add what an entry says to a candidate that is new or says less."""
    content = _filled(from_json(candidate.content), entry.record.content)
    candidate.content, candidate.title = to_json(content), content.paper.title
    candidate.title_hash = _hash(content.paper)
    candidate.subject = candidate.subject or entry.subject
    candidate.study_kind = content.study_kind or candidate.study_kind or entry.study_kind
    candidate.cited = list(dict.fromkeys([*(candidate.cited or ()), *entry.cited]))
    candidate.sources = list(dict.fromkeys([*(candidate.sources or ()), source]))
    there = {(row.kind, row.value) for row in candidate.identifiers}
    candidate.identifiers += [
        CandidateIdentifier(kind=kind, value=value)
        for kind, value in dict.fromkeys(_identifiers(entry))
        if (kind, value) not in there
    ]


def _filled(content: ArticleContent, other: ArticleContent) -> ArticleContent:
    """Fill what is empty. A paper counts more than its preprint, from which it gets no identifier."""
    first, second = content, other
    if content.paper.status is PaperStatus.PREPRINT and other.paper.status is not PaperStatus.PREPRINT:
        first, second = other, content
    if second.paper.status is PaperStatus.PREPRINT and first.paper.status is not PaperStatus.PREPRINT:
        bare = msgspec.structs.replace(
            second.paper, doi="", pmid="", pmcid="", journal="", published_on="", license=""
        )
        second = msgspec.structs.replace(second, paper=bare)
    return merging.filled(first, second)
