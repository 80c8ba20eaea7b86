"""Scheduled publishing: a revision that passed all checks waits, and is published when its time comes."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp.content.answer_content import Content, content_from_json
from webapp.content.merging import label
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import AuditKind, Draft, Schedule
from webapp.parsing import LAST_YEAR, local_time_from
from webapp.publishing import audit, publication, revisions
from webapp.publishing.revisions import Kind

log = logging.getLogger(__name__)

LATE = timedelta(minutes=5)  # from here on, a delay is logged and shown
UNREADABLE = "Something in this text can’t be read by this version of the site. Open it, and save it again."


class NotInFuture(ValueError):
    """The time has passed or cannot be read; the message says what to do."""


@dataclass(frozen=True)
class PublishAttempt:
    """The attempt to publish a text that was due; ``problem`` says why it failed."""

    title: str
    late: timedelta
    problem: str = ""


def read_time(text: str, time_zone: str, now: datetime) -> datetime:
    """Convert a browser's local time, like 2026-11-30T09:00, from an IANA time zone to UTC. Raises NotInFuture."""
    at = local_time_from(text, time_zone)
    if at is None:
        raise NotInFuture(
            f"Enter the day and the time to publish, like 2026-11-30 at 09:00, no later than the year {LAST_YEAR}."
        )
    if at <= now:
        raise NotInFuture("This time has passed. Choose a later one, or click “Publish”.")
    return at


def schedule(
    draft: Draft,
    content: Content,
    base_number: int,
    editor_id: int,
    now: datetime,
    *,
    publish_at: datetime,
    accepted: dict[str, str],
) -> Draft:
    """Schedule a text, in place of one that is scheduled already. Raises SavedMeanwhile or NotPublishable."""
    revision = revisions.approve(
        draft,
        content,
        base_number,
        editor_id,
        now,
        publish_on=publish_at.date(),
        kind=Kind.SCHEDULED,
        accepted=accepted,
    )
    revisions.end_schedule(draft, now, "Another time was set.")
    db.session.add(
        Schedule(
            draft_id=draft.id, revision_number=revision.number, publish_at=publish_at, editor_id=editor_id
        )
    )
    audit.record(AuditKind.SCHEDULED, now, editor_id, detail=draft.title)
    return draft


def history(draft: Draft) -> list[Schedule]:
    """Return all schedules of a draft, waiting and ended, newest first."""
    return list(
        db.session.scalars(select(Schedule).where(Schedule.draft_id == draft.id).order_by(Schedule.id.desc()))
    )


def waiting_for(draft_ids: list[int]) -> dict[int, Schedule]:
    """Return the waiting schedules of some drafts, by draft id."""
    query = select(Schedule).where(Schedule.draft_id.in_(draft_ids), Schedule.ended_at.is_(None))
    return {row.draft_id: row for row in db.session.scalars(query)}


def is_something_due(now: datetime) -> bool:
    """Tell whether a schedule is due that was not refused before: that one would take the write lock each time."""
    due = select(Schedule.id).where(
        Schedule.ended_at.is_(None), Schedule.publish_at <= now, Schedule.problem.is_(None)
    )
    return db.session.scalar(due.limit(1)) is not None


def publish_due() -> list[PublishAttempt]:
    """Publish every text that is due, each in a transaction of its own.

    One that fails its checks, or that this release cannot read, keeps waiting with the problem; the others go out.
    """
    now, attempts = datetime.now(UTC), []
    due = select(Schedule.id).where(Schedule.ended_at.is_(None), Schedule.publish_at <= now)
    for schedule_id in db.session.scalars(due.order_by(Schedule.publish_at)).all():
        try:
            with writing() as now:
                row = db.session.get(Schedule, schedule_id)
                if row is not None and row.ended_at is None:  # else somebody was faster
                    attempts.append(_publish(row, now))
        except SQLAlchemyError:
            raise  # of the database, not of this text
        except publication.NotPublishable as refusal:
            reasons = (f"{label(problem.field)}: {problem.kind}" for problem in refusal.problems)
            attempts.append(_hold_back(schedule_id, " ".join(reasons)))
        except Exception as error:
            attempts.append(_hold_back(schedule_id, UNREADABLE, error))
    return attempts


def _publish(row: Schedule, now: datetime) -> PublishAttempt:
    draft = revisions.get_draft(row.draft_id)
    revision = revisions.get_revision(draft, row.revision_number)
    # once more: since it was scheduled, another text may have taken its address or its paper
    publication.check_publishable(content_from_json(revision.content), draft, today=now.date())
    publication.make_public(draft, revision, now)
    row.ended_at, row.problem = now, None
    audit.record(AuditKind.PUBLISHED, now, row.editor_id, detail=draft.title)
    late = now - row.publish_at
    if late > LATE:
        minutes = late // timedelta(minutes=1)
        log.warning("a scheduled text was published late", extra={"draft": draft.id, "minutes": minutes})
    return PublishAttempt(draft.title, late)


def _hold_back(schedule_id: int, problem: str, error: Exception | None = None) -> PublishAttempt:
    """Store why a text was not published, and log it once: every run tries again."""
    with writing() as now:
        row = db.session.get_one(Schedule, schedule_id)
        if row.problem != problem:
            extra = {"draft": row.draft_id}
            log.warning("a scheduled text cannot be published: %s", problem, exc_info=error, extra=extra)
        row.problem = problem
        # not through the draft, which may be what cannot be read
        title = db.session.scalar(select(Draft.title).where(Draft.id == row.draft_id)) or ""
        return PublishAttempt(title, now - row.publish_at, problem)
