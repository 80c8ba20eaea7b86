"""The mail of the day for each editor: once, in the morning where they are, and only if something happened that concerns them.

Who is told what:

- everybody: reviews asked of them;
- writers as well: texts assigned to them, comments on their drafts, and answers to reviews that they asked for;
- editors and admins as well: mistakes that readers reported, what changed since texts were written, what is scheduled for
  today or could not be published, and watches that failed.

It has titles and names of colleagues, but nothing that a reader wrote, and no address of anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.db.session import db
from webapp.letters.emails import link
from webapp.mail import outbox
from webapp.models import (
    Assignment,
    ContactMessage,
    Draft,
    DraftComment,
    Editor,
    MailKind,
    Review,
    Role,
    Schedule,
    Topic,
    Watch,
)
from webapp.models.in_words import plural
from webapp.publishing import since_then, teamwork

MORNING = 7  # o'clock
MOST = 10  # lines under one heading


@dataclass(frozen=True)
class Line:
    """One thing that happened, and where to look."""

    text: str
    address: str


@dataclass(frozen=True)
class DigestPart:
    """What happened of one kind; ``more`` counts what is left out."""

    heading: str
    lines: Sequence[Line]
    more: int = 0


def is_due(now: datetime) -> bool:
    """Tell whether somebody's mail of the day has to be looked at: that would take the write lock each time."""
    return any(_is_due(editor, now) for editor in _readers())


def enqueue(now: datetime) -> int:
    """Queue the mail of each editor whose morning it is, and note the day with it; return how many.

    Both are one transaction, so a mail that was queued is not queued again, neither after a crash nor by another node. The first
    morning only sets the starting point: nobody needs a mail about everything that ever happened.
    """
    count = 0
    for editor in [one for one in _readers() if _is_due(one, now)]:
        since, editor.digest_until = editor.digest_until, now
        editor.digest_on = _local(editor, now).date()
        if since is not None and parts_for(editor, since, now):
            span = f"{since.isoformat()} {now.isoformat()}"
            outbox.enqueue(MailKind.DESK_DIGEST, editor.email, now, text=span)
            count += 1
    return count


def parts_for(editor: Editor, since: datetime, until: datetime) -> list[DigestPart]:
    """Collect what happened after ``since``, up to ``until``, that concerns an editor; headings with nothing are left out."""
    parts = [_part("Reviews asked of you", _asked(editor, since, until))]
    if editor.role is not Role.REVIEWER:
        parts += [
            _part("Assigned to you", _assigned(editor, since, until)),
            _part("Comments on your drafts", _comments(editor, since, until)),
            _part("Reviews you asked for", _answered(editor, since, until)),
        ]
    if editor.role in (Role.EDITOR, Role.ADMIN):
        watches = select(Watch).where(Watch.is_on, Watch.problem.is_not(None)).order_by(Watch.name)
        failed = (
            Line(f"{watch.name}: {watch.problem}", link("triage.watches"))
            for watch in db.session.scalars(watches)
        )
        parts += [
            _part("Mistakes readers reported", _mistakes(since, until)),
            _part("Changed since then", _changed(since, until)),
            _part("Scheduled for today", _scheduled(editor, until)),
            _part("Searches for new papers that failed", failed),
        ]
    return [part for part in parts if part.lines]


# ------------------------------------------------------------------ what happened


def _asked(editor: Editor, since: datetime, until: datetime) -> Iterable[Line]:
    query = select(Review).where(
        Review.reviewer_id == editor.id,
        Review.asked_at > since,
        Review.asked_at <= until,
        Review.answered_at.is_(None),
        Review.replaced_at.is_(None),
    )
    for review in db.session.scalars(query.order_by(Review.id)):
        if review.draft.deleted_at is None:
            asks = f"{review.asked_by.name} asks about" if review.asked_by else "A colleague asks about"
            yield Line(f"{asks} “{review.draft.title}”", link("reviews.show", review_id=review.id))


def _assigned(editor: Editor, since: datetime, until: datetime) -> Iterable[Line]:
    query = (
        select(Assignment, Draft)
        .join(Draft, Draft.id == Assignment.draft_id)
        .where(
            Assignment.editor_id == editor.id,
            or_(Assignment.assigned_by_id.is_(None), Assignment.assigned_by_id != editor.id),
            Assignment.assigned_at > since,
            Assignment.assigned_at <= until,
            Draft.deleted_at.is_(None),
        )
        .options(joinedload(Assignment.assigned_by))
    )
    for row, draft in db.session.execute(query.order_by(Assignment.assigned_at)):
        by = row.assigned_by.name if row.assigned_by else "A colleague"
        yield Line(f"“{draft.title}”, by {by}", _form(draft.id))


