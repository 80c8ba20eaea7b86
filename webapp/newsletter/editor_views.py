"""The editors' pages about the newsletter: subscribers, the next issue, past issues, uncertain mails."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, make_response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.letters import compose, emails
from webapp.mail import outbox
from webapp.models import Frequency, MailKind, Role
from webapp.newsletter import digests, reports
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import normal_address
from webapp.web.http import never_store

bp = Blueprint("editor_newsletter", __name__, url_prefix="/editor/newsletter")
editor_access.protect(bp)


@bp.get("/")
def overview() -> Response:
    """Show subscribers, bounces, issues and uncertain mails."""
    return htmx.render(
        "newsletter/overview.html",
        counts=reports.subscriber_counts(),
        bounces=reports.bounces(),
        suppressions=reports.suppressions(),
        upcoming=reports.upcoming(datetime.now(UTC)),
        issues=reports.latest_issues(),
        stopped=reports.stopped_issues(),
        uncertain=reports.uncertain_mails(),
        outbox_line=outbox.state_line(),
        done=request.args.get("done", ""),
    )


@bp.get("/preview/<frequency>")
def preview(frequency: str) -> Response:
    """Preview the next issue."""
    kind = _frequency(frequency)
    articles = digests.upcoming(kind, datetime.now(UTC))
    rendered = emails.digest(articles, None) if articles else None
    return htmx.render("newsletter/preview.html", kind=kind, articles=articles, mail=rendered)


@bp.get("/preview/<frequency>.eml")
def preview_mail(frequency: str) -> Response:
    """Download the next issue as a file for a mail program."""
    now = datetime.now(UTC)
    articles = digests.upcoming(_frequency(frequency), now)
    if not articles:
        raise SiteError(HTTPStatus.NOT_FOUND, "There is nothing new to show yet.")
    body = compose.preview(articles, current_editor().email, now).to_bytes()
    headers = {"Content-Type": "message/rfc822", "Content-Disposition": 'attachment; filename="preview.eml"'}
    return never_store(make_response(body, HTTPStatus.OK, headers))


@bp.post("/test")
def send_test() -> Response:
    """Mail the next issue to the current editor, as a test."""
    kind = _frequency(request.form.get("frequency", ""))
    with editor_access.writing_as(Role.WRITER) as now:
        articles = digests.upcoming(kind, now)
        if articles:
            address = normal_address(current_editor().email)
            outbox.enqueue(MailKind.TEST, address, now, articles=articles)
    return _done("test-sent" if articles else "nothing-new")


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
        outbox.resume(digests.get_issue(number), now)
    return _done("continued")


def _frequency(text: str) -> Frequency:
    if text not in list(Frequency):
        raise SiteError(HTTPStatus.NOT_FOUND, "There is a weekly and a monthly newsletter.")
    return Frequency(text)


def _done(what: str) -> Response:
    return htmx.redirect(url_for(".overview", done=what))
