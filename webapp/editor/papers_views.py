"""Papers: their status at the journals, and the import of papers as drafts."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request, session, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.config import command_line
from webapp.models import AuditKind, Role
from webapp.models.in_words import plural
from webapp.papers import file_formats, importing, one_box
from webapp.papers.importing import ImportPlan, PendingImport
from webapp.papers.records import Unreadable
from webapp.papers.services import is_contact
from webapp.publishing import audit, bulk, retractions
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import read_large_form
from webapp.web.pagination import asked_page, existing

MOST_BYTES = file_formats.MOST_BYTES + 100_000  # with the other parts of the form
MOST_CHOSEN = 25  # a page of the list of summaries
_GONE = "The drafts were made already, or more than an hour has passed. To import more, look them up or send the file again."

bp = Blueprint("papers", __name__)


class ImportForm(FlaskForm):
    """Papers from a file, or from the box."""

    text = TextAreaField("Papers")
    file = FileField("Or a file")

    def find(self) -> PendingImport:
        """Read the file, else what is in the box, which may ask outside services. Raises Unreadable."""
        if not self.file.data:
            return one_box.find(self.text.data or "", current_app.extensions["config"])
        with self.file.data.stream as stream:
            return PendingImport(file_formats.read(stream.read()))


@bp.before_request
def take_large_files() -> None:
    """Allow larger uploads to signed-in editors."""
    if request.endpoint == "papers.take" and "sign_in" in session:
        sentence = "This file is larger than 10 MB. Split it and import one part after another."
        read_large_form(MOST_BYTES, sentence)


editor_access.protect(bp)


@bp.get("/editor/papers")
def overview() -> Response:
    """List the papers of all published summaries with their status."""
    page = existing(retractions.overview(asked_page()))
    contact = current_app.extensions["config"].editors_mail
    missing_contact = "" if is_contact(contact) else contact
    return htmx.render(
        "editor/papers.html",
        page=page,
        counts=retractions.counts(),
        missing_contact=missing_contact,
        command=command_line("papers check-retractions"),
    )


@bp.get("/editor/papers/import")
def choose() -> Response:
    """A box for papers, and a field for a file of them."""
    return _show(ImportForm(formdata=editor_access.recovered_fields()))


@bp.post("/editor/papers/import")
def take() -> Response:
    """Find the papers, and store what was found for the dry run."""
    form, editor_id = ImportForm(), current_editor().id
    try:
        found = form.find()  # takes a while: the turn comes after it
        with editor_access.writing_as(Role.WRITER) as now:
            secret = importing.save_pending(found, editor_id, now)
            editor_access.discard_recovered_fields()
    except Unreadable as refusal:
        field = form.file if form.file.data else form.text
        field.errors = [str(refusal)]
        return _show(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    address = url_for(".review", secret=secret)
    if not htmx.wants_fragment():
        return htmx.redirect(address)
    return htmx.at(address, _show_review(secret, HTTPStatus.OK))


@bp.get("/editor/papers/import/<secret>")
def review(secret: str) -> Response:
    """What the import would do: new, already here, left out with the reason."""
    return _show_review(secret, HTTPStatus.OK)


@bp.post("/editor/papers/import/<secret>")
def confirm(secret: str) -> Response:
    """Create a draft for every chosen paper that is still new."""
    numbers, editor_id = request.form.getlist("chosen"), current_editor().id
    plan = importing.plan(_pending(secret).records)  # slow in a large library: before the turn
    with editor_access.writing_as(Role.WRITER) as now:
        plan = _renewed(plan, secret)
        chosen = [record for record in plan.new if "all" in request.form or str(record.number) in numbers]
        if chosen:
            drafts = importing.create_drafts(chosen, editor_id, now)
            made = bulk.store_import(drafts, editor_id, now)
            importing.delete_pending(secret)
            audit.record(AuditKind.IMPORTED, now, editor_id, detail=plural(len(drafts), "paper"))
            editor_access.discard_recovered_fields()
    if not chosen:
        return _show_review(secret, HTTPStatus.UNPROCESSABLE_ENTITY)
    return htmx.redirect(url_for("bulk.done", number=made.id))


@bp.post("/editor/papers/import/<secret>/fill/<int:number>")
def fill(secret: str, number: int) -> Response:
    """Fill in what the draft of a paper lacks, from what was found."""
    plan = importing.plan(_pending(secret).records)
    with editor_access.writing_as(Role.WRITER) as now:
        for record, known in _renewed(plan, secret).duplicates:
            if record.number == number and known.record is None:
                draft = importing.fill_draft(known, record, current_editor().id, now)
                return htmx.redirect(url_for("authoring.edit", draft_id=draft.id, done="filled"))
    raise SiteError(410, _GONE, title="This paper is no longer here")


def _pending(secret: str) -> PendingImport:
    pending = importing.find_pending(secret, current_editor().id, datetime.now(UTC))
    if pending is None:
        raise SiteError(410, _GONE, title="This list of papers is no longer here")
    return pending


def _renewed(plan: ImportPlan, secret: str) -> ImportPlan:
    """Plan again, in the writer's turn, if a draft was made since. Raises SiteError 410, as after a second click."""
    records = _pending(secret).records
    return importing.plan(records) if plan.is_outdated() else plan


def _show_review(secret: str, status: int) -> Response:
    """Show what the import would do. Few papers are chosen at first; of many, an editor wants only some."""
    pending, fields = _pending(secret), editor_access.recovered_fields()
    plan = importing.plan(pending.records)
    chosen = {str(record.number) for record in plan.new} if len(plan.new) <= MOST_CHOSEN else set()
    if fields is not None:
        chosen = set(fields.getlist("chosen"))
    return _show(
        ImportForm(formdata=None, text=pending.left),
        status,
        plan=plan,
        trials=pending.trials,
        secret=secret,
        chosen=chosen,
        most_chosen=MOST_CHOSEN,
        is_all=fields is not None and "all" in fields,
        is_refused=status != HTTPStatus.OK,
    )


def _show(form: ImportForm, status: int = HTTPStatus.OK, **found: Any) -> Response:
    """Show the form, and below it what was found."""
    formats = file_formats.FORMATS
    return htmx.render(
        "editor/papers_import.html",
        "papers_import",
        status,
        form=form,
        formats=formats,
        **({"plan": None} | found),
    )