def _comments(editor: Editor, since: datetime, until: datetime) -> Iterable[Line]:
    """Comments of others on drafts that the editor has or saved last, and replies where they wrote before."""
    own, begun = aliased(DraftComment), aliased(DraftComment)
    theirs = select(Assignment.draft_id).where(Assignment.editor_id == editor.id)
    spoke = select(own.draft_id).where(
        own.editor_id == editor.id, own.draft_id == DraftComment.draft_id, own.field == DraftComment.field
    )
    query = (
        select(DraftComment, Draft)
        .join(Draft, Draft.id == DraftComment.draft_id)
        .outerjoin(begun, begun.id == DraftComment.reply_to_id)
        .where(
            or_(DraftComment.editor_id.is_(None), DraftComment.editor_id != editor.id),
            DraftComment.written_at > since,
            DraftComment.written_at <= until,
            DraftComment.done_at.is_(None),
            begun.done_at.is_(None),
            Draft.deleted_at.is_(None),
            or_(Draft.editor_id == editor.id, Draft.id.in_(theirs), spoke.exists()),
        )
    )
    for comment, draft in db.session.execute(query.order_by(DraftComment.id)):
        field = teamwork.COMMENTED_FIELDS[draft.kind].get(comment.field, comment.field)
        address = f"{_form(draft.id)}#talk-{comment.field}"
        yield Line(f"{comment.name} on “{field}” in “{draft.title}”", address)


def _answered(editor: Editor, since: datetime, until: datetime) -> Iterable[Line]:
    query = select(Review).where(
        Review.asked_by_id == editor.id, Review.answered_at > since, Review.answered_at <= until
    )
    for review in db.session.scalars(query.order_by(Review.id)):
        if review.draft.deleted_at is None:
            did = "signed off" if review.is_signed else "sent a review of"
            address = link("reviews.of_summary", draft_id=review.draft_id)
            yield Line(f"{review.name} {did} “{review.draft.title}”", address)


def _mistakes(since: datetime, until: datetime) -> Iterable[Line]:
    """What they are about, without the readers' words: a mailbox is no place for those."""
    query = select(ContactMessage).where(
        ContactMessage.topic == Topic.MISTAKE,
        ContactMessage.sent_at > since,
        ContactMessage.sent_at <= until,
        ContactMessage.done_at.is_(None),
    )
    for message in db.session.scalars(query.order_by(ContactMessage.id)):
        address = f"{link('editor_feedback.overview')}#message-{message.id}"
        yield Line(f"About “{message.text.title}”" if message.text else "About the site", address)


def _changed(since: datetime, until: datetime) -> Iterable[Line]:
    for article in since_then.with_new_notice(since, until):
        address = link("editor.edit_published", article_id=article.id)
        yield Line(f"{article.paper.status.label}: the paper of “{article.title}”", address)
    for answer in since_then.answers_to_check(until.date(), since, until):
        if answer.summaries:
            count = plural(len(answer.summaries), "summary", "summaries")
            address = link("editor.edit_published", answer_id=answer.answer_id)
            yield Line(f"“{answer.question}”: {count} it rests on changed", address)


def _scheduled(editor: Editor, now: datetime) -> Iterable[Line]:
    """What goes out before the day ends where the editor is, and what should have gone out."""
    here = _local(editor, now)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    query = (
        select(Schedule, Draft)
        .join(Draft, Draft.id == Schedule.draft_id)
        .where(Schedule.ended_at.is_(None), Schedule.publish_at < midnight)
    )
    for schedule, draft in db.session.execute(query.order_by(Schedule.publish_at)):
        at = f"{_local(editor, schedule.publish_at):%H:%M}"
        state = "couldn’t be published" if schedule.problem else f"at {at}"
        yield Line(f"“{draft.title}”, {state}", _form(draft.id))


# ------------------------------------------------------------------ shared


def _readers() -> Sequence[Editor]:
    open_accounts = select(Editor).where(Editor.disabled_at.is_(None), Editor.wants_digest)
    return db.session.scalars(open_accounts.order_by(Editor.id)).all()


def _is_due(editor: Editor, now: datetime) -> bool:
    """A later day than that of the last mail: who travels west has the same day twice, and one mail."""
    here = _local(editor, now)
    return here.hour >= MORNING and (editor.digest_on is None or editor.digest_on < here.date())


def _local(editor: Editor, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(editor.time_zone or current_app.extensions["config"].time_zone))


def _form(draft_id: int) -> str:
    return link("authoring.edit", draft_id=draft_id)


def _part(heading: str, lines: Iterable[Line]) -> DigestPart:
    every = list(lines)
    return DigestPart(heading, every[:MOST], len(every[MOST:]))
