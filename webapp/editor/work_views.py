"""The page that editors begin with: what waits for them."""

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may, time_zone
from webapp.db import change_log
from webapp.editor import work
from webapp.mail import outbox
from webapp.models import AuditKind, Role
from webapp.parsing import int_from
from webapp.publishing import audit, revisions
from webapp.search import indexing
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("work", __name__)
editor_access.protect(bp)
bp.add_app_template_global(work.desk_counts)  # of the bar above every page of the desk


@bp.get("/editor/")
def home() -> Response:
    """Show what waits for the signed-in editor, the most urgent first, and below it how the site is doing."""
    now = datetime.now(UTC)
    return htmx.render(
        "editor/work.html",
        today=now.astimezone(ZoneInfo(time_zone())),
        work=work.work_of(current_editor(), now, may_publish=may(Role.EDITOR)),
        is_new_here=work.is_new_here(current_editor()),
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
        draft = revisions.draft_with(answer_id=answer_id)
        assert draft.answer is not None
        draft.answer.checked_change = max(draft.answer.checked_change, min(change, change_log.newest()))
        audit.record(AuditKind.STILL_RIGHT, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for(".home"))
