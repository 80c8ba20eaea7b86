"""What was saved when: the list of revisions, two of them compared, and an earlier one restored."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, request, url_for

from webapp.accounts.sign_ins import current_editor, local_time
from webapp.content import comparison
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.models import AuditKind, Draft
from webapp.parsing import int_from
from webapp.publishing import audit, revisions, scheduling
from webapp.publishing.revisions import SavedMeanwhile
from webapp.web import htmx
from webapp.web.errors import SiteError


def show_history(draft: Draft, status: int = HTTPStatus.OK, *, is_behind: bool = False) -> Response:
    """All revisions of a draft; ``is_behind`` when somebody saved while the list was open."""
    return htmx.render(
        "editor/history.html",
        status=status,
        draft=draft,
        history=revisions.history(draft),
        schedules=scheduling.history(draft),
        local=local_time,
        is_behind=is_behind,
    )


def show_comparison(draft: Draft) -> Response:
    """What changed from one revision to another, word by word."""
    history = revisions.history(draft)
    newest_two = [revision.number for revision, _ in history[:2]]
    old, new = _asked_number("old", newest_two[-1]), _asked_number("new", newest_two[0])
    before, after = revisions.get_revision(draft, old), revisions.get_revision(draft, new)
    return htmx.render(
        "editor/compare.html",
        draft=draft,
        history=history,
        old=before,
        new=after,
        differences=comparison.differences(from_json(before.content), from_json(after.content)),
        local=local_time,
    )


def restore(draft: Draft) -> Response:
    """Make an earlier revision the newest one."""
    number, base = int_from(request.form.get("number")), int_from(request.form.get("revision"))
    if number is None or base is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    try:
        draft = revisions.restore(draft, number, base, current_editor().id, datetime.now(UTC))
    except SavedMeanwhile:
        return show_history(draft, HTTPStatus.CONFLICT, is_behind=True)
    audit.record(AuditKind.RESTORED, datetime.now(UTC), current_editor().id, detail=draft.title)
    db.session.commit()
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done="restored"))


def _asked_number(name: str, otherwise: int) -> int:
    number = int_from(request.args.get(name, str(otherwise)))
    if number is None:
        raise SiteError(HTTPStatus.NOT_FOUND)
    return number
