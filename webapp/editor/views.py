"""The lists of summaries and of answers; preview, history, comparison, deletion and withdrawal of one."""

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may, time_zone
from webapp.answers.evidence import Evidence
from webapp.catalog.answers import cited
from webapp.catalog.glossary import new_explainer
from webapp.catalog.history import corrections_of
from webapp.content import comparison
from webapp.content.answer_content import AnswerContent, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.identifiers import find_date
from webapp.db.session import db
from webapp.editor import autosaves, queries
from webapp.editor.authoring_page import LISTS
from webapp.editor.fields import category_choices
from webapp.editor.forms import WithdrawForm
from webapp.editor.queries import Filters, TextSort, TextTab
from webapp.exports.library_files import csv_text
from webapp.models import AuditKind, Draft, Role
from webapp.models.values import ArticleStatus, TextKind
from webapp.parsing import int_from, member_from
from webapp.publishing import (
    ai_drafts,
    audit,
    deletion,
    publication,
    revisions,
    scheduling,
    sign_offs,
    teamwork,
)
from webapp.publishing.answers import transient_answer
from webapp.publishing.revisions import Kind, SavedMeanwhile
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import text_file
from webapp.web.pagination import asked_page, existing

LONGEST_SEARCH = 200  # characters
_NOT_DELETED = (
    "A summary that was published can be withdrawn, but not deleted. "
    "Only an editor can delete a colleague’s draft, or one that is scheduled."
)

bp = Blueprint("editor", __name__)
editor_access.protect(bp)


@bp.get("/editor/summaries")
def summaries() -> Response:
    """List summaries in one state, by what was searched for and chosen."""
    tab, filters, sort = _asked_list()
    page = existing(queries.summaries(tab, asked_page(), filters, sort, datetime.now(UTC).date()))
    return htmx.render(
        "editor/summaries.html",
        page=page,
        recent_days=queries.RECENT.days,
        tab=tab,
        counts=queries.tab_counts(filters),
        filters=filters,
        sort=sort,
        sorts=list(TextSort),
        people=queries.people_who_saved(),
        assignees=[row for row in queries.people_with_drafts() if row[0] != current_editor().id],
        categories=category_choices(),
        may_publish=may(Role.EDITOR),
        waiting=scheduling.waiting_for([row.draft_id for row in page.rows]),
        unsaved=autosaves.new_texts(current_editor().id, TextKind.SUMMARY),
        deleted=_just_deleted(),
        undo_until=deletion.undo_until,
    )


@bp.get("/editor/summaries.csv")
def summaries_file() -> Response:
    """Give the whole list as a file for spreadsheets."""
    rows = queries.every_summary(*_asked_list(), datetime.now(UTC).date())
    heads = "Title", "State", "Categories", "Assigned to", "Saved by", "Changed", "Grade"
    counts = "Helpful: yes", "Helpful: no", f"Views in {queries.RECENT.days} days"
    lines: list[tuple[object, ...]] = [(*heads, *counts)]
    for row in rows:
        whose, on = (row.assigned_to, row.saved_by), row.updated_at.astimezone(ZoneInfo(time_zone())).date()
        text = row.title, row.state.label, ", ".join(row.categories), *whose, on
        lines.append((*text, row.reading_grade, row.helpful, row.not_helpful, row.views))
    # without the byte-order mark, Excel guesses the encoding
    return text_file(f"\ufeff{csv_text(lines)}", "text/csv", "summaries.csv")


@bp.get("/editor/answers")
def answers() -> Response:
    """List all answers by question, or those that the editor who asks has."""
    is_mine = request.args.get("mine") == "yes"
    drafts = queries.answers(current_editor().id if is_mine else None)
    return htmx.render(
        "editor/answers.html",
        drafts=drafts,
        recent_days=queries.RECENT.days,
        is_mine=is_mine,
        assigned=teamwork.assignments([draft.id for draft in drafts]),
        state_of=queries.state_of,
        waiting=scheduling.waiting_for([draft.id for draft in drafts]),
        unsaved=autosaves.new_texts(current_editor().id, TextKind.ANSWER),
        views=queries.recent_views([draft.id for draft in drafts], datetime.now(UTC).date()),
        deleted=_just_deleted(),
        undo_until=deletion.undo_until,
    )


@bp.get("/editor/articles/<int:article_id>")
@bp.get("/editor/answers/<int:answer_id>")
def edit_published(**key: int) -> Response:
    """Redirect from a published text to its form."""
    return htmx.redirect(url_for("authoring.edit", draft_id=revisions.draft_of(**key).id))


