"""The authoring form and its buttons, one URL each. Every response contains what was typed.

A text that was never saved has no id: its URL says "new", which the views get as 0.
"""

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, may, time_zone
from webapp.accounts.editors import colleagues
from webapp.catalog.word_list import word_list
from webapp.content import merging, plain_language
from webapp.content.answer_content import content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.problems import Problem
from webapp.db.writing import stop_reading, writing
from webapp.editor import autosaves, rows
from webapp.editor.authoring_page import (
    COMMENT,
    LISTS,
    REASON,
    SHOWN_WARNING,
    FormNotice,
    SaveStatus,
    TalkNotice,
    open_form,
    show_form,
    show_talk,
    status_text,
    typed_comments,
)
from webapp.editor.fields import DraftForm, problems_in
from webapp.editor.forms import (
    FORMS,
    SummaryForm,
    content_from,
    fill_paper,
    form_for,
    with_content,
)
from webapp.models import AuditKind, Draft, Role
from webapp.models.values import ArticleStatus, PaperStatus, TextKind
from webapp.papers import crossref, records, sources
from webapp.papers.records import Record
from webapp.papers.services import ServiceFailed
from webapp.parsing import member_from
from webapp.publishing import ai_drafts, audit, publication, reviews, revisions, scheduling, teamwork
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.scheduling import NotInFuture
from webapp.publishing.teamwork import CommentRefused
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("authoring", __name__, url_prefix="/editor/summaries/<draft:draft_id>")
editor_access.protect(bp, form="authoring.edit")


class FormRefused(Exception):
    """A sent form has ``problems``; ``status`` is the HTTP status of the response."""

    def __init__(self, form: DraftForm, problems: list[Problem], status: int) -> None:
        super().__init__(problems[0].message)
        self.form, self.problems, self.status = form, problems, status


@bp.get("")
def edit(draft_id: int) -> Response:
    """Open a text in the form, or an empty form, whose key is in the URL: so Back finds the draft that it made."""
    if draft_id:
        return open_form(_draft(draft_id))
    key = request.args.get("key", "")
    if not autosaves.NEW_KEY.fullmatch(key):
        kind = member_from(TextKind, request.args.get("kind")) or TextKind.SUMMARY
        about = request.args.get("about")  # what readers looked for
        return htmx.redirect(url_for(".edit", draft_id=0, key=autosaves.new_key(kind), about=about))
    made = revisions.find_draft_of_form(key)
    if made and not autosaves.typed(current_editor().id, key):  # else another tab has text that was not saved
        return htmx.redirect(url_for(".edit", draft_id=made.id))
    return open_form(revisions.new_draft(kind=autosaves.kind_of(key)))


# ------------------------------------------------------------------ saving


@bp.post("")
@bp.post("/save")
def save(draft_id: int) -> Response:
    """Save what was typed as the newest revision. The Enter key sends the form to its own URL."""
    form = _valid_form(draft_id)
    with editor_access.writing_as(Role.WRITER) as now:
        draft = _save(draft_id, form, now)
    if draft_id and htmx.wants_fragment() and form.merge_base.data is None:  # else the conflict has to go
        same_paper = revisions.find_same_paper(draft, content_from_json(draft.content))
        status = SaveStatus(
            draft.revision_number, status_text(draft), is_announced=True, same_paper=same_paper
        )
        return _show_save_status(draft_id, status)
    return htmx.redirect(url_for(".edit", draft_id=draft.id, done="saved"))


@bp.post("/preview")
def preview(draft_id: int) -> Response:
    """Save, then show the page as readers would see it."""
    form = _valid_form(draft_id)
    with editor_access.writing_as(Role.WRITER) as now:
        draft = _save(draft_id, form, now)
    return htmx.redirect(url_for("editor.preview", draft_id=draft.id))


