"""The buttons of the authoring form that make a text public, now or later, and the gate before that."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Response, request, url_for

from webapp.accounts.sign_ins import current_editor, may
from webapp.content.article_content import from_json
from webapp.content.checks import Problem
from webapp.db.session import db
from webapp.editor.form_views import Notice, OpenWarning, show, warning_key
from webapp.editor.forms import SummaryForm, content_from
from webapp.editor.saving_views import forget_unsaved, saved, stopped
from webapp.models import AuditKind, Draft, Role
from webapp.publishing import audit, revisions, scheduling
from webapp.publishing.publication import NotPublishable
from webapp.web import htmx


def publish(draft: Draft, form: SummaryForm) -> Response:
    """Make what was typed what readers see, if nothing stands against it."""
    refused = stopped(draft, form) or _not_allowed(draft, form)
    if refused is not None:
        return refused
    content, now = content_from(form, from_json(draft.content)), datetime.now(UTC)
    slug_before = draft.article.slug if draft.article else ""
    try:
        revisions.publish(
            draft, content, draft.revision_number, current_editor().id, now, **_publish_options(draft, form)
        )
    except NotPublishable as refusal:
        return _not_published(draft, form, refusal)
    scheduling.cancel(draft, now, "It was published by hand.")
    audit.record_address(draft.article, slug_before, now, current_editor().id)
    return _gone_out(draft, form, "published")


def schedule(draft: Draft, form: SummaryForm) -> Response:
    """Let the text go out at a set time."""
    refused = stopped(draft, form) or _not_allowed(draft, form)
    if refused is not None:
        return refused
    content, now, editor = content_from(form, from_json(draft.content)), datetime.now(UTC), current_editor()
    try:
        at = scheduling.read_time(form.publish_at.data or "", editor.time_zone, now)
        scheduling.schedule(draft, content, editor.id, now, at, **_publish_options(draft, form))
    except scheduling.NotInFuture as refusal:
        return _not_published(draft, form, NotPublishable([Problem("publish_at", str(refusal))]))
    except NotPublishable as refusal:
        return _not_published(draft, form, refusal)
    return _gone_out(draft, form, "scheduled")


def unschedule(draft: Draft, form: SummaryForm) -> Response:
    """Do not publish by itself after all; what is typed is saved."""
    refused = stopped(draft, form)
    if refused is not None:
        return refused
    draft = saved(draft, form)
    scheduling.cancel(draft, datetime.now(UTC), "It was canceled.")
    return _gone_out(draft, form, "unscheduled")


class _Reasons(dict[str, str]):
    """The reason for which a warning is accepted, by its message: the one given now, or at the last publishing, or for all."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(revisions.accepted_before(draft))
        self._for_all = request.form.get("reason_for_all", "").strip()

    def get(self, message: str, default: str = "") -> str:  # type: ignore[override]
        given = request.form.get(f"accept-{warning_key(message)}", "").strip()
        return given or super().get(message) or self._for_all or default


def _publish_options(draft: Draft, form: SummaryForm) -> dict[str, Any]:
    return {
        "accepted": _Reasons(draft),
        "change_note": (form.change_note.data or "").strip(),
        "is_correction": bool(form.is_correction.data),
    }


def _not_allowed(draft: Draft, form: SummaryForm) -> Response | None:
    if may(Role.EDITOR):
        return None
    problem = Problem("save-draft", "Only an editor can publish. Save the draft and tell one of the editors.")
    return show(draft, form, HTTPStatus.FORBIDDEN, problems=[problem])


def _not_published(draft: Draft, form: SummaryForm, refusal: NotPublishable) -> Response:
    """Why it is not public yet, all at once. The text is saved as a draft all the same."""
    draft = saved(draft, form)
    warnings = [
        OpenWarning(row.field, row.message, refusal.accepted.get(row.message, "")) for row in refusal.warnings
    ]
    return show(
        draft,
        form,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        problems=refusal.problems,
        warnings=[warning for warning in warnings if not warning.reason],
        given=[warning for warning in warnings if warning.reason],
        revision=draft.revision_number,
        notice=Notice("Not published yet.", "Your text is saved as a draft.", is_good=False),
    )


def _gone_out(draft: Draft, form: SummaryForm, done: str) -> Response:
    forget_unsaved(form)
    audit.record(AuditKind(done), datetime.now(UTC), current_editor().id, detail=draft.title)
    db.session.commit()
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done=done))
