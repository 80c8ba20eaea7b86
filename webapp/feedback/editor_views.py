"""The editors' inbox: what readers wrote, until it is marked as done, and what their answers add up to."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.db.session import db
from webapp.feedback import inbox
from webapp.models import AnswerFeedback, ContactMessage, Feedback, Reason, Role
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("editor_feedback", __name__, url_prefix="/editor/feedback")
editor_access.protect(bp)


@bp.get("/")
def overview() -> Response:
    """What nobody has read yet, and the counts of every summary and answer."""
    return _show_inbox(request.args.get("done", ""))


@bp.post('/<any(messages, notes, "answer-notes"):kind>/<int:number>/done')
def mark_done(kind: str, number: int) -> Response:
    """Mark a message or a note as done."""
    with editor_access.writing_as(Role.WRITER) as now:
        inbox.mark_done(_existing(kind, number), now)
    return _changed("done")


@bp.post('/<any(messages, notes, "answer-notes"):kind>/<int:number>/undo')
def undo(kind: str, number: int) -> Response:
    """Put a message or a note that was marked as done back among the unread ones."""
    with editor_access.writing_as(Role.WRITER):
        _existing(kind, number).done_at = None
    return _changed("undone")


def _existing(kind: str, number: int) -> ContactMessage | Feedback | AnswerFeedback:
    row: ContactMessage | Feedback | AnswerFeedback | None
    if kind == Feedback.box:
        row = db.session.get(Feedback, number)
    elif kind == AnswerFeedback.box:
        row = db.session.get(AnswerFeedback, number)
    else:
        row = db.session.get(ContactMessage, number)
    if row is None:
        raise SiteError(HTTPStatus.NOT_FOUND, "This message is no longer here. Go back to the list.")
    return row


def _changed(done: str) -> Response:
    if htmx.wants_fragment():
        return _show_inbox(done)
    return htmx.redirect(url_for(".overview", done=done))


def _show_inbox(done: str) -> Response:
    by_article = inbox.by_article()
    return htmx.render(
        "feedback/overview.html",
        "inbox",
        messages=inbox.unread_messages(),
        notes=inbox.unread_notes(),
        marked_done=inbox.marked_done(),
        by_article=by_article,
        by_answer=inbox.by_answer(),
        clarity=inbox.clarity(by_article),
        done=done,
        reason_label=lambda value: Reason(value).label,
    )