@bp.post("/autosave")
def autosave(draft_id: int) -> Response:
    """Store unsaved typing, apart from the draft and its history."""
    with writing() as now:
        draft = _draft(draft_id)
        form = FORMS[draft.kind](formdata=request.form)
        base_number = _base_number(draft, form)
        is_behind = base_number != draft.revision_number
        base = revisions.content_at(draft, base_number) if is_behind else content_from_json(draft.content)
        content = content_from(form, base)
        is_changed = content != base
        if is_changed:
            autosaves.store(current_editor().id, request.form, revisions.title_of(content), now)
        else:
            autosaves.forget(current_editor().id, request.form)
    if not htmx.wants_fragment():
        return htmx.redirect(url_for(".edit", draft_id=draft_id))
    status = SaveStatus(
        form.revision.data,
        f"Your typing is saved, {local_time(now)}" if is_changed else status_text(draft),
        bool(draft_id),
        other_editor=revisions.last_editor_name(draft) if is_behind else "",
        same_paper=revisions.find_same_paper(draft, content),
    )
    return _show_save_status(draft_id, status)


@bp.post("/discard")
def discard(draft_id: int) -> Response:
    """Discard unsaved typing."""
    with writing():
        autosaves.forget(current_editor().id, request.form)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".edit", draft_id=draft_id) if draft_id else url_for(LISTS[_draft(0).kind]))


# ------------------------------------------------------------------ publishing


@bp.post("/publish")
def publish(draft_id: int) -> Response:
    """Publish what was typed, if it passes all checks. Changes of a text that readers see are saved and shown first."""
    form, editor_id = _valid_form(draft_id, Role.EDITOR), current_editor().id
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _draft(draft_id)
        saved, live = content_from_json(draft.content), draft.live
        content = publication.with_address(content_from(form, saved), live)
        is_second_press = (  # of this tab, which has published this text already
            live is not None
            and live.status is ArticleStatus.PUBLISHED
            and not draft.has_unpublished_changes
            and draft.tab == request.form.get("tab")
            and content == saved
        )
        if live is None:
            base, reasons = _base_number(draft, form), _reasons(draft, form)
            revisions.publish(draft, content, base, editor_id, now, accepted=reasons)
        elif not is_second_press:
            _save(draft_id, form, now)
            reasons = _reasons(draft, form)
            draft.accepted_warnings = publication.check_publishable(content, draft, reasons, now.date())
        _forget_unsaved(draft, now)
    if live is not None and not is_second_press:
        return htmx.redirect(url_for("publish_sheet.show", draft_id=draft.id))
    return htmx.redirect(url_for(".edit", draft_id=draft.id, done="published"))


@bp.post("/schedule")
def schedule(draft_id: int) -> Response:
    """Schedule the text to be published at a set time, if it passes all checks now."""
    form, editor_id = _valid_form(draft_id, Role.EDITOR), current_editor().id
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _draft(draft_id)
        scheduling.schedule(
            draft,
            content_from(form, content_from_json(draft.content)),
            _base_number(draft, form),
            editor_id,
            now,
            publish_at=scheduling.read_time(form.publish_at.data or "", time_zone(), now),
            accepted=_reasons(draft, form),
        )
        _forget_unsaved(draft, now)
    return htmx.redirect(url_for(".edit", draft_id=draft.id, done="scheduled"))


@bp.post("/unschedule")
def unschedule(draft_id: int) -> Response:
    """Cancel the schedule; what was typed is saved."""
    form = _valid_form(draft_id, Role.EDITOR)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _save(draft_id, form, now)
        if revisions.end_schedule(draft, now, "It was canceled."):
            audit.record(AuditKind.UNSCHEDULED, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for(".edit", draft_id=draft.id, done="unscheduled"))


# ------------------------------------------------------------------ changing the form


@bp.post("/move")
def move(draft_id: int) -> Response:
    """Add, move or remove a row of a list, or bring a removed one back."""
    draft = _draft(draft_id)
    moved = rows.move(request.form, request.form.get("move", ""))
    return show_form(draft, form_for(draft.kind, moved.fields), fragment=moved.list_name, moved=moved)


@bp.post("/swap")
def swap(draft_id: int) -> Response:
    """Replace a hard word with plain ones."""
    field, _, word = request.form.get("swap", "").partition("|")
    fields = rows.Fields(request.form)
    if field in fields:
        fields[field] = plain_language.swap(fields[field], word, word_list().hard_words)
    notice = FormNotice(f"“{word}” is swapped.", "Please read the sentence again.")
    draft = _draft(draft_id)
    return show_form(draft, form_for(draft.kind, fields), notice=notice)


