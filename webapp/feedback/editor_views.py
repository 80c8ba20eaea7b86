"""The editors' inbox: what readers wrote, ticked off when done, and what their answers add up to."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.db.session import db
from webapp.feedback import inbox
from webapp.models import ContactMessage, Feedback, Reason, Role
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("editor_feedback", __name__, url_prefix="/editor/feedback")
editor_access.protect(bp)


@bp.get("/")
def overview() -> Response:
    """What nobody has read yet, and the counts of every summary."""
    return _show_inbox(is_done="done" in request.args)


@bp.post("/messages/<int:number>/done")
def message_done(number: int) -> Response:
    """Tick a message off."""
    with editor_access.writing_as(Role.WRITER) as now:
        inbox.mark_done(_existing(db.session.get(ContactMessage, number)), now)
    return _done()


@bp.post("/notes/<int:number>/done")
def note_done(number: int) -> Response:
    """Tick a note off."""
    with editor_access.writing_as(Role.WRITER) as now:
        inbox.mark_done(_existing(db.session.get(Feedback, number)), now)
    return _done()


def _existing(row: ContactMessage | Feedback | None) -> ContactMessage | Feedback:
    if row is None:
        raise SiteError(HTTPStatus.NOT_FOUND, "This message is no longer here. Look at the list again.")
    return row


def _done() -> Response:
    if htmx.wants_fragment():
        return _show_inbox(is_done=True)
    return htmx.redirect(url_for(".overview", done="yes"))


def _show_inbox(*, is_done: bool) -> Response:
    return htmx.render(
        "feedback/overview.html",
        "inbox",
        messages=inbox.unread_messages(),
        notes=inbox.unread_notes(),
        by_article=inbox.by_article(),
        is_done=is_done,
        reason_label=lambda value: Reason(value).label,
    )