@bp.get("/editor/summaries/<int:draft_id>/preview")
def preview(draft_id: int) -> Response:
    """Show the page as readers would see it."""
    draft, now = revisions.get_draft(draft_id), datetime.now(UTC)
    content = content_from_json(draft.content)
    signed = sign_offs.of_text(draft.id, draft.content, draft.revision_number)
    if isinstance(content, AnswerContent):
        answer = transient_answer(content, now)
        answer.sign_offs = signed
        return htmx.render(
            "editor/preview_answer.html",
            answer=answer,
            evidence=Evidence(answer, cited(answer)),
            corrections=corrections_of(draft.answer) if draft.answer else (),
            explainer=new_explainer(),
            draft=draft,
        )
    published_on = find_date(content.paper.published_on)  # of a draft it may be anything
    paper = msgspec.structs.replace(content.paper, published_on=published_on)
    article = publication.transient_article(msgspec.structs.replace(content, paper=paper), now)
    article.sign_offs = signed
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
        differences=comparison.differences(
            content_from_json(before.content), content_from_json(after.content)
        ),
    )


@bp.post("/editor/summaries/<int:draft_id>/restore")
def restore(draft_id: int) -> Response:
    """Make an earlier revision the newest one."""
    number, base = int_from(request.form.get("number")), int_from(request.form.get("revision"))
    if number is None or base is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_draft(draft_id)
        content = content_from_json(revisions.get_revision(draft, number).content)
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
    return htmx.redirect(url_for(LISTS[draft.kind], deleted=draft_id))


@bp.post("/editor/summaries/<int:draft_id>/duplicate")
def duplicate(draft_id: int) -> Response:
    """Make a draft that says the same as the newest revision of another text, under no address yet."""
    with editor_access.writing_as(Role.WRITER) as now:
        original = revisions.get_draft(draft_id)
        content = content_from_json(original.content)
        content = msgspec.structs.replace(content, slug="", published_on=None)
        if isinstance(content, ArticleContent):
            content = msgspec.structs.replace(content, corrections=[])
        copy = revisions.new_draft(kind=original.kind)
        revisions.save(copy, content, 0, current_editor().id, now)
        ai_drafts.copy(original, copy)
    return htmx.redirect(url_for("authoring.edit", draft_id=copy.id, done="duplicated"))


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
@bp.get("/editor/answers/<int:answer_id>/withdraw")
def withdraw(**key: int) -> Response:
    """Ask for confirmation before a text is taken off the site."""
    editor_access.require(Role.EDITOR)
    return _show_withdraw(_published(key), WithdrawForm(formdata=editor_access.recovered_fields()))


@bp.post("/editor/articles/<int:article_id>/withdraw")
@bp.post("/editor/answers/<int:answer_id>/withdraw")
def do_withdraw(**key: int) -> Response:
    """Take a text off the site; its page stays with a note."""
    editor_access.require(Role.EDITOR)
    form = WithdrawForm()
    if not form.validate():
        return _show_withdraw(_published(key), form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.EDITOR) as now:
        draft = _published(key)
        assert draft.live is not None
        publication.withdraw(draft.live, form.note.data.strip(), now)
        revisions.end_schedule(draft, now, f"The {draft.kind} was withdrawn.")
        audit.record(AuditKind.WITHDRAWN, now, current_editor().id, detail=draft.live.title)
        editor_access.discard_recovered_fields()
    tab = TextTab.WITHDRAWN.value if draft.kind is TextKind.SUMMARY else None
    return htmx.redirect(url_for(LISTS[draft.kind], tab=tab))


def _asked_list() -> tuple[TextTab, Filters, TextSort]:
    """The tab, the filters and the order in the address. Raises SiteError 404 for another tab."""
    args = request.args
    tab = member_from(TextTab, args.get("tab", TextTab.ALL.value))
    if tab is None:
        raise SiteError(404)
    filters = Filters(
        words=args.get("q", "")[:LONGEST_SEARCH].strip(),
        category=args.get("category", ""),
        saved_by=int_from(args.get("by")),
        assigned_to=int_from(args.get("for")),
        is_unchecked=args.get("unchecked") == "yes",
    )
    return tab, filters, member_from(TextSort, args.get("sort")) or TextSort.CHANGED


def _published(key: dict[str, int]) -> Draft:
    """The draft of the text with this key, which must be on the site; raises SiteError 404."""
    draft = revisions.draft_of(**key)
    if draft.live is None or draft.live.status != ArticleStatus.PUBLISHED:
        raise SiteError(HTTPStatus.NOT_FOUND, f"This {draft.kind} isn’t on the site at the moment.")
    return draft


def _just_deleted() -> Draft | None:
    """The draft that the last press deleted, for the notice with the button to undo it."""
    draft = db.session.get(Draft, int_from(request.args.get("deleted")) or 0)
    return draft if draft and draft.deleted_at else None


def _show_withdraw(draft: Draft, form: WithdrawForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render("editor/withdraw.html", status=status, draft=draft, form=form)


def _show_history(draft: Draft, status: int = HTTPStatus.OK, *, is_behind: bool = False) -> Response:
    return htmx.render(
        "editor/history.html",
        status=status,
        draft=draft,
        history=revisions.history(draft),
        schedules=scheduling.history(draft),
        ai_drafts=[one for one in ai_drafts.drafts_of(draft) if one.written],
        is_behind=is_behind,
    )
