"""The list of summaries, the authoring form, preview, publishing and withdrawing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.sign_ins import current_editor, local_time, may
from webapp.catalog.glossary import new_explainer
from webapp.content.article_content import from_json, is_partial_date
from webapp.db.session import db
from webapp.editor import autosaves, history_views, queries
from webapp.editor.authoring_views import answer
from webapp.editor.form_views import show
from webapp.editor.forms import WithdrawForm
from webapp.editor.queries import Tab
from webapp.models import Article, AuditKind, Role
from webapp.models.values import ArticleStatus
from webapp.publishing import audit, publication, revisions, scheduling
from webapp.publishing.revisions import DraftNotFound
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.pagination import asked_page, existing

Found = TypeVar("Found")

bp = Blueprint("editor", __name__)
editor_access.protect(bp)


@bp.get("/editor/")
def summaries() -> Response:
    """All texts, newest change first."""
    tab = request.args.get("tab", Tab.ALL.value)
    if tab not in list(Tab):
        raise SiteError(404)
    page = existing(queries.summaries(Tab(tab), asked_page()))
    return htmx.render(
        "editor/summaries.html",
        page=page,
        tab=Tab(tab),
        counts=queries.tab_counts(),
        categories=queries.category_choices(),
        may_publish=may(Role.EDITOR),
        waiting=scheduling.waiting_for([row.draft_id for row in page.rows]),
        unsaved=autosaves.new_texts(current_editor().id),
        local=local_time,
    )


@bp.get("/editor/summaries/new")
def new() -> Response:
    """An empty form."""
    return show(revisions.new_draft())


@bp.post("/editor/summaries/new")
def create() -> Response:
    """Keep a new text, or do what another button of the form says."""
    return answer(revisions.new_draft())


@bp.get("/editor/articles/<int:article_id>")
def edit_article(article_id: int) -> Response:
    """The way from a page on the site to its form."""
    return htmx.redirect(url_for(".edit", draft_id=_found(revisions.draft_of, article_id).id))


@bp.get("/editor/summaries/<int:draft_id>")
def edit(draft_id: int) -> Response:
    """The form with a draft."""
    return show(_found(revisions.get_draft, draft_id))


@bp.post("/editor/summaries/<int:draft_id>")
def save(draft_id: int) -> Response:
    """Save, preview or publish a draft, or do what another button of the form says."""
    return answer(_found(revisions.get_draft, draft_id))


@bp.get("/editor/summaries/<int:draft_id>/preview")
def preview(draft_id: int) -> Response:
    """The page as readers would see it."""
    draft = _found(revisions.get_draft, draft_id)
    content = from_json(draft.content)
    if not is_partial_date(content.paper.published_on):
        content = msgspec.structs.replace(
            content, paper=msgspec.structs.replace(content.paper, published_on="")
        )
    article = publication.transient_article(content, datetime.now(UTC))
    return htmx.render(
        "editor/preview.html",
        article=article,
        similar=[],
        explainer=new_explainer(),
        is_draft=True,
        draft=draft,
    )


@bp.get("/editor/summaries/<int:draft_id>/history")
def history(draft_id: int) -> Response:
    """All revisions of a draft."""
    return history_views.show_history(_found(revisions.get_draft, draft_id))


@bp.get("/editor/summaries/<int:draft_id>/compare")
def compare(draft_id: int) -> Response:
    """Two revisions, word by word."""
    return _found(lambda number: history_views.show_comparison(revisions.get_draft(number)), draft_id)


@bp.post("/editor/summaries/<int:draft_id>/restore")
def restore(draft_id: int) -> Response:
    """Make an earlier revision the newest one."""
    return _found(lambda number: history_views.restore(revisions.get_draft(number)), draft_id)


@bp.get("/editor/articles/<int:article_id>/withdraw")
def withdraw(article_id: int) -> Response:
    """Ask once more before a summary is taken off the site."""
    return _show_withdraw(_published(article_id), WithdrawForm(formdata=editor_access.kept_fields()))


@bp.post("/editor/articles/<int:article_id>/withdraw")
def do_withdraw(article_id: int) -> Response:
    """Take a summary off the site; its page stays with a note."""
    article = _published(article_id)
    form = WithdrawForm()
    if not form.validate():
        return _show_withdraw(article, form, 422)
    publication.withdraw(article, form.note.data.strip(), datetime.now(UTC))
    scheduling.cancel(revisions.draft_of(article_id), datetime.now(UTC), "The summary was withdrawn.")
    audit.record(AuditKind.WITHDRAWN, datetime.now(UTC), current_editor().id, detail=article.title)
    editor_access.forget_kept_fields()
    db.session.commit()
    return htmx.redirect(url_for(".summaries", tab=Tab.WITHDRAWN.value))


def _found(look: Callable[[int], Found], number: int) -> Found:
    """What ``look`` finds under a number; 404 if there is no such draft, article or revision."""
    try:
        return look(number)
    except DraftNotFound as error:
        raise SiteError(404, "There is no summary with this number. Look for it in the list.") from error


def _published(article_id: int) -> Article:
    editor_access.require(Role.EDITOR)
    article = _found(revisions.draft_of, article_id).article
    if article is None or article.status != ArticleStatus.PUBLISHED:
        raise SiteError(404, "This summary is not on the site at the moment.")
    return article


def _show_withdraw(article: Article, form: WithdrawForm, status: int = 200) -> Response:
    return htmx.render("editor/withdraw.html", status=status, article=article, form=form)
