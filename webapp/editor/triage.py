"""The list of new papers: what stands under each tab, a page at a time, and what the last press did."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import defer

from webapp.db.session import db
from webapp.models import Candidate, CandidateState
from webapp.models.in_words import plural
from webapp.models.values import Labeled

PAGE_SIZE = 25


class CandidateTab(Labeled):
    """What the list shows."""

    NEW = "new", "To sort"
    MINE = "mine", "Assigned to me"
    KEPT = "kept", "Kept"
    SKIPPED = "skipped", "Skipped"
    NOT_FOR_US = "not-for-us", "Not for us"
    DRAFTED = "drafted", "Drafts made"


class TriageAction(Labeled):
    """What can be done to candidates, with what is said of it afterwards."""

    KEEP = "keep", "Kept"
    NOT_FOR_US = "not-for-us", "Not for us"
    SKIP = "skip", "Skipped"
    BACK = "back", "Back in the list"


STATES = {
    TriageAction.KEEP: CandidateState.KEPT,
    TriageAction.NOT_FOR_US: CandidateState.NOT_FOR_US,
    TriageAction.SKIP: CandidateState.SKIPPED,
    TriageAction.BACK: CandidateState.NEW,
}
_ACTIONS = {state: action for action, state in STATES.items()}


@dataclass(frozen=True)
class CandidatePage:
    """A page of the list, best first. ``next_after`` is the id after which the next page begins, if there is one."""

    rows: Sequence[Candidate]
    after: int | None
    next_after: int | None


@dataclass(frozen=True)
class LastPress:
    """What the last press did: to which candidate, and to how many in all."""

    candidate: Candidate
    count: int

    @property
    def message(self) -> str:
        if self.candidate.decided_at is None:
            return "Undone"
        action = _ACTIONS.get(self.candidate.state, TriageAction.KEEP)
        what = self.candidate.title if self.count == 1 else plural(self.count, "paper")
        return f"{action.label}: {what}"

    @property
    def can_be_undone(self) -> bool:
        return self.candidate.state is not CandidateState.NEW


def page(tab: CandidateTab, editor_id: int, after: int | None) -> CandidatePage:
    """Fetch a page of a tab: what comes after a candidate, which itself may have left the list meanwhile."""
    query = select(Candidate).where(_is_under(tab, editor_id))
    last = db.session.get(Candidate, after) if after else None
    if last is not None:
        has_less = or_(
            Candidate.score < last.score, and_(Candidate.score == last.score, Candidate.id < last.id)
        )
        query = query.where(has_less)
    query = query.order_by(Candidate.score.desc(), Candidate.id.desc()).limit(PAGE_SIZE + 1)
    rows = db.session.scalars(query.options(defer(Candidate.cited))).all()
    next_after = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    return CandidatePage(rows[:PAGE_SIZE], last.id if last else None, next_after)


def best(editor_id: int, count: int) -> Sequence[Candidate]:
    """Fetch the best new candidates, those assigned to this editor first."""
    is_mine = func.coalesce(Candidate.assigned_to_id == editor_id, False)
    query = select(Candidate).where(Candidate.state == CandidateState.NEW).options(defer(Candidate.content))
    return db.session.scalars(
        query.order_by(is_mine.desc(), Candidate.score.desc(), Candidate.id.desc()).limit(count)
    ).all()


def counts(editor_id: int) -> dict[CandidateTab, int]:
    """Count the candidates under each tab."""
    columns = [func.count().filter(_is_under(tab, editor_id)) for tab in CandidateTab]
    return dict(
        zip(CandidateTab, db.session.execute(select(*columns).select_from(Candidate)).one(), strict=True)
    )


def last_press(number: int | None) -> LastPress | None:
    """Say what was decided on a candidate, and on how many others by the same press."""
    candidate = db.session.get(Candidate, number or 0)
    if candidate is None:
        return None
    same = (Candidate.decided_by_id == candidate.decided_by_id, Candidate.decided_at == candidate.decided_at)
    count = db.session.scalar(select(func.count()).select_from(Candidate).where(*same))
    return LastPress(candidate, count or 1)


def focused(rows: Sequence[Candidate], last: LastPress | None) -> int | None:
    """Return the id of the row that takes the place of the one just decided on."""
    if last is None or not rows:
        return None
    place = (last.candidate.score, last.candidate.id)
    return next((row.id for row in rows if (row.score, row.id) <= place), rows[-1].id)


def _is_under(tab: CandidateTab, editor_id: int) -> ColumnElement[bool]:
    if tab is CandidateTab.MINE:
        is_open = Candidate.state.in_((CandidateState.NEW, CandidateState.KEPT))
        return and_(is_open, Candidate.assigned_to_id == editor_id)
    return Candidate.state == CandidateState(tab.value)
