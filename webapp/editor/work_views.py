"""The page that editors begin with: what waits for them."""

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for
from sqlalchemy import exists, or_, select

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may, time_zone
from webapp.db import change_log
from webapp.db.session import db
from webapp.editor import triage, work
from webapp.feedback import inbox
from webapp.mail import outbox
from webapp.models import AuditKind, Editor, Review, Revision, Role
from webapp.parsing import int_from
from webapp.publishing import audit, revisions
from webapp.search import indexing
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("work", __name__)
editor_access.protect(bp)


@bp.app_template_global()
def desk_counts(editor: Editor) -> dict[str, int]:
    """Count what waits behind entries of the desk's bar, by endpoint; an entry with nothing is left out."""
    if editor.role is Role.REVIEWER:
        counts = {"reviews.asked_of_me": len(work.to_review(editor).rows)}
    else:
        new = triage.counts(editor.id)[triage.CandidateTab.NEW]
        counts = {"triage.overview": new, "editor_feedback.overview": inbox.unread_count()}
    return {endpoint: count for endpoint, count in counts.items() if count}


@bp.get("/editor/")
def home() -> Response:
    """Show what waits for the signed-in editor, the most urgent first, and below it how the site is doing."""
    now, editor = datetime.now(UTC), current_editor()
    has_saved = exists().where(Revision.editor_id == editor.id)
    has_reviewed = exists().where(Review.reviewer_id == editor.id, Review.answered_at.is_not(None))
    return htmx.render(
        "editor/work.html",
        today=now.astimezone(ZoneInfo(time_zone())),
        work=work.work_of(editor, now, may_publish=may(Role.EDITOR)),
        is_new_here=not db.session.scalar(select(or_(has_saved, has_reviewed))),
        not_searchable=indexing.lag(now)[0],
        waiting_mails=outbox.waiting(now)[0],
    )


@bp.post("/editor/answers/<int:answer_id>/still-right")
def say_still_right(answer_id: int) -> Response:
    """Say that an answer is still right after the changes of its summaries that the page showed."""
    change = int_from(request.form.get("change"))
    if change is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = revisions.draft_of(answer_id=answer_id)
        assert draft.answer is not None
        draft.answer.checked_change = max(draft.answer.checked_change, min(change, change_log.newest()))
        audit.record(AuditKind.STILL_RIGHT, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for(".home"))
