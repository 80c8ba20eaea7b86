"""What the authoring form answers to each of its buttons. Whatever happens, what was typed is in the answer."""

from http import HTTPStatus

from flask import Response, current_app, request

from webapp.content import merging, plain_language
from webapp.content.article_content import PaperContent, from_json
from webapp.db.session import db
from webapp.editor import queries, rows
from webapp.editor.form_views import Notice, form_from, show
from webapp.editor.forms import SummaryForm, content_from, fill_paper, summary_form, values_of
from webapp.editor.publishing_views import publish, schedule, unschedule
from webapp.editor.saving_views import autosave, bring_back, discard, preview, save
from webapp.models import Draft
from webapp.models.values import PaperStatus
from webapp.papers import crossref, lookup
from webapp.web.errors import SiteError


def answer(draft: Draft) -> Response:
    """Do what the pressed button says."""
    sent = request.form
    if "move" in sent:
        return _move(draft, sent["move"])
    if "swap" in sent:
        return _swap(draft, sent["swap"])
    if "take" in sent:
        return _take(draft, sent["take"])
    act = _ACTIONS.get(sent.get("action", "save"))
    if act is None:
        raise SiteError(HTTPStatus.BAD_REQUEST)
    return act(draft, form_from(sent))


def _move(draft: Draft, button: str) -> Response:
    """Change the rows of a list; a button that has nothing to do any more changes nothing."""
    try:
        moved = rows.move(request.form, button)
    except rows.UnknownMove:
        return show(draft, form_from(request.form))
    return show(
        draft, form_from(moved.fields), fragment=moved.list_name, moved=moved, gone=rows.removed(moved.fields)
    )


def _swap(draft: Draft, button: str) -> Response:
    """Put plain words in the place of a hard one."""
    field, _, word = button.partition("|")
    fields = rows.Fields(request.form)
    if field in fields:
        fields[field] = plain_language.swap(fields[field], word)
    return show(
        draft,
        form_from(fields),
        notice=Notice(f"“{word}” is swapped.", "Please read the sentence once more."),
    )


def _take(draft: Draft, field: str) -> Response:
    """In a conflict: take over what the other one wrote in this field."""
    yours = content_from(form_from(request.form), from_json(draft.content))
    content = merging.with_field(yours, from_json(draft.content), field)
    form = summary_form(queries.category_choices(), None, values_of(content))
    return show(draft, form)


def _check(draft: Draft, form: SummaryForm) -> Response:
    return show(draft, form, fragment="plain_check")


def _fill(draft: Draft, form: SummaryForm) -> Response:
    """Fill the empty fields of the paper from its DOI."""
    config, paper = current_app.extensions["config"], form.paper.form
    paper.doi.data = lookup.bare_doi(paper.doi.data or "")
    db.session.rollback()  # the answer may take seconds: hold no lock meanwhile
    try:
        message = lookup.fetch(paper.doi.data, config.crossref_url, config.editors_mail)
    except lookup.LookupFailed as failure:
        text = f"{failure} We could not check for a retraction."
        return show(draft, form, notice=Notice("Nothing was filled in.", text, is_good=False))
    found = crossref.paper_from(message)
    kept = fill_paper(paper, found)
    own = f" Your own text stays in: {', '.join(kept)}." if kept else ""
    text = f"{_retraction_words(message, found)}{own}"
    return show(draft, form, notice=Notice("Filled in from Crossref.", text))


def _retraction_words(message: crossref.Message, found: PaperContent) -> str:
    if crossref.is_notice_itself(message):
        return "Careful: this DOI is itself a notice about another paper."
    if found.status in (PaperStatus.PUBLISHED, PaperStatus.PREPRINT):
        return "Crossref lists no retraction and no correction."
    return f"Careful: Crossref lists a notice. The paper is marked “{found.status.label}”."


_ACTIONS = {
    "save": save,
    "preview": preview,
    "publish": publish,
    "schedule": schedule,
    "unschedule": unschedule,
    "check": _check,
    "fill": _fill,
    "autosave": autosave,
    "bring_back": bring_back,
    "discard": discard,
}
