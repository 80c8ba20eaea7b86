"""Bulk changes of summaries: preview, carry out, undo."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request, url_for
from sqlalchemy import select

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.editor.forms import WithdrawForm
from webapp.models import AuditKind, BulkChange, Category, Role
from webapp.models.in_words import plural
from webapp.publishing import audit, bulk
from webapp.publishing.bulk import BulkAction, BulkPlan, CannotUndo
from webapp.publishing.deletion import UNDO_FOR
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("bulk", __name__)
editor_access.protect(bp)


@bp.get("/editor/bulk")
def look() -> Response:
    """Preview a bulk change: what would change, what would not, and why."""
    wanted = _plan()
    return _show(wanted, WithdrawForm(formdata=None), 200 if wanted.changes else 422)


@bp.post("/editor/bulk")
def carry_out() -> Response:
    """Carry out the previewed change, except where a summary was changed meanwhile."""
    wanted, form = _plan(), WithdrawForm()
    is_complete = wanted.action is not BulkAction.WITHDRAW or form.validate()
    if not (wanted.changes and is_complete):
        return _show(wanted, form, 422)
    with writing() as now:
        wanted = _plan()  # again in the transaction, since others may have written meanwhile
        change = bulk.carry_out(wanted, current_editor().id, now, (form.note.data or "").strip())
        kind = AuditKind.WITHDRAWN if wanted.action is BulkAction.WITHDRAW else AuditKind.REFILED
        for planned in wanted.changes:
            audit.record(kind, now, current_editor().id, detail=planned.title)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".done", number=change.id))


@bp.get("/editor/bulk/<int:number>")
def done(number: int) -> Response:
    """Show what was changed, with a button to undo it."""
    return _show_done(_found(number))


@bp.post("/editor/bulk/<int:number>/undo")
def undo(number: int) -> Response:
    """Undo a bulk change, except where a text was changed since."""
    with editor_access.writing_as(Role.WRITER) as now:
        change = _found(number)
        bulk.undo(change, current_editor().id, now)
        undone = [row["title"] for row in change.changed if not {"skip_reason", "undo_problem"} & row.keys()]
        if undone and change.kind == BulkAction.IMPORT:
            undone = [f"Import of {plural(len(undone), 'paper')}"]  # one entry, as for the import
        for title in undone:
            audit.record(AuditKind.UNDONE, now, current_editor().id, detail=title)
    return htmx.redirect(url_for(".done", number=number))


@bp.errorhandler(CannotUndo)
def show_not_undone(_: CannotUndo) -> Response:
    """Show what was changed without the button: it was undone before, or is too old."""
    return _show_done(_found((request.view_args or {})["number"]), 409)


def _plan() -> BulkPlan:
    editor_access.require(Role.EDITOR)
    sent = request.values
    if sent.get("do") not in (BulkAction.REFILE, BulkAction.WITHDRAW):
        raise SiteError(400, "Choose what to do with the summaries, then click the button again.")
    choices = sent.getlist("shown" if "all" in sent else "chosen")
    category = db.session.scalar(select(Category).where(Category.slug == sent.get("category", "")))
    return bulk.plan(BulkAction(sent["do"]), choices, category)


def _show(wanted: BulkPlan, form: WithdrawForm, status: int) -> Response:
    return htmx.render("editor/bulk.html", status=status, plan=wanted, form=form)


def _show_done(change: BulkChange, status: int = 200) -> Response:
    return htmx.render(
        "editor/bulk_done.html",
        status=status,
        change=change,
        action=BulkAction(change.kind),
        can_undo=bulk.can_undo(change, datetime.now(UTC)),
        until=local_time(change.made_at + UNDO_FOR),
    )


def _found(number: int) -> BulkChange:
    """A bulk change. Writers get only their own imports; raises SiteError 403 or 404."""
    change = db.session.get(BulkChange, number)
    if change is None or change.kind != BulkAction.IMPORT or change.editor_id != current_editor().id:
        editor_access.require(Role.EDITOR)
    if change is None:
        raise SiteError(404, "We couldn’t find that change. Look for the summaries in the list.")
    return change
