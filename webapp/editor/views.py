"""The list of summaries; preview, history, comparison, deletion and withdrawal of one."""

from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, may
from webapp.catalog.glossary import new_explainer
from webapp.content import comparison
from webapp.content.article_content import from_json
from webapp.content.identifiers import find_date
from webapp.db.session import db
from webapp.editor import autosaves, queries
from webapp.editor.forms import WithdrawForm, category_choices
from webapp.editor.queries import Tab
from webapp.models import Article, AuditKind, Draft, Role
from webapp.models.values import ArticleStatus
from webapp.parsing import int_from
from webapp.publishing import audit, deletion, publication, revisions, scheduling, sign_offs
from webapp.publishing.revisions import Kind, SavedMeanwhile
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.pagination import asked_page, existing

_NOT_DELETED = (
    "A summary that was published can be withdrawn, but not deleted. "
    "Only an editor can delete a colleague’s draft, or one that is scheduled."
)

bp = Blueprint("editor", __name__)
editor_access.protect(bp)


@bp.get("/editor/")
def summaries() -> Response:
    """List all texts, newest change first."""
    tab = request.args.get("tab", Tab.ALL.value)
    if tab not in list(Tab):
        raise SiteError(404)
    page = existing(queries.summaries(Tab(tab), asked_page()))
    deleted = db.session.get(Draft, int_from(request.args.get("deleted")) or 0)
    return htmx.render(
        "editor/summaries.html",
        page=page,
        tab=Tab(tab),
        counts=queries.tab_counts(),
        categories=category_choices(),
        may_publish=may(Role.EDITOR),
        waiting=scheduling.waiting_for([row.draft_id for row in page.rows]),
        unsaved=autosaves.new_texts(current_editor().id),
        deleted=deleted if deleted and deleted.deleted_at else None,
        undo_until=deletion.undo_until,
        local=local_time,
    )


@bp.get("/editor/articles/<int:article_id>")
def edit_article(article_id: int) -> Response:
    """Redirect from an article to its form."""
    return htmx.redirect(url_for("authoring.edit", draft_id=revisions.draft_of(article_id).id))


@bp.get("/editor/summaries/<int:draft_id>/preview")
def preview(draft_id: int) -> Response:
    """Show the page as readers would see it."""
    draft = revisions.get_draft(draft_id)
    content = from_json(draft.content)
    published_on = find_date(content.paper.published_on)  # of a draft it may be anything
    paper = msgspec.structs.replace(content.paper, published_on=published_on)
    article = publication.transient_article(msgspec.structs.replace(content, paper=paper), datetime.now(UTC))
    article.sign_offs = sign_offs.of_text(draft.id, draft.content, draft.revision_number)
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
    """List all revisions of a draft, newest first."""
    return _show_history(revisions.get_draft(draft_id))


@bp.get("/editor/summaries/<int:draft_id>/compare")
def compare(draft_id: int) -> Response:
    """Compare two revisions word by word, by default the last two."""
    draft = revisions.get_draft(draft_id)
    history = revisions.history(draft)
    newest_two = [revision.number for revision, _ in history[:2]]
    old = int_from(request.args.get("old", str(newest_two[-1])))
    new = int_from(request.args.get("new", str(newest_two[0])))
    if old is None or new is None:
        raise SiteError(HTTPStatus.NOT_FOUND)
    before, after = revisions.get_revision(draft, old), revisions.get_revision(draft, new)
    return htmx.render(
        "editor/compare.html",
        draft=draft,
        history=history,
        old=before,
        new=after,
        differences=comparison.differences(from_json(before.content), from_json(after.content)),
        local=local_time,
    )


@bp.post("/editor/summaries/<int:draft_id>/restore")
def restore(draft_id: int) -> Response:
    """Make an earlier revision the newest one."""
    number, base = int_from(request.form.get("number")), int_from(request.form.get("revision"))
    if number is None or base is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_draft(draft_id)
        content = from_json(revisions.get_revision(draft, number).content)
        revisions.save(draft, content, base, current_editor().id, now, kind=Kind.RESTORED)
        if draft.revision_number != base:
            audit.record(AuditKind.RESTORED, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for("authoring.edit", draft_id=draft_id, done="restored"))


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """List the revisions again: nothing was restored, since somebody saved while the list was open."""
    draft = revisions.get_draft((request.view_args or {})["draft_id"])
    return _show_history(draft, HTTPStatus.CONFLICT, is_behind=True)


@bp.post("/editor/summaries/<int:draft_id>/delete")
def delete(draft_id: int) -> Response:
    """Delete a draft that was never published."""
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_draft(draft_id)
        if not deletion.may_delete(current_editor(), draft):
            raise SiteError(HTTPStatus.FORBIDDEN, _NOT_DELETED)
        if draft.deleted_at is None:
            deletion.delete(draft, now)
            audit.record(AuditKind.DRAFT_DELETED, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for(".summaries", deleted=draft_id))


@bp.post("/editor/summaries/<int:draft_id>/undelete")
def undelete(draft_id: int) -> Response:
    """Bring a deleted draft back."""
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_draft(draft_id)
        if draft.deleted_at is not None:
            draft.deleted_at = None
            audit.record(AuditKind.DRAFT_RESTORED, now, current_editor().id, detail=draft.title)
    return htmx.redirect(url_for("authoring.edit", draft_id=draft_id, done="undeleted"))


@bp.get("/editor/articles/<int:article_id>/withdraw")
def withdraw(article_id: int) -> Response:
    """Ask for confirmation before a summary is taken off the site."""
    editor_access.require(Role.EDITOR)
    return _show_withdraw(_published(article_id), WithdrawForm(formdata=editor_access.recovered_fields()))


@bp.post("/editor/articles/<int:article_id>/withdraw")
def do_withdraw(article_id: int) -> Response:
    """Take a summary off the site; its page stays with a note."""
    editor_access.require(Role.EDITOR)
    form = WithdrawForm()
    if not form.validate():
        return _show_withdraw(_published(article_id), form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.EDITOR) as now:
        article = _published(article_id)
        publication.withdraw(article, form.note.data.strip(), now)
        revisions.end_schedule(revisions.draft_of(article_id), now, "The summary was withdrawn.")
        audit.record(AuditKind.WITHDRAWN, now, current_editor().id, detail=article.title)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".summaries", tab=Tab.WITHDRAWN.value))


def _published(article_id: int) -> Article:
    """The article, which must be on the site; raises SiteError 404."""
    article = revisions.draft_of(article_id).article
    if article is None or article.status != ArticleStatus.PUBLISHED:
        raise SiteError(HTTPStatus.NOT_FOUND, "This summary is not on the site at the moment.")
    return article


def _show_withdraw(article: Article, form: WithdrawForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render("editor/withdraw.html", status=status, article=article, form=form)


def _show_history(draft: Draft, status: int = HTTPStatus.OK, *, is_behind: bool = False) -> Response:
    return htmx.render(
        "editor/history.html",
        status=status,
        draft=draft,
        history=revisions.history(draft),
        schedules=scheduling.history(draft),
        local=local_time,
        is_behind=is_behind,
    )
