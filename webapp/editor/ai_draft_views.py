"""A first draft by a language model: what it gets, asking for it, and how far it is."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.content.article_content import from_json
from webapp.models import Role
from webapp.papers import ai_drafting, language_model
from webapp.papers.ai_drafting import CannotAsk
from webapp.papers.facts import decisions
from webapp.publishing import ai_drafts, revisions
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("ai_draft", __name__, url_prefix="/editor/summaries/<int:draft_id>/ai-draft")
editor_access.protect(bp, form="ai_draft.show")


@bp.get("")
def show(draft_id: int) -> Response:
    """Show what AI would get, or how far its draft is."""
    return _show(draft_id)


@bp.post("")
def ask(draft_id: int) -> Response:
    """Ask AI for a first draft."""
    config = current_app.extensions["config"]
    if not config.draft_llm_url:
        raise SiteError(HTTPStatus.NOT_FOUND)
    try:
        with editor_access.writing_as(Role.WRITER) as now:
            ai_drafting.ask(revisions.get_summary_draft(draft_id), config, current_editor().id, now)
    except CannotAsk as refusal:
        return _show(draft_id, HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(refusal))
    return htmx.redirect(url_for(".show", draft_id=draft_id))


def _show(draft_id: int, status: int = HTTPStatus.OK, *, problem: str = "") -> Response:
    config, draft = current_app.extensions["config"], revisions.get_summary_draft(draft_id)
    newest = next(iter(ai_drafts.drafts_of(draft)), None)
    return htmx.render(
        "editor/ai_draft.html",
        "progress",
        status,
        draft=draft,
        paper=from_json(draft.content).paper,
        has_room=bool(ai_drafting.empty_fields(from_json(draft.content))),
        is_on=bool(config.draft_llm_url),
        server=language_model.server(config),
        model=config.draft_llm_model,
        texts=ai_drafting.texts_to_send(draft),
        facts=len(decisions.decided(draft)),
        newest=newest,
        parts=ai_drafts.parts(draft, from_json(draft.content)),
        problem=problem or (newest.problem if newest else ""),
    )
