"""The editors' pages about the newsletter: subscribers, the next issue, past issues, uncertain mails."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may
from webapp.mail import outbox
from webapp.models import AuditKind, Frequency, Role
from webapp.models.in_words import day
from webapp.newsletter import digests, next_issue, reports
from webapp.parsing import int_from
from webapp.publishing import audit
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.pagination import asked_page, existing

bp = Blueprint("editor_newsletter", __name__, url_prefix="/editor/newsletter")
editor_access.protect(bp)


@bp.get("/")
def overview() -> Response:
    """Show subscribers, bounces, issues and uncertain mails."""
    now = datetime.now(UTC)
    return htmx.render(
        "newsletter/overview.html",
        counts=reports.subscriber_counts(),
        bounces=reports.bounces(),
        suppressions=reports.suppressions(),
        upcoming=[reports.upcoming(next_issue.lineup(kind, now), now) for kind in Frequency],
        issues=reports.latest_issues(),
        stopped=reports.stopped_issues(),
        uncertain=reports.uncertain_mails(),
        outbox_line=outbox.state_line(),
        done=request.args.get("done", ""),
        people=int_from(request.args.get("people")) or 0,
        may_edit=may(Role.EDITOR),
    )


@bp.get("/bounces")
def bounces() -> Response:
    """List the readers whose mail came back, with their addresses."""
    editor_access.require(Role.EDITOR)
    page = existing(reports.bounced_readers(asked_page()))
    return htmx.render("newsletter/bounces.html", page=page)


@bp.post("/uncertain/<int:number>")
def settle(number: int) -> Response:
    """Settle an uncertain mail: it was sent, or is to be sent again."""
    answer = request.form.get("answer", "")
    with editor_access.writing_as(Role.EDITOR) as now:
        if answer not in ("sent", "again"):
            raise SiteError(HTTPStatus.UNPROCESSABLE_ENTITY, "Choose whether the mail was sent.")
        is_settled = outbox.settle_one(number, was_delivered=answer == "sent", now=now)
    return _done("settled" if is_settled else "settled-before")


@bp.post("/issues/<int:number>/continue")
def resume(number: int) -> Response:
    """Continue an issue that was stopped because most of it was refused."""
    with editor_access.writing_as(Role.EDITOR) as now:
        issue = digests.get_issue(number)
        if issue.stopped_at is not None:
            detail = f"{issue.frequency.label}: of {day(issue.made_at)}"
            audit.record(AuditKind.NEWSLETTER_CONTINUED, now, current_editor().id, detail=detail)
        outbox.resume(issue, now)
    return _done("continued")


def _done(what: str) -> Response:
    return htmx.redirect(url_for(".overview", done=what))
