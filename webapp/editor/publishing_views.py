"""The buttons of the authoring form that make a text public, now or later, and the gate before that."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Response, request, url_for

from webapp.accounts.sign_ins import current_editor, may
from webapp.content.article_content import ArticleContent
from webapp.content.checks import Problem, check
from webapp.db.session import db
from webapp.editor.form_views import Notice, OpenWarning, show, warning_key
from webapp.editor.forms import SummaryForm, content_from
from webapp.editor.saving_views import forget_unsaved, saved, stopped
from webapp.models import AuditKind, Draft, Role
from webapp.publishing import audit, revisions, scheduling
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import Desk, WarningsOpen
from webapp.web import htmx


def publish(desk: Desk, form: SummaryForm) -> Response:
    """Make what was typed what readers see, if nothing stands against it."""
    refused = stopped(desk, form) or _not_allowed(desk, form)
    if refused is not None:
        return refused
    content, now = content_from(form, desk.content), datetime.now(UTC)
    gate, slug_before = _gate(desk, form, content), desk.article.slug if desk.article else ""
    try:
        draft = revisions.publish(desk, content, desk.revision_number, current_editor().id, now, **gate)
    except (NotPublishable, WarningsOpen) as refusal:
        return _not_published(desk, form, getattr(refusal, "problems", ()), gate["accepted"])
    scheduling.cancel(draft, now, "It was published by hand.")
    audit.record_address(draft.article, slug_before, now, current_editor().id)
    return _gone_out(draft, form, "published")


def schedule(desk: Desk, form: SummaryForm) -> Response:
    """Let the text go out at a set time."""
    refused = stopped(desk, form) or _not_allowed(desk, form)
    if refused is not None:
        return refused
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


def unschedule(desk: Desk, form: SummaryForm) -> Response:
    """Do not publish by itself after all; what is typed is saved."""
    refused = stopped(desk, form)
    if refused is not None:
        return refused
    draft = saved(desk, form)
    scheduling.cancel(draft, datetime.now(UTC), "It was canceled.")
    return _gone_out(draft, form, "unscheduled")


def _gate(desk: Desk, form: SummaryForm, content: ArticleContent) -> dict[str, Any]:
    return {
        "accepted": _reasons(desk, content),
        "change_note": (form.change_note.data or "").strip(),
        "is_correction": bool(form.is_correction.data),
    }


def _reasons(desk: Desk, content: ArticleContent) -> dict[str, str]:
    """For each warning the reason given now, or at the last publishing, or for all of them."""
    before = revisions.accepted_before(desk.draft)
    sent = request.form
    for_all = sent.get("reason_for_all", "").strip()
    return {
        warning.message: sent.get(f"accept-{warning_key(warning.message)}", "").strip()
        or before.get(warning.message)
        or for_all
        for warning in check(content).warnings
    }


def _not_allowed(desk: Desk, form: SummaryForm) -> Response | None:
    if may(Role.EDITOR):
        return None
    problem = Problem("save-draft", "Only an editor can publish. Save the draft and tell one of the editors.")
    return show(desk, form, HTTPStatus.FORBIDDEN, problems=[problem])


def _not_published(
    desk: Desk, form: SummaryForm, problems: Sequence[Problem], reasons: dict[str, str]
) -> Response:
    """Why it is not public yet, all at once. The text is saved as a draft all the same."""
    content = content_from(form, desk.content)
    draft = saved(desk, form)
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


def _gone_out(draft: Draft, form: SummaryForm, done: str) -> Response:
    forget_unsaved(form)
    audit.record(AuditKind(done), datetime.now(UTC), current_editor().id, detail=draft.title)
    db.session.commit()
    return htmx.redirect(url_for("editor.edit", draft_id=draft.id, done=done))