@bp.post("/take")
def take(draft_id: int) -> Response:
    """In a conflict, use what the other editor wrote in this field."""
    draft, form = _sent(draft_id)
    theirs = content_from_json(draft.content)
    content = merging.with_field(content_from(form, theirs), theirs, request.form.get("take", ""))
    return show_form(draft, with_content(form, content, form.revision.data, form.merge_base.data))


@bp.post("/comment-done")
def comment_done(draft_id: int) -> Response:
    """Mark a reviewer's comment as done; what was typed stays in the form."""
    with editor_access.writing_as(Role.WRITER) as now:
        draft = _draft(draft_id)
        reviews.mark_done(draft, request.form.get("comment-done", ""), current_editor().id, now)
    return show_form(*_sent(draft_id))


@bp.post("/assign")
def assign(draft_id: int) -> Response:
    """Give the text to a colleague, to nobody, or to the editor who asks; what was typed stays in the form."""
    me = current_editor().id
    with editor_access.writing_as(Role.WRITER) as now:
        draft, form = _sent_of_saved(draft_id)
        chosen = me if "take" in request.form else editor_access.chosen_colleague()
        teamwork.assign(draft, chosen, me, now)
    who = "you" if chosen == me else dict(colleagues()).get(chosen or 0, "nobody")
    return show_form(draft, form, notice=FormNotice(f"Assigned to {who}."))


