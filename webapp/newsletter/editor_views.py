"""The editors' pages about the newsletter: who gets it, the next issue, past issues, mails to settle."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, make_response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.sign_ins import current_editor
from webapp.db.writing import writing
from webapp.letters import emails
from webapp.letters.compose import preview as written_preview
from webapp.mail import outbox
from webapp.models import Frequency, Role
from webapp.newsletter import digests
from webapp.newsletter import overview as desk
from webapp.newsletter.overview import NotUncertain
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import normal_address
from webapp.web.responses import never_store

bp = Blueprint("newsletter_desk", __name__, url_prefix="/editor/newsletter")
editor_access.protect(bp)


@bp.get("/")
def overview() -> Response:
    """How the newsletter stands."""
    return htmx.render(
        "newsletter/desk.html",
        counts=desk.subscriber_counts(),
        upcoming=desk.upcoming(datetime.now(UTC)),
        issues=desk.latest_issues(),
        uncertain=desk.uncertain_mails(),
        outbox_line=outbox.state_line(),
        done=request.args.get("done", ""),
    )


@bp.get("/preview/<frequency>")
def preview(frequency: str) -> Response:
    """What the next issue would say."""
    kind = _frequency(frequency)
    articles = digests.upcoming(kind, datetime.now(UTC))
    written = emails.digest(articles, None) if articles else None
    return htmx.render("newsletter/preview.html", kind=kind, articles=articles, written=written)


@bp.get("/preview/<frequency>.eml")
def preview_mail(frequency: str) -> Response:
    """The next issue as a file that any mail program opens."""
    now = datetime.now(UTC)
    articles = digests.upcoming(_frequency(frequency), now)
    if not articles:
        raise SiteError(HTTPStatus.NOT_FOUND, "There is nothing new to show yet.")
    body = written_preview(articles, current_editor().email, now).to_bytes()
    headers = {"Content-Type": "message/rfc822", "Content-Disposition": 'attachment; filename="preview.eml"'}
    return never_store(make_response(body, HTTPStatus.OK, headers))


@bp.post("/test")
def send_test() -> Response:
    """Mail the next issue to the editor who asks, and to nobody else."""
    kind = _frequency(request.form.get("frequency", ""))
    with writing() as now:
        articles = digests.upcoming(kind, now)
        if articles:
            digests.send_test(normal_address(current_editor().email), articles, now)
    if not articles:
        return _done("nothing-new")
    return _done("test-sent")


@bp.post("/uncertain/<int:number>")
def settle(number: int) -> Response:
    """Decide what became of a mail after a look into the mail server's log."""
    editor_access.require(Role.EDITOR)
    answer = request.form.get("answer", "")
    if answer not in ("sent", "again"):
        raise SiteError(HTTPStatus.UNPROCESSABLE_ENTITY, "Choose whether the mail was sent.")
    try:
        with writing() as now:
            outbox.settle_one(desk.get_uncertain(number), was_delivered=answer == "sent", now=now)
    except NotUncertain:
        return _done("settled-before")
    return _done("settled")


def _frequency(text: str) -> Frequency:
    if text not in list(Frequency):
        raise SiteError(HTTPStatus.NOT_FOUND, "There is a weekly and a monthly newsletter.")
    return Frequency(text)


def _done(what: str) -> Response:
    return htmx.redirect(url_for(".overview", done=what))
