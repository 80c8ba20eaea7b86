"""The dashboard: what needs an editor, and how the library is doing."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, may
from webapp.db import change_log
from webapp.editor import dashboard, queries
from webapp.feedback import inbox
from webapp.models import AuditKind, Role
from webapp.newsletter import reports
from webapp.parsing import int_from
from webapp.publishing import audit, revisions
from webapp.search import indexing, misses
from webapp.search.index import search_index
from webapp.web import htmx
from webapp.web.errors import SiteError

MISSES = 10

bp = Blueprint("dashboard", __name__)
editor_access.protect(bp)


@bp.get("/editor/dashboard")
def overview() -> Response:
    """Show numbers of the library, its readers, the search and the newsletter."""
    now = datetime.now(UTC)
    return htmx.render(
        "editor/dashboard.html",
        now=now,
        states=queries.state_counts(),
        weeks=dashboard.answers_by_week(now),
        least_helpful=dashboard.least_helpful(),
        unread=inbox.unread_count(),
        misses=misses.most_missed(MISSES),
        newest=dashboard.newest(now, search_index().cursor() or 0),
        lag=indexing.lag(now),
        bands=dashboard.grade_bands(),
        hardest=dashboard.hardest(),
        subscribers=reports.subscriber_counts(),
        answers_to_check=dashboard.answers_to_check(now.date()),
        may_publish=may(Role.EDITOR),
        schedules=dashboard.schedules(now),
        local=local_time,
    )


@bp.post("/editor/answers/<int:answer_id>/still-right")
def say_still_right(answer_id: int) -> Response:
    """Say that an answer is still right after the changes of its summaries that the dashboard showed."""
    change = int_from(request.form.get("change"))
    if change is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = revisions.draft_with(answer_id=answer_id)
        assert draft.answer is not None
        draft.answer.checked_change = max(draft.answer.checked_change, min(change, change_log.newest()))
        audit.record(AuditKind.STILL_RIGHT, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for(".overview"))
