"""The buttons of the authoring form that keep a text: save, preview, what is typed, and what is sent too late."""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_hex

from flask import Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.sign_ins import current_editor, local_time
from webapp.content import merging
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.editor import autosaves, queries
from webapp.editor.autosaves import Tab
from webapp.editor.form_views import NEW_KEY, Notice, address_of, conflict_context, show, status_text
from webapp.editor.forms import SummaryForm, content_from, problems_in, summary_form, values_of
from webapp.models import Draft
from webapp.parsing import int_from
from webapp.publishing import revisions
from webapp.web import htmx

TAB = re.compile(r"[0-9a-f]{16}")


def save(draft: Draft, form: SummaryForm) -> Response:
    """Keep what was typed as the newest revision."""
    refused = stopped(draft, form)
    if refused is not None:
        return refused
    is_new = not draft.id
    draft = saved(draft, form)
    if htmx.wants_fragment() and not is_new:
        return show(draft, form, fragment="save_status", revision=draft.revision_number, is_fresh=True)
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done="saved"))


def preview(draft: Draft, form: SummaryForm) -> Response:
    """Save, then show the page as readers would see it."""
    refused = stopped(draft, form)
    if refused is not None:
        return refused
    return htmx.redirect(url_for("editor.preview", draft_id=saved(draft, form).id))


def autosave(draft: Draft, form: SummaryForm) -> Response:
    """Keep what was typed, apart from the draft and its history."""
    now = datetime.now(UTC)
    content = content_from(form, from_json(draft.content))
    is_behind = form.revision.data != str(draft.revision_number)
    if content == from_json(draft.content) and not is_behind:
        autosaves.forget(_tab(form))
        text = status_text(draft)
    else:
        fields = list(request.form.items(multi=True))
        autosaves.keep(_tab(form), revisions.title_of(content), fields, now)
        text = f"Your typing is kept, {local_time(now)}"
    db.session.commit()
    other = revisions.last_editor_name(draft) if is_behind else ""
    return show(
        draft, form, fragment="save_status", status_text=text, is_conflict=is_behind, other_editor=other
    )


def bring_back(draft: Draft, form: SummaryForm) -> Response:
    """The copy that a browser kept, as a form again."""
    return show(draft, form, notice=Notice("Your text is back.", "Press “Save draft” to keep it."))


def discard(draft: Draft, form: SummaryForm) -> Response:
    """Throw away what was typed and not saved."""
    autosaves.forget(_tab(form))
    editor_access.forget_kept_fields()
    db.session.commit()
    return htmx.redirect(address_of(draft) if draft.id else url_for("editor.summaries"))


def stopped(draft: Draft, form: SummaryForm) -> Response | None:
    """The answer when a text cannot be saved as it is: a field cannot be read, or somebody saved meanwhile."""
    if not form.validate():
        problems = problems_in(form)
        return show(
            draft,
            form,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "save_status",
            problems=problems,
            status_problems=problems,
        )
    if form.revision.data != str(draft.revision_number):
        return _conflict(draft, form)
    return None


def _conflict(draft: Draft, form: SummaryForm) -> Response:
    """Both texts, with everything merged that only one side changed."""
    base_number = int_from(form.revision.data) or 0
    if draft.merge_base is not None:
        base_number = min(base_number, draft.merge_base)  # what both grew from
    yours = content_from(form, from_json(draft.content))
    merged = merging.merge(revisions.content_at(draft, base_number), from_json(draft.content), yours)
    if htmx.wants_fragment():
        other = revisions.last_editor_name(draft)
        return show(draft, form, HTTPStatus.CONFLICT, "save_status", is_conflict=True, other_editor=other)
    merged_form = summary_form(queries.category_choices(), None, values_of(merged))
    return show(draft, merged_form, HTTPStatus.CONFLICT, **conflict_context(draft, merged, base_number))


def saved(draft: Draft, form: SummaryForm) -> Draft:
    """The draft with what was typed as its newest revision, committed."""
    content = content_from(form, from_json(draft.content))
    revisions.save(draft, content, draft.revision_number, current_editor().id, datetime.now(UTC))
    forget_unsaved(form)
    db.session.commit()
    return draft


def forget_unsaved(form: SummaryForm) -> None:
    """What was typed is in a revision now."""
    autosaves.forget(_tab(form))
    editor_access.forget_kept_fields()


def _tab(form: SummaryForm) -> Tab:
    """Which form was sent; a key that is not ours counts as new."""
    key, name, adopts = form.form_key.data or "", form.tab.data or "", form.adopts.data or ""
    is_ours = re.fullmatch(r"(draft|article)-[0-9]{1,9}", key) or NEW_KEY.fullmatch(key)
    return Tab(
        current_editor().id,
        key if is_ours else f"new-{token_hex(8)}",
        name if TAB.fullmatch(name) else "",
        adopts if TAB.fullmatch(adopts.partition("@")[0]) else "",
    )
