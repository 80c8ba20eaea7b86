"""The publish sheet of a text that readers see: what changes for them, why, and who gets mail; and undoing it."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import TextInput

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, time_zone
from webapp.content import comparison
from webapp.content.answer_content import content_from_json
from webapp.editor.authoring_page import open_form
from webapp.letters import corrections
from webapp.models import AuditKind, Draft, Role
from webapp.models.values import ArticleStatus
from webapp.parsing import int_from
from webapp.publishing import audit, revisions, scheduling, undoing
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import DraftNotFound, SavedMeanwhile, Undecided
from webapp.publishing.scheduling import NotInFuture
from webapp.publishing.undoing import TooLateToUndo
from webapp.web import htmx

bp = Blueprint("publish_sheet", __name__, url_prefix="/editor/summaries/<int:draft_id>")
editor_access.protect(bp, form="publish_sheet.show")
YES, NO = "yes", "no"
LONGEST_REASON = 1_000


class PublishForm(FlaskForm):
    """What is asked of a changed text; ``revision`` is the newest one when the sheet was shown."""

    revision = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    reason = TextAreaField(
        "Why did you change it?",
        [
            DataRequired("Say in a sentence why you changed it."),
            Length(max=LONGEST_REASON, message=f"Keep this to {LONGEST_REASON:,} characters."),
        ],
        filters=[lambda typed: (typed or "").strip()],
    )
    correction = RadioField(
        "Does it correct a mistake?",
        [InputRequired("Say whether it corrects a mistake.")],
        choices=[SelectChoice(YES, "Yes, a correction"), SelectChoice(NO, "No, only clearer or newer words")],
    )
    publish_at = StringField("Publish at", [Optional()], widget=TextInput("datetime-local"))

    @classmethod
    def of(cls, draft: Draft, **filled: Any) -> "PublishForm":
        """Make the form for a draft, with what was typed before."""
        correction = YES if draft.is_correction else None
        stored = {
            "revision": draft.revision_number,
            "reason": draft.change_note,
            "correction": correction,
        }
        return cls(**filled, data=stored)

    @property
    def is_correction(self) -> bool:
        return bool(self.correction.data == YES)


class SheetRefused(Exception):
    """A sent sheet cannot be used as it is; ``status`` is the HTTP status of the response."""

    def __init__(self, form: PublishForm, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__("the sheet was refused")
        self.form, self.status = form, status


@bp.get("/publish")
def show(draft_id: int) -> Response:
    """Show what readers will see, and ask why."""
    editor_access.require(Role.EDITOR)
    draft = _decided(draft_id)
    return _show(draft, PublishForm.of(draft, formdata=editor_access.recovered_fields()))


@bp.post("/publish-changes")
def publish(draft_id: int) -> Response:
    """Publish the changes of a text, with the reason."""
    form = _valid_form(draft_id)
    if form.publish_at.data:  # the Enter key in the field with the time
        form.publish_at.errors = ["Click “Schedule” to publish at this time, or clear it to publish now."]
        raise SheetRefused(form)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _decided(draft_id)
        if _has_something_to_publish(draft):  # else it is the second of two presses
            tab = draft.tab  # its form may be sent once more, after Back
            draft.change_note, draft.is_correction = form.reason.data, form.is_correction
            revisions.publish(
                draft,
                content_from_json(draft.content),
                form.revision.data,
                current_editor().id,
                now,
                accepted=draft.accepted_warnings,
            )
            draft.tab = tab
        elif draft.editor_id != current_editor().id:  # with a reason of their own
            raise SavedMeanwhile
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for("authoring.edit", draft_id=draft_id, done="published"))


@bp.post("/schedule-changes")
def schedule(draft_id: int) -> Response:
    """Have the changes of a text published at a set time, with the reason."""
    form = _valid_form(draft_id)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _decided(draft_id)
        try:
            publish_at = scheduling.read_time(form.publish_at.data or "", time_zone(), now)
        except NotInFuture as refused:
            form.publish_at.errors = [str(refused)]
            raise SheetRefused(form) from refused
        draft.change_note, draft.is_correction = form.reason.data, form.is_correction
        scheduling.schedule(
            draft,
            content_from_json(draft.content),
            form.revision.data,
            current_editor().id,
            now,
            publish_at=publish_at,
            accepted=draft.accepted_warnings,
        )
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for("authoring.edit", draft_id=draft_id, done="scheduled"))


@bp.post("/undo-publish")
def undo(draft_id: int) -> Response:
    """Show readers the text from before the last change."""
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _live(draft_id)
        undoing.undo(draft, current_editor().id, now)
        audit.record(AuditKind.PUBLISH_UNDONE, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for("authoring.edit", draft_id=draft_id, done="undone"))


@bp.errorhandler(SheetRefused)
def show_refused(refused: SheetRefused) -> Response:
    """Show the sheet again with everything that was typed."""
    return _show(_live(_draft_id()), refused.form, refused.status)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Show the sheet again with what somebody else saved meanwhile, and everything that was typed."""
    draft = _live(_draft_id())
    form = PublishForm.of(draft)
    form.revision.data = draft.revision_number
    return _show(draft, form, HTTPStatus.CONFLICT, other_editor=revisions.last_editor_name(draft))


