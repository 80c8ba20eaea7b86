"""The authoring form as a page, with its notices, problems, conflict and plain-language check."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from operator import attrgetter
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, may
from webapp.accounts.editors import colleagues
from webapp.catalog.word_list import word_list
from webapp.content import merging, plain_language
from webapp.content.answer_content import AnswerContent, Content, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.content.problems import Problem
from webapp.editor import autosaves, queries, rows
from webapp.editor.fields import DraftForm, attach
from webapp.editor.forms import content_from, form_for, values_of
from webapp.models import Draft, Role
from webapp.models.values import ArticleStatus, Labeled, TextKind
from webapp.publishing import (
    ai_drafts,
    answers,
    deletion,
    external_changes,
    publication,
    reviews,
    revisions,
    scheduling,
    teamwork,
    undoing,
)
from webapp.publishing.publication import NotPublishable
from webapp.web import htmx

# Names of the fields with the warnings that a page showed, and with the reason for which they are accepted.
SHOWN_WARNING, REASON = "warning-", "accept-"
# Before the field, or the number of the comment, at which something is typed to colleagues.
COMMENT = "remark-"
LISTS = {TextKind.SUMMARY: "editor.summaries", TextKind.ANSWER: "editor.answers"}
LONGEST_ABOUT = 80  # characters of a search that a new text is to be about
PAGES = {TextKind.SUMMARY: "articles.article", TextKind.ANSWER: "answers.answer"}


@dataclass(frozen=True)
class FormNotice:
    """A short message at the top of the form; ``link`` is the text’s page, ``others`` are links to more unsaved texts, each with its time."""

    title: str
    text: str = ""
    link: str = ""
    is_good: bool = True
    can_discard: bool = False
    can_undo: bool = False
    others: tuple[tuple[str, str], ...] = ()


_DONE = {  # by the button that led here
    "saved": FormNotice("Draft saved.", "Readers won’t see it until you publish."),
    "filled": FormNotice(
        "Filled in.", "Only fields that were empty or “not stated” changed. We didn’t touch the rest."
    ),
    "duplicated": FormNotice("This is a copy.", "It is a draft of its own. Give it a title of its own, too."),
    "undeleted": FormNotice("The draft is back."),
    "restored": FormNotice(
        "The earlier text is back.", "It is the newest revision now. Readers see it once you publish."
    ),
    "scheduled": FormNotice(
        "Scheduled.",
        "This text will be published at that time. Changes you save from now on won’t be part of it.",
    ),
    "undone": FormNotice(
        "The change is undone.", "Readers see the text from before. What you changed is saved as a draft."
    ),
    "too-late": FormNotice(
        "It’s too late to undo this.",
        "10 minutes are over, or the text has changed since then. Look for the earlier text in the history.",
        is_good=False,
    ),
    "unscheduled": FormNotice("The schedule is canceled.", "Your text is saved as a draft."),
}


class PartState(Labeled):
    """How far a part is. It says nothing about whether the part is right: that is what the checks are for."""

    EMPTY = "empty", "empty"
    BEGUN = "begun", "begun"
    WRITTEN = "written", "written"


@dataclass(frozen=True)
class FormPart:
    """One part of the form; ``target``: the id of its heading."""

    target: str
    name: str
    state: PartState


# Target, name, and the fields without which the text cannot be published.
_OF_SUMMARY = (
    (
        "h-paper",
        "The paper",
        ("paper.title", "paper.authors", "paper.journal", "paper.published_on", "categories"),
    ),
    ("h-flags", "Title and flags", ("plain_title", "subject", "about_sci", "study_kind", "result")),
    ("h-explanation", "Simple explanation", ("main_message", "simple_explanation")),
    ("h-findings", "Key findings", ("findings",)),
    ("h-summary", "Harms and research summary", ("harms", "research_summary")),
    ("h-limitations", "Study limitations", ("limitations",)),
    ("h-about", "Money and this summary", ("written_by",)),
)
_OF_ANSWER = (
    ("h-question", "The question", ("question", "categories")),
    ("h-verdict", "The verdict", ("verdict", "certainty", "certainty_reason")),
    ("h-found", "What we found", ("found",)),
    ("h-missing", "What is missing", ("missing",)),
    ("h-would_change", "What would change this", ("would_change",)),
    ("h-about", "Safety, and this answer", ("written_by", "next_check_on")),
)


@dataclass(frozen=True)
class TalkNotice:
    """What a press did at the comments of a field, or why it was refused; ``place`` is the field or the comment replied to.

    ``typed`` was refused, ``sent`` is the place whose text is stored now, ``undoes`` the conversation that can be opened again.
    """

    place: str
    text: str
    typed: str | None = None
    sent: str = ""
    undoes: int | None = None


@dataclass(frozen=True)
class SaveStatus:
    """Whether the text is saved, and why not, for the bar at the bottom. ``revision`` is the one it was written on."""

    revision: int
    text: str = ""
    is_saved: bool = True
    is_announced: bool = False
    problems: Sequence[Problem] = ()
    other_editor: str = ""  # who saved a newer text in the meantime
    same_paper: Draft | None = None  # another text about this paper


def open_form(draft: Draft, refusal: NotPublishable | None = None) -> Response:
    """Open the form with the unsaved text, if there is one, else with the newest revision, which may have been refused."""
    key = autosaves.form_key(draft, request.args.get("key", ""))
    fields, notice, adopts = _unsaved(key)
    values: dict[str, Any] = {"tab": token_hex(8), "adopts": adopts, "form_key": key}
    if fields is None:
        values |= values_of(external_changes.opened_content(draft))
        values |= {"merge_base": draft.merge_base, "revision": draft.revision_number}
        if not draft.id and (about := request.args.get("about", "")[:LONGEST_ABOUT]):
            values["plain_title"] = about
    form = form_for(draft.kind, fields, values)
    done = request.args.get("done", "")
    if refusal is not None:
        notice = FormNotice("Not published yet.", "Your text is saved as a draft.", is_good=False)
        return show_form(
            draft, form, HTTPStatus.UNPROCESSABLE_ENTITY, notice=notice, fields=fields, refusal=refusal
        )
    return show_form(draft, form, notice=notice or _published(draft, done) or _DONE.get(done), fields=fields)


def _published(draft: Draft, done: str) -> FormNotice | None:
    """Say that the text was just published, and until when that can be undone; also to whoever opens the form meanwhile."""
    until = undoing.undo_until(draft, datetime.now(UTC))
    if draft.live is None or done not in ("published", "") or not (done or until):
        return None
    text = "Readers see it now."
    if until and may(Role.EDITOR):
        text += f" You can undo this until {local_time(until)}. No mail goes out before then."
    address = url_for(PAGES[draft.kind], slug=draft.live.slug)
    return FormNotice("Published.", text, address, can_undo=until is not None and may(Role.EDITOR))


def show_form(
    draft: Draft,
    form: DraftForm,
    status: int = HTTPStatus.OK,
    fragment: str | None = None,
    *,
    notice: FormNotice | None = None,
    problems: Sequence[Problem] = (),
    refusal: NotPublishable | None = None,
    moved: rows.Moved | None = None,
    confirmed: str = "",
    fields: rows.Fields | None = None,
    talk_notice: TalkNotice | None = None,
) -> Response:
    """Show the form as it was filled in, with the reasons why it was not accepted.

    Warnings are listed once for each message and reason, those without a reason first. ``fields`` is what it was filled from if that was not sent in this request; ``moved`` is the row that a button moved,
    ``confirmed`` the part that one confirmed.
    """
    saved = content_from_json(draft.content)
    content = content_from(form, saved)
    problems = refusal.problems if refusal else problems
    warnings: dict[tuple[str, str], list[Problem]] = {}
    if refusal:
        for warning in refusal.warnings:
            warnings.setdefault((warning.message, refusal.accepted[warning.key]), []).append(warning)
    attach(form, problems)
    if draft.id:
        form.form_key.data = autosaves.form_key(draft)
    today = datetime.now(UTC).date()
    base = form.merge_base.data if form.revision.data == draft.revision_number else None
    before = None if base is None else revisions.content_at(draft, base)
    return htmx.render(
        "editor/edit.html",
        fragment,
        status,
        draft=draft,
        draft_id=draft.id or 0,
        form=form,
        is_stored=request.method == "GET"
        or refusal is not None,  # a text that was refused is saved as a draft
        may_publish=may(Role.EDITOR),
        notice=notice,
        problems=problems,
        list_errors={
            name: next((row.message for row in problems if row.field == name), "") for name in rows.LISTS
        },
        warnings=sorted(warnings.items(), key=lambda group: bool(group[0][1])),
        open_warnings=sum(not reason for _, reason in warnings),
        shown_before=[
            pair for pair in request.form.items(multi=True) if pair[0].startswith((SHOWN_WARNING, REASON))
        ],
        is_conflict=before is not None,
        clashes=merging.clashes(before, saved, content) if before is not None else (),
        other_editor=revisions.last_editor_name(draft) if before is not None else "",
        checked=_checked(draft, content),
        parts=form_parts(content),
        page_endpoint=PAGES[draft.kind],
        moved=moved,
        gone=rows.removed(moved.fields if moved else request.form if fields is None else fields),
        save_status=SaveStatus(
            form.revision.data,
            status_text(draft),
            bool(draft.id),
            problems=() if refusal else problems,
            same_paper=revisions.find_same_paper(draft, content),
        ),
        others_typing=autosaves.others_typing(current_editor().id, f"draft-{draft.id}", datetime.now(UTC)),
        comments=reviews.comments(draft) if draft.id else {},
        **_talk_context(draft, talk_notice),
        assignment=teamwork.assignments([draft.id]).get(draft.id) if draft.id else None,
        colleagues=colleagues(),
        ai_parts=ai_drafts.parts(draft, content) if isinstance(content, ArticleContent) and draft.id else (),
        confirmed=confirmed,
        offers_ai_draft=bool(current_app.extensions["config"].draft_llm_url),
        can_delete=bool(draft.id) and deletion.may_delete(current_editor(), draft),
        undo_until=deletion.undo_until,
        schedule=scheduling.waiting_for([draft.id]).get(draft.id) if draft.id else None,
        weeks=queries.views_by_week(draft.id, today) if draft.live and not fragment else (),
        recent_days=queries.RECENT.days,
        recent_views=queries.recent_views([draft.id], today).get(draft.id, 0)
        if draft.live and not fragment
        else 0,
        local=local_time,
    )


def form_parts(content: Content) -> list[FormPart]:
    """Say of each part that a text needs how far it is."""
    parts = []
    for target, name, fields in _OF_ANSWER if isinstance(content, AnswerContent) else _OF_SUMMARY:
        filled = [bool(attrgetter(field)(content)) for field in fields]
        state = PartState.BEGUN if any(filled) else PartState.EMPTY
        parts.append(FormPart(target, name, PartState.WRITTEN if all(filled) else state))
    return parts


def show_talk(draft: Draft, form: DraftForm, notice: TalkNotice, status: int = HTTPStatus.OK) -> Response:
    """Show the comments at a field again, for htmx alone, with what the last press did to them."""
    if not htmx.wants_fragment():
        return show_form(draft, form, status, talk_notice=notice)
    part = notice.place
    if part not in teamwork.COMMENTED_FIELDS[draft.kind]:
        begun = teamwork.find_comment(draft, part)
        if begun is None:
            raise revisions.DraftNotFound
        part = begun.field
    context = _talk_context(draft, notice)
    return htmx.render(
        "editor/_talk.html",
        status=status,
        draft=draft,
        draft_id=draft.id,
        part=part,
        local=local_time,
        **context,
    )


def typed_comments() -> dict[str, str]:
    """What the form that was sent, now or before its session ended, has in its fields for comments, by place."""
    fields = request.form if request.method == "POST" else editor_access.recovered_fields()
    return {
        name.removeprefix(COMMENT): text
        for name, text in (fields or {}).items()
        if name.startswith(COMMENT) and text.strip()
    }


def _talk_context(draft: Draft, notice: TalkNotice | None) -> dict[str, Any]:
    typed = typed_comments() if draft.id else {}
    if notice is not None:
        typed.pop(notice.sent, None)
    me = current_editor().id
    typed = {place: text for place, text in typed.items() if not teamwork.is_written(draft, place, text, me)}
    return {
        "talks": teamwork.talks(draft) if draft.id else {},
        "commented_fields": teamwork.COMMENTED_FIELDS[draft.kind],
        "typed_comments": typed,
        "talk_notice": notice,
        "longest_comment": teamwork.LONGEST_COMMENT,
    }


def status_text(draft: Draft) -> str:
    """Describe the state of a text without unsaved changes."""
    if not draft.id:
        return "Not saved yet."
    if draft.live and draft.live.status is ArticleStatus.WITHDRAWN:
        return "Withdrawn. Readers see only your note, until you publish it again."
    if not draft.has_unpublished_changes:
        return "Published. Readers see this text."
    return f"Draft saved {local_time(draft.saved_at)}"


def _checked(draft: Draft, content: Content) -> plain_language.PlainCheck:
    """Check the words and numbers of what the form has."""
    if isinstance(content, AnswerContent):
        return plain_language.plain_check_of_answer(
            content, answers.cited_articles(content), word_list().hard_words
        )
    return plain_language.plain_check(content, publication.stored_sections(draft), word_list().hard_words)


def _unsaved(form_key: str) -> tuple[rows.Fields | None, FormNotice | None, str]:
    """Find unsaved text and its mark: sent after the session had ended, or stored while typing."""
    fields = editor_access.recovered_fields()
    if fields is not None:
        text = "You were signed out when you sent it. Click “Save draft” to keep it."
        return fields, FormNotice("Your text is back.", text), ""
    typed = autosaves.typed(current_editor().id, form_key)
    if not typed:
        return None, None, ""
    shown = next((text for text in typed if text.tab == request.args.get("typed")), typed[0])
    others = tuple(
        (f"{request.path}?{urlencode(request.args | {'typed': text.tab})}", local_time(text.saved_at))
        for text in typed
        if text is not shown
    )
    title, text = "This is what you typed but didn’t save.", f"It was saved on {local_time(shown.saved_at)}."
    notice = FormNotice(title, text, can_discard=True, is_good=False, others=others)
    return rows.Fields((name, value) for name, value in shown.fields), notice, shown.mark
