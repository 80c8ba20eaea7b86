"""New papers: editors keep, skip or refuse what the watches found, and say what the watches look for."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may
from webapp.accounts.editors import colleagues
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.editor import triage
from webapp.editor.triage import STATES, CandidateTab, TriageAction
from webapp.models import AuditKind, Candidate, CandidateState, Role, Watch, WatchSource
from webapp.papers import candidates, importing, watching
from webapp.papers.records import Unreadable
from webapp.papers.services import is_contact
from webapp.papers.watching import Try
from webapp.parsing import int_from, member_from
from webapp.publishing import audit
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import one_line

MOST_HOURS = 24 * 31
LONGEST_QUERY = 2_000  # characters
LONGEST_WHY = 200

bp = Blueprint("triage", __name__, url_prefix="/editor/new-papers")
editor_access.protect(bp)


class WatchForm(FlaskForm):
    """What to look for, where and how often."""

    name = StringField("Name", [DataRequired("Give it a name."), Length(max=120), one_line])
    source = SelectField("Where", choices=[SelectChoice(one.value, one.label) for one in WatchSource])
    query = TextAreaField(
        "What to look for",
        [DataRequired("Enter a search."), Length(max=LONGEST_QUERY)],
        render_kw={"rows": 5},
    )
    every_hours = IntegerField(
        "Every how many hours",
        [NumberRange(1, MOST_HOURS, f"Enter a number from 1 to {MOST_HOURS}.")],
        default=24,
    )
    is_on = BooleanField("Run it", default=True)


@bp.get("")
def overview() -> Response:
    """List what the watches found, for editors to decide on."""
    return _show_list(triage.last_press(int_from(request.args.get("last"))))


@bp.post("")
def decide() -> Response:
    """Keep, skip or refuse the candidate whose button it was or all that are ticked, or assign them to somebody."""
    one, _, number = request.form.get("one", "").rpartition(":")
    pressed, numbers = one or request.form.get("do", ""), [int_from(number) or 0] if one else _numbers()
    action = member_from(TriageAction, pressed)
    if action is None and pressed != "assign":
        raise SiteError(HTTPStatus.BAD_REQUEST)
    with editor_access.writing_as(Role.WRITER) as now:
        if action is None:
            candidates.assign(numbers, editor_access.chosen_colleague())
            changed = []
        else:
            why = (
                request.form.get("why", "").strip()[:LONGEST_WHY] if action is TriageAction.NOT_FOR_US else ""
            )
            changed = [
                row.id for row in candidates.decide(numbers, STATES[action], current_editor().id, now, why)
            ]
        editor_access.discard_recovered_fields()
    return _answer(changed[0] if changed else None)


@bp.post("/undo")
def undo() -> Response:
    """Take back what one press decided."""
    number = int_from(request.form.get("last")) or 0
    with editor_access.writing_as(Role.WRITER):
        count = candidates.undo(number, current_editor().id)
    return _answer(number if count else None)


@bp.post("/why")
def say_why() -> Response:
    """Say why the last candidates are not for us."""
    number, why = int_from(request.form.get("last")) or 0, request.form.get("why", "").strip()[:LONGEST_WHY]
    with editor_access.writing_as(Role.WRITER):
        candidates.say_why(number, why, current_editor().id)
    return _answer(number)


@bp.post("/drafts")
def make_drafts() -> Response:
    """Look the kept papers up, and go on to the import, which shows them before it makes drafts."""
    config, editor_id = current_app.extensions["config"], current_editor().id
    try:
        pending = candidates.to_import(_numbers(), config)  # takes a while: the turn comes after it
        with editor_access.writing_as(Role.WRITER) as now:
            secret = importing.save_pending(pending, editor_id, now)
    except Unreadable as refusal:
        raise SiteError(HTTPStatus.UNPROCESSABLE_ENTITY, str(refusal), "No drafts were made") from refusal
    return htmx.redirect(url_for("papers.review", secret=secret))


@bp.get("/<int:number>")
def candidate(number: int) -> Response:
    """Show everything that is known of a candidate."""
    found = db.session.get(Candidate, number)
    if found is None:
        raise SiteError(HTTPStatus.NOT_FOUND, "We couldn’t find that paper. Look for it in the list.")
    return htmx.render(
        "editor/triage_candidate.html",
        candidate=found,
        content=from_json(found.content),
        colleagues=colleagues(),
    )


@bp.get("/watches")
def watches() -> Response:
    """List what the site looks for, and how that is going."""
    return htmx.render(
        "editor/triage_watches.html",
        watches=watching.every_watch(),
        may_edit=may(Role.EDITOR),
    )


@bp.get("/watches/new")
@bp.get("/watches/<int:number>")
def edit_watch(number: int | None = None) -> Response:
    """Open a watch in the form."""
    editor_access.require(Role.EDITOR)
    watch = _watch(number)
    return _show_form(
        watch, WatchForm(formdata=editor_access.recovered_fields(), obj=watch if number else None)
    )


@bp.post("/watches/new")
@bp.post("/watches/<int:number>")
def save_watch(number: int | None = None) -> Response:
    """Save a watch, or only try it: then nothing is stored."""
    editor_access.require(Role.EDITOR)
    watch, form = _watch(number), WatchForm()
    if not form.validate():
        return _show_form(watch, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if "try" in request.form:
        asked = Watch(
            source=WatchSource(form.source.data), query=form.query.data, last_ok_at=watch.last_ok_at
        )
        return _show_form(watch, form, tried=watching.try_out(asked, current_app.extensions["config"]))
    with editor_access.writing_as(Role.EDITOR) as now:
        watch = _watch(number)
        source, query = WatchSource(form.source.data), form.query.data.strip()
        watching.change(watch, form.name.data, source, query, form.every_hours.data, is_on=form.is_on.data)
        db.session.add(watch)
        audit.record(AuditKind.WATCH_CHANGED, now, current_editor().id, detail=watching.title_of(watch))
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".watches"))


def _tab() -> CandidateTab:
    tab = member_from(CandidateTab, request.values.get("show", CandidateTab.NEW))
    if tab is None:
        raise SiteError(HTTPStatus.NOT_FOUND)
    return tab


def _numbers() -> list[int]:
    return [number for text in request.form.getlist("chosen") if (number := int_from(text))]


def _answer(number: int | None) -> Response:
    """Show the list as it is now, with what the press did to this candidate and the others."""
    if htmx.wants_fragment():
        return _show_list(triage.last_press(number))
    show, after = _tab(), int_from(request.form.get("after"))
    tab = None if show is CandidateTab.NEW else show.value
    return htmx.redirect(url_for(".overview", show=tab, after=after, last=number))


def _show_list(last: triage.LastPress | None) -> Response:
    tab, editor_id = _tab(), current_editor().id
    after = int_from(request.values.get("after"))
    page = triage.page(tab, editor_id, after)
    if not page.rows and page.after:  # all of this page was decided on: go on with the best that is left
        page = triage.page(tab, editor_id, None)
    contact = current_app.extensions["config"].editors_mail
    return htmx.render(
        "editor/triage.html",
        "triage",
        tab=tab,
        page=page,
        counts=triage.counts(editor_id),
        last=last,
        focused=triage.focused(page.rows, last),
        colleagues=colleagues(),
        watches=[watch for watch in watching.every_watch() if watch.is_on],
        missing_contact="" if is_contact(contact) else contact,
        now=datetime.now(UTC),
        from_json=from_json,
        kept=CandidateState.KEPT,
    )


def _watch(number: int | None) -> Watch:
    if number is None:
        return Watch(is_on=True)
    watch = db.session.get(Watch, number)
    if watch is None:
        raise SiteError(HTTPStatus.NOT_FOUND)
    return watch


def _show_form(
    watch: Watch, form: WatchForm, status: int = HTTPStatus.OK, tried: Try | None = None
) -> Response:
    return htmx.render("editor/triage_watch.html", status=status, watch=watch, form=form, tried=tried)
