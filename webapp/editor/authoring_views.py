"""What the authoring form answers to each of its buttons. Whatever happens, what was typed is in the answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request, url_for

from webapp import door, htmx
from webapp.accounts.access import current_editor, may
from webapp.articles.content import ArticleContent, PaperContent
from webapp.articles.publishing import NotPublishable
from webapp.editor import autosaves, merging, plain, queries, revisions, rows, scheduling
from webapp.editor.checks import Problem, check
from webapp.editor.forms import (
    SummaryForm,
    attach,
    content_from,
    fill_paper,
    problems_in,
    summary_form,
    values_of,
)
from webapp.editor.imports import crossref, lookup
from webapp.editor.revisions import Desk, WarningsOpen
from webapp.errors import SiteError
from webapp.extensions import db
from webapp.models import Draft, Role
from webapp.models.values import PaperStatus


@dataclass(frozen=True)
class Notice:
    """A short message at the top of the form, with a link if there is somewhere to go."""

    title: str
    text: str = ""
    link: str = ""
    link_text: str = ""
    is_good: bool = True
    can_discard: bool = False


@dataclass(frozen=True)
class OpenWarning:
    """A warning as the form shows it: the name of its field for the reason, and the reason given so far."""

    field: str
    message: str
    reason: str

    @property
    def key(self) -> str:
        return _warning_key(self.message)


def local_time(at: datetime) -> str:
    """A time in words, in the time zone of who is signed in: November 24, 2026, 14:32."""
    here = at.astimezone(ZoneInfo(current_editor().time_zone))
    return f"{here:%B} {here.day}, {here.year}, {here:%H:%M}"


def show(
    desk: Desk,
    form: SummaryForm | None = None,
    status: int = HTTPStatus.OK,
    fragment: str | None = None,
    **more: Any,
) -> Response:
    """The form; without ``form`` it shows what was saved last."""
    is_stored = form is None
    fields, notice = (request.form, None) if form else _unsaved(desk)
    if form is None:
        start = values_of(desk.content) | {"revision": desk.revision_number, "form_key": _form_key(desk)}
        form = summary_form(queries.category_choices(), fields, start)
    problems: Sequence[Problem] = more.get("problems", ())
    attach(form, problems)
    context = {
        "form": form,
        "desk": desk,
        "desk_title": revisions.title_of(desk.content) if desk.draft or desk.article else "New",
        "action": _address(desk),
        "may_publish": may(Role.EDITOR),
        "notice": notice or _notice(desk),
        "problems": (),
        "status_problems": (),
        "warnings": (),
        "given": (),
        "clashes": (),
        "merge_base": None,
        "is_conflict": False,
        "other_editor": "",
        "checked": plain.plain_check(content_from(form, desk.content)),
        "moved": None,
        "gone": rows.removed(fields or rows.Fields()),
        "list_errors": {name: _message_for(name, problems) for name in rows.LISTS},
        "revision": form.revision.data,
        "form_key": (desk.draft is None and form.form_key.data) or _form_key(desk),
        "is_stored": is_stored,
        "status_text": _status_text(desk),
        "is_fresh": False,
        "schedule": scheduling.latest(desk.draft) if desk.draft else None,
        "local": local_time,
    }
    return htmx.render("editor/edit.html", fragment, status, **context | _open_conflict(desk, form) | more)


def answer(desk: Desk) -> Response:
    """Do what the pressed button says."""
    sent = request.form
    if "move" in sent:
        return _move(desk, sent["move"])
    if "swap" in sent:
        return _swap(desk, sent["swap"])
    if "take" in sent:
        return _take(desk, sent["take"])
    act = _ACTIONS.get(sent.get("action", "save"))
    if act is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    return act(desk, _form_from(sent))


def _move(desk: Desk, button: str) -> Response:
    """Change the rows of a list; a button that has nothing to do any more changes nothing."""
    try:
        moved = rows.move(request.form, button)
    except rows.UnknownMove:
        return show(desk, _form_from(request.form))
    return show(
        desk, _form_from(moved.fields), fragment=moved.list_name, moved=moved, gone=rows.removed(moved.fields)
    )


def _swap(desk: Desk, button: str) -> Response:
    """Put plain words in the place of a hard one."""
    field, _, word = button.partition("|")
    fields = rows.Fields(request.form)
    if field in fields:
        fields[field] = plain.swap(fields[field], word)
    return show(
        desk,
        _form_from(fields),
        notice=Notice(f"“{word}” is swapped.", "Please read the sentence once more."),
    )


def _take(desk: Desk, field: str) -> Response:
    """In a conflict: take over what the other one wrote in this field."""
    yours = content_from(_form_from(request.form), desk.content)
    content = merging.with_field(yours, desk.content, field)
    form = summary_form(queries.category_choices(), None, values_of(content))
    return show(desk, form)


def _check(desk: Desk, form: SummaryForm) -> Response:
    return show(desk, form, fragment="plain_check")


def _fill(desk: Desk, form: SummaryForm) -> Response:
    """Fill the empty fields of the paper from its DOI."""
    config, paper = current_app.extensions["config"], form.paper.form
    paper.doi.data = lookup.bare_doi(paper.doi.data or "")
    db.session.rollback()  # the answer may take seconds: hold no lock meanwhile
    try:
        message = lookup.fetch(paper.doi.data, config.crossref_url, config.editors_mail)
    except lookup.LookupFailed as failure:
        text = f"{failure} We could not check for a retraction."
        return show(desk, form, notice=Notice("Nothing was filled in.", text, is_good=False))
    found = crossref.paper_from(message)
    kept = fill_paper(paper, found)
    own = f" Your own text stays in: {', '.join(kept)}." if kept else ""
    text = f"{_retraction_words(message, found)}{own}"
    return show(desk, form, notice=Notice("Filled in from Crossref.", text))


def _retraction_words(message: crossref.Message, found: PaperContent) -> str:
    if crossref.is_notice_itself(message):
        return "Careful: this DOI is itself a notice about another paper."
    if found.status in (PaperStatus.PUBLISHED, PaperStatus.PREPRINT):
        return "Crossref lists no retraction and no correction."
    return f"Careful: Crossref lists a notice. The paper is marked “{found.status.label}”."


def _bring_back(desk: Desk, form: SummaryForm) -> Response:
    """The copy that a browser kept, as a form again."""
    return show(desk, form, notice=Notice("Your text is back.", "Press “Save draft” to keep it."))


def _autosave(desk: Desk, form: SummaryForm) -> Response:
    """Keep what was typed, apart from the draft and its history."""
    editor, now = current_editor(), datetime.now(UTC)
    content = content_from(form, desk.content)
    is_behind = form.revision.data != str(desk.revision_number)
    if content == desk.content and not is_behind:
        autosaves.forget(editor.id, form.form_key.data or "")
        text = _status_text(desk)
    else:
        fields = list(request.form.items(multi=True))
        autosaves.keep(editor.id, _sent_key(form), revisions.title_of(content), fields, now)
        text = f"Your typing is kept, {local_time(now)}"
    db.session.commit()
    other = revisions.last_editor_name(desk) if is_behind else ""
    return show(
        desk, form, fragment="save_status", status_text=text, is_conflict=is_behind, other_editor=other
    )


def _discard(desk: Desk, form: SummaryForm) -> Response:
    """Throw away what was typed and not saved."""
    autosaves.forget(current_editor().id, form.form_key.data or "")
    door.forget_kept_fields()
    db.session.commit()
    return htmx.redirect(url_for("editor.summaries") if desk == Desk() else _address(desk))


def _save(desk: Desk, form: SummaryForm) -> Response:
    stopped = _stopped(desk, form)
    if stopped is not None:
        return stopped
    draft = _saved(desk, form)
    if htmx.wants_fragment() and desk.draft is not None:
        fresh = Desk(draft, draft.article)
        return show(fresh, form, fragment="save_status", revision=draft.revision_number, is_fresh=True)
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done="saved"))


def _preview(desk: Desk, form: SummaryForm) -> Response:
    stopped = _stopped(desk, form)
    if stopped is not None:
        return stopped
    return htmx.redirect(url_for("editor.preview", draft_id=_saved(desk, form).id))


def _publish(desk: Desk, form: SummaryForm) -> Response:
    stopped = _stopped(desk, form) or _not_allowed(desk, form)
    if stopped is not None:
        return stopped
    content, now = content_from(form, desk.content), datetime.now(UTC)
    gate = _gate(desk, form, content)
    try:
        draft = revisions.publish(desk, content, desk.revision_number, current_editor().id, now, **gate)
    except (NotPublishable, WarningsOpen) as refusal:
        return _not_published(desk, form, getattr(refusal, "problems", ()), gate["accepted"])
    scheduling.cancel(draft, now, "It was published by hand.")
    return _gone_out(draft, form, "published")


def _schedule(desk: Desk, form: SummaryForm) -> Response:
    """Let the text go out at a set time."""
    stopped = _stopped(desk, form) or _not_allowed(desk, form)
    if stopped is not None:
        return stopped
    content, now, editor = content_from(form, desk.content), datetime.now(UTC), current_editor()
    gate = _gate(desk, form, content)
    try:
        at = scheduling.read_time(form.publish_at.data or "", editor.time_zone, now)
        draft = scheduling.schedule(desk, content, editor.id, now, at, **gate)
    except scheduling.NotInFuture as refusal:
        return _not_published(desk, form, [Problem("publish_at", str(refusal))], gate["accepted"])
    except (NotPublishable, WarningsOpen) as refusal:
        return _not_published(desk, form, getattr(refusal, "problems", ()), gate["accepted"])
    return _gone_out(draft, form, "scheduled")


def _unschedule(desk: Desk, form: SummaryForm) -> Response:
    """Do not publish by itself after all; what is typed is saved."""
    stopped = _stopped(desk, form)
    if stopped is not None:
        return stopped
    draft = _saved(desk, form)
    scheduling.cancel(draft, datetime.now(UTC), "It was canceled.")
    return _gone_out(draft, form, "unscheduled")


def _gate(desk: Desk, form: SummaryForm, content: ArticleContent) -> dict[str, Any]:
    return {
        "accepted": _reasons(desk, content),
        "change_note": (form.change_note.data or "").strip(),
        "is_correction": bool(form.is_correction.data),
    }


def _gone_out(draft: Draft, form: SummaryForm, done: str) -> Response:
    _forget_unsaved(form)
    db.session.commit()
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done=done))


def _stopped(desk: Desk, form: SummaryForm) -> Response | None:
    """The answer when a text cannot be saved as it is: a field cannot be read, or somebody saved meanwhile."""
    if not form.validate():
        problems = problems_in(form)
        return show(
            desk,
            form,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "save_status",
            problems=problems,
            status_problems=problems,
        )
    if form.revision.data != str(desk.revision_number):
        return _conflict(desk, form)
    return None


def _not_allowed(desk: Desk, form: SummaryForm) -> Response | None:
    if may(Role.EDITOR):
        return None
    problem = Problem("save-draft", "Only an editor can publish. Save the draft and tell one of the editors.")
    return show(desk, form, HTTPStatus.FORBIDDEN, problems=[problem])


def _conflict(desk: Desk, form: SummaryForm) -> Response:
    """Both texts, with everything merged that only one side changed."""
    base_number = int(form.revision.data) if (form.revision.data or "").isdigit() else 0
    yours = content_from(form, desk.content)
    merged = merging.merge(revisions.content_at(desk, base_number), desk.content, yours)
    if htmx.wants_fragment():
        other = revisions.last_editor_name(desk)
        return show(desk, form, HTTPStatus.CONFLICT, "save_status", is_conflict=True, other_editor=other)
    merged_form = summary_form(queries.category_choices(), None, values_of(merged))
    return show(desk, merged_form, HTTPStatus.CONFLICT, **_conflict_context(desk, merged, base_number))


def _open_conflict(desk: Desk, form: SummaryForm) -> dict[str, Any]:
    """A conflict that the sent form was about stays on the page until it is saved."""
    base = request.form.get("merge_base", "")
    if not base.isdigit() or request.form.get("revision") != str(desk.revision_number):
        return {}
    return _conflict_context(desk, content_from(form, desk.content), int(base))


def _conflict_context(desk: Desk, yours: ArticleContent, base_number: int) -> dict[str, Any]:
    base = revisions.content_at(desk, base_number)
    return {
        "clashes": merging.clashes(base, desk.content, yours),
        "merge_base": base_number,
        "revision": desk.revision_number,
        "other_editor": revisions.last_editor_name(desk),
    }


def _not_published(
    desk: Desk, form: SummaryForm, problems: Sequence[Problem], reasons: dict[str, str]
) -> Response:
    """Why it is not public yet, all at once. The text is saved as a draft all the same."""
    content = content_from(form, desk.content)
    draft = _saved(desk, form)
    warnings = [
        OpenWarning(row.field, row.message, reasons.get(row.message, "")) for row in check(content).warnings
    ]
    return show(
        Desk(draft, draft.article),
        form,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        problems=problems,
        warnings=[warning for warning in warnings if not warning.reason],
        given=[warning for warning in warnings if warning.reason],
        revision=draft.revision_number,
        notice=Notice("Not published yet.", "Your text is saved as a draft.", is_good=False),
    )


def _saved(desk: Desk, form: SummaryForm) -> Draft:
    content = content_from(form, desk.content)
    draft = revisions.save(desk, content, desk.revision_number, current_editor().id, datetime.now(UTC))
    _forget_unsaved(form)
    db.session.commit()
    return draft


def _forget_unsaved(form: SummaryForm) -> None:
    """What was typed is in a revision now."""
    autosaves.forget(current_editor().id, form.form_key.data or "")
    door.forget_kept_fields()


def _unsaved(desk: Desk) -> tuple[rows.Fields | None, Notice | None]:
    """What was typed but not saved: sent after the sign-in had run out, or kept while typing."""
    kept = door.kept_fields()
    if kept is not None:
        return kept, Notice(
            "Your text is back.", "You were signed out when you sent it. Press “Save draft” to keep it."
        )
    found = autosaves.find(current_editor().id, _form_key(desk))
    if found is None:
        return None, None
    fields, saved_at = found
    return rows.Fields(fields), Notice(
        "This is what you typed and did not save.",
        f"We kept it on {local_time(saved_at)}.",
        can_discard=True,
        is_good=False,
    )


def _form_key(desk: Desk) -> str:
    """Names the form for what is typed into it; a new text gets a key of its own."""
    if desk.draft is not None:
        return f"draft-{desk.draft.id}"
    if desk.article is not None:
        return f"article-{desk.article.id}"
    asked = request.args.get("key", "")
    return asked if _NEW_KEY.fullmatch(asked) else f"new-{token_hex(8)}"


def _sent_key(form: SummaryForm) -> str:
    """The key a form was sent with; one that is not ours counts as new."""
    sent = form.form_key.data or ""
    return (
        sent
        if re.fullmatch(r"(draft|article)-\d{1,9}", sent) or _NEW_KEY.fullmatch(sent)
        else f"new-{token_hex(8)}"
    )


def _reasons(desk: Desk, content: ArticleContent) -> dict[str, str]:
    """For each warning the reason given now, or at the last publishing, or for all of them."""
    before = revisions.accepted_before(desk.draft)
    sent = request.form
    for_all = sent.get("reason_for_all", "").strip()
    return {
        warning.message: sent.get(f"accept-{_warning_key(warning.message)}", "").strip()
        or before.get(warning.message)
        or for_all
        for warning in check(content).warnings
    }


def _warning_key(message: str) -> str:
    return sha256(message.encode()).hexdigest()[:12]


def _form_from(fields: rows.Fields) -> SummaryForm:
    return summary_form(queries.category_choices(), fields)


def _address(desk: Desk) -> str:
    if desk.draft is not None:
        return url_for("editor.save", draft_id=desk.draft.id)
    return (
        url_for("editor.save_article", article_id=desk.article.id)
        if desk.article
        else url_for("editor.create")
    )


def _message_for(field: str, problems: Sequence[Problem]) -> str:
    return next((problem.message for problem in problems if problem.field == field), "")


def _status_text(desk: Desk) -> str:
    if desk.draft is None:
        return "This is what readers see now." if desk.article else "Not saved yet."
    if desk.draft.revision_number == desk.draft.published_revision:
        return "Published. Readers see this text."
    return f"Draft saved {local_time(desk.draft.saved_at)}"


def _notice(desk: Desk) -> Notice | None:
    done = request.args.get("done")
    if done == "saved":
        return Notice("Draft saved.", "Readers do not see it before you publish.")
    if done == "restored":
        return Notice(
            "The earlier text is back.", "It is the newest revision now. Readers see it once you publish."
        )
    if done == "scheduled":
        return Notice(
            "Scheduled.", "It goes out by itself. Changes you save from now on do not go out with it."
        )
    if done == "unscheduled":
        return Notice("Not scheduled any more.", "Your text is saved as a draft.")
    if done == "published" and desk.article is not None:
        address = url_for("articles.article", slug=desk.article.slug)
        return Notice("Published.", "Readers see it now.", address, "See the page")
    return None


_NEW_KEY = re.compile(r"new-[0-9a-f]{16}")
_ACTIONS = {
    "save": _save,
    "preview": _preview,
    "publish": _publish,
    "schedule": _schedule,
    "unschedule": _unschedule,
    "check": _check,
    "fill": _fill,
    "autosave": _autosave,
    "bring_back": _bring_back,
    "discard": _discard,
}