@bp.errorhandler(NotPublishable)
def show_reasons(refusal: NotPublishable) -> Response:
    """Show the text with all reasons why it is not published: something else changed since the sheet was shown."""
    return open_form(_with_reason(), refusal)


@bp.errorhandler(Undecided)
def show_undecided(_: Undecided) -> Response:
    """Go to the form, which shows both texts that somebody has to decide between."""
    draft = _with_reason() if request.method == "POST" else _live(_draft_id())
    return htmx.redirect(url_for("authoring.edit", draft_id=draft.id))


@bp.errorhandler(TooLateToUndo)
def show_too_late(_: TooLateToUndo) -> Response:
    """Go back to the text, which says why."""
    return htmx.redirect(url_for("authoring.edit", draft_id=_draft_id(), done="too-late"))


def _draft_id() -> int:
    return int((request.view_args or {})["draft_id"])


def _live(draft_id: int) -> Draft:
    """The draft of a text that was published. Raises DraftNotFound."""
    draft = revisions.get_draft(draft_id)
    if draft.live is None:
        raise DraftNotFound
    return draft


def _decided(draft_id: int) -> Draft:
    """The draft of a text that was published. Raises DraftNotFound, or Undecided while somebody has to decide between two texts."""
    draft = _live(draft_id)
    if draft.merge_base is not None:
        raise Undecided
    return draft


def _with_reason() -> Draft:
    """Store with the draft what was typed on a sheet that was refused, for the next one."""
    form = PublishForm.of(_live(_draft_id()))
    with editor_access.writing_as(Role.EDITOR):
        draft = _live(_draft_id())
        draft.change_note, draft.is_correction = form.reason.data, form.is_correction
    return draft


def _has_something_to_publish(draft: Draft) -> bool:
    assert draft.live is not None
    return draft.has_unpublished_changes or draft.live.status is ArticleStatus.WITHDRAWN


def _valid_form(draft_id: int) -> PublishForm:
    editor_access.require(Role.EDITOR)
    form = PublishForm.of(_live(draft_id))
    if not form.validate():
        raise SheetRefused(form)
    return form


def _show(
    draft: Draft, form: PublishForm, status: int = HTTPStatus.OK, *, other_editor: str = ""
) -> Response:
    assert draft.live is not None
    now_public = revisions.content_at(draft, draft.live.revision_number)
    return htmx.render(
        "editor/publish.html",
        status=status,
        draft=draft,
        form=form,
        other_editor=other_editor,
        differences=comparison.differences(now_public, content_from_json(draft.content)),
        has_something=_has_something_to_publish(draft),
        readers=corrections.reader_count(draft.live),
    )