@bp.post("/comment")
def comment(draft_id: int) -> Response:
    """Write to colleagues at a field, or reply; what was typed elsewhere stays in the form."""
    place, me = request.form.get("comment", ""), current_editor().id
    typed = request.form.get(f"{COMMENT}{place}", "")
    try:
        with editor_access.writing_as(Role.WRITER) as now:
            draft, _ = _sent_of_saved(draft_id)
            field = teamwork.write(draft, place, typed, me, now)
    except CommentRefused as refusal:
        refused = TalkNotice(place, str(refusal), typed)
        return show_talk(*_sent(draft_id), refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    return show_talk(*_sent(draft_id), TalkNotice(field, "Sent.", sent=place))


@bp.post("/comment-settle")
def settle_comment(draft_id: int) -> Response:
    """Mark a conversation with colleagues as done; what was typed stays in the form."""
    return _change_comment(draft_id, request.form.get("comment-settle", ""), is_done=True)


@bp.post("/comment-reopen")
def reopen_comment(draft_id: int) -> Response:
    """Take back that a conversation with colleagues is done; what was typed stays in the form."""
    return _change_comment(draft_id, request.form.get("comment-reopen", ""), is_done=False)


@bp.post("/confirm-part")
def confirm_part(draft_id: int) -> Response:
    """Confirm what AI wrote in a part, as the form has it; what was typed stays in the form."""
    part = request.form.get("confirm-part", "")
    with editor_access.writing_as(Role.WRITER) as now:
        draft, form = _sent(draft_id)
        content = content_from(form, content_from_json(draft.content))
        if draft.id and isinstance(content, ArticleContent):
            ai_drafts.confirm(draft, content, part, current_editor().id, now)
    return show_form(*_sent(draft_id), confirmed=part)


@bp.post("/check")
def check(draft_id: int) -> Response:
    """Check how plainly the text is written."""
    return show_form(*_sent(draft_id), fragment="plain_check")


@bp.post("/bring-back")
def bring_back(draft_id: int) -> Response:
    """Show the form with the copy that a browser stored."""
    notice = FormNotice("Your text is back.", "Click “Save draft” to keep it.")
    return show_form(*_sent(draft_id), notice=notice)


@bp.post("/fill")
def fill(draft_id: int) -> Response:
    """Fill the empty fields of the paper from its DOI, as Crossref knows it."""
    config, (draft, form) = current_app.extensions["config"], _sent(draft_id)
    if not isinstance(form, SummaryForm):
        raise SiteError(HTTPStatus.NOT_FOUND)
    paper = form.paper.form
    try:
        stop_reading()
        message = sources.crossref_message(config, paper.doi.data)
    except ServiceFailed as failure:
        text = f"{failure} You can fill in the fields by hand. We couldn’t check for a retraction."
        notice = FormNotice("Nothing was filled in.", text, is_good=False)
        return show_form(draft, form, notice=notice)
    record = records.normalized(Record(content=ArticleContent(paper=crossref.paper_from(message))))
    found = record.content.paper
    own = fill_paper(paper, found)
    if crossref.is_notice_itself(message):
        text = "Careful: this DOI is itself a notice about another paper."
    elif found.status in (PaperStatus.PUBLISHED, PaperStatus.PREPRINT):
        text = "Crossref lists no retraction and no correction."
    else:
        text = f"Careful: Crossref lists a notice. The paper is marked “{found.status.label}”."
    text += f" We kept your text in: {', '.join(own)}." if own else ""
    return show_form(draft, form, notice=FormNotice("Filled in from Crossref.", text))


# ------------------------------------------------------------------ refusals


@bp.errorhandler(FormRefused)
def show_problems(refused: FormRefused) -> Response:
    """Show the same form with its problems. Nothing was saved."""
    draft_id = _asked_draft_id()
    if htmx.wants_fragment():
        status = SaveStatus(refused.form.revision.data, problems=refused.problems)
        return _show_save_status(draft_id, status, refused.status)
    return show_form(_draft(draft_id), refused.form, refused.status, problems=refused.problems)


@bp.errorhandler(SavedMeanwhile)
def show_conflict(_: SavedMeanwhile) -> Response:
    """Show both texts, with everything merged that only one side changed."""
    draft, form = _sent(_asked_draft_id())
    if htmx.wants_fragment():
        status = SaveStatus(form.revision.data, other_editor=revisions.last_editor_name(draft))
        return _show_save_status(draft.id, status, HTTPStatus.CONFLICT)
    base_number, theirs = _base_number(draft, form), content_from_json(draft.content)
    if draft.merge_base is not None:
        base_number = min(base_number, draft.merge_base)  # what both grew from
    base = revisions.content_at(draft, base_number)
    content = merging.merge(base, theirs, content_from(form, theirs))
    merged = with_content(form, content, draft.revision_number, base_number)
    return show_form(draft, merged, HTTPStatus.CONFLICT)


@bp.errorhandler(NotPublishable)
def show_reasons(refusal: NotPublishable) -> Response:
    """Save the text as a draft, and list all reasons why it is not published."""
    _, form = _sent(_asked_draft_id())
    try:
        with editor_access.writing_as(Role.WRITER) as now:
            draft = _save(_asked_draft_id(), form, now)
            draft.accepted_warnings = {key: reason for key, reason in refusal.accepted.items() if reason}
    except SavedMeanwhile as meanwhile:  # between the checks, which had a transaction of their own, and now
        return show_conflict(meanwhile)
    form.revision.data, form.merge_base.data = draft.revision_number, None
    notice = FormNotice("Not published yet.", "Your text is saved as a draft.", is_good=False)
    return show_form(draft, form, HTTPStatus.UNPROCESSABLE_ENTITY, notice=notice, refusal=refusal)


@bp.errorhandler(NotInFuture)
def show_wrong_time(refused: NotInFuture) -> Response:
    """Save the text as a draft; the time to publish cannot be used."""
    return show_reasons(NotPublishable([Problem("publish_at", str(refused))]))


@bp.errorhandler(rows.UnknownMove)
def show_unmoved(_: rows.UnknownMove) -> Response:
    """Show the form as it was sent: the button came from a page that is out of date."""
    return show_form(*_sent(_asked_draft_id()))


# ------------------------------------------------------------------ shared by the views


def _draft(draft_id: int) -> Draft:
    """The draft with this id; without one, the draft that the sent form has made already, or a new one.

    A form of a new text is sent again after Back, and by a second click: it must not make a second draft.
    """
    if draft_id:
        return revisions.get_draft(draft_id)
    key = request.form.get("form_key", "")
    if not autosaves.NEW_KEY.fullmatch(key):
        return revisions.new_draft()
    return revisions.find_draft_of_form(key) or revisions.new_draft(key, autosaves.kind_of(key))


def _sent(draft_id: int) -> tuple[Draft, DraftForm]:
    """The draft that a form was sent for, and the form as it was filled in."""
    draft = _draft(draft_id)
    return draft, form_for(draft.kind, request.form)


def _sent_of_saved(draft_id: int) -> tuple[Draft, DraftForm]:
    """The same of a draft that is saved; raises DraftNotFound."""
    draft, form = _sent(draft_id)
    if not draft.id:
        raise revisions.DraftNotFound
    return draft, form


def _change_comment(draft_id: int, number: str, *, is_done: bool) -> Response:
    with editor_access.writing_as(Role.WRITER) as now:
        draft, _ = _sent_of_saved(draft_id)
        begun = teamwork.find_comment(draft, number)
        if begun is None:
            raise revisions.DraftNotFound
        if is_done:
            teamwork.settle(begun, current_editor().id, now)
        else:
            teamwork.reopen(begun)
        field, undoes = begun.field, begun.id if is_done else None
    said = "Marked as done." if is_done else "Open again."
    return show_talk(*_sent(draft_id), TalkNotice(field, said, undoes=undoes))


def _base_number(draft: Draft, form: DraftForm) -> int:
    """The revision that the text was written on: also one that this tab saved itself, and went Back from."""
    tabs = (form.tab.data, (form.adopts.data or "").partition("@")[0])
    number: int = form.revision.data
    return draft.revision_number if draft.tab and draft.tab in tabs else number


def _asked_draft_id() -> int:
    return int((request.view_args or {})["draft_id"])


def _show_save_status(draft_id: int, status: SaveStatus, code: int = HTTPStatus.OK) -> Response:
    """Answer htmx with the bar at the bottom alone, which needs none of what the whole page needs."""
    return htmx.render("editor/edit.html", "save_status", code, save_status=status, draft_id=draft_id)


def _valid_form(draft_id: int, role: Role = Role.WRITER) -> DraftForm:
    """Read the sent form. Raises FormRefused for a field that cannot be saved, or a role that may not do this."""
    _, form = _sent(draft_id)
    if not form.validate():
        raise FormRefused(form, problems_in(form), HTTPStatus.UNPROCESSABLE_ENTITY)
    if not may(role):
        sentence = "Only an editor can publish. Save the draft, and tell one of the editors."
        raise FormRefused(form, [Problem("save-draft", sentence)], HTTPStatus.FORBIDDEN)
    return form


def _save(draft_id: int, form: DraftForm, now: datetime) -> Draft:
    """Save what was typed as the newest revision. Raises SavedMeanwhile."""
    draft = _draft(draft_id)
    content = content_from(form, content_from_json(draft.content))
    draft.merge_base = None  # the form showed both texts
    revisions.save(draft, content, _base_number(draft, form), current_editor().id, now)
    _forget_unsaved(draft, now)
    return draft


def _forget_unsaved(draft: Draft, now: datetime) -> None:
    """Delete unsaved typing, which is in the newest revision of a draft now, and store the comments that were typed."""
    editor_id = current_editor().id
    if not htmx.wants_fragment():  # else comments stay on the page, and are sent with their own button
        for place, text in typed_comments().items():
            with suppress(CommentRefused):
                teamwork.write(draft, place, text[: teamwork.LONGEST_COMMENT], editor_id, now)
    draft.tab = request.form.get("tab", "")[: autosaves.LONGEST_TAB]
    autosaves.forget(editor_id, request.form)
    editor_access.discard_recovered_fields()


def _reasons(draft: Draft, form: DraftForm) -> dict[str, str]:
    """The reason for which each warning is accepted, by the warning's key, given now or before.

    One reason for all stands for the warnings that the form showed, never for one that nobody has seen.
    """
    for_all, reasons = (form.reason_for_all.data or "").strip(), dict(draft.accepted_warnings)
    for name, warning in request.form.items(multi=True):
        if name.startswith(SHOWN_WARNING):
            given = request.form.get(REASON + name.removeprefix(SHOWN_WARNING), "").strip()
            reasons[warning] = given or for_all
    return reasons
