"""The authoring form as a page: what was saved last, or what was just sent, with everything there is to say about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.sign_ins import current_editor, local_time, may
from webapp.content import merging, plain_language
from webapp.content.article_content import ArticleContent, from_json
from webapp.content.checks import Problem
from webapp.editor import autosaves, queries, rows
from webapp.editor.forms import SummaryForm, attach, content_from, summary_form, values_of
from webapp.models import Draft, Role
from webapp.parsing import int_from
from webapp.publishing import external_changes, revisions, scheduling
from webapp.web import htmx

NEW_KEY = re.compile(r"new-[0-9a-f]{16}")


@dataclass(frozen=True)
class Notice:
    """A short message at the top of the form, with a link if there is somewhere to go; ``others`` are more links."""

    title: str
    text: str = ""
    link: str = ""
    link_text: str = ""
    is_good: bool = True
    can_discard: bool = False
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OpenWarning:
    """A warning as the form shows it: the name of its field for the reason, and the reason given so far."""

    field: str
    message: str
    reason: str

    @property
    def key(self) -> str:
        return warning_key(self.message)


def show(
    draft: Draft,
    form: SummaryForm | None = None,
    status: int = HTTPStatus.OK,
    fragment: str | None = None,
    **more: Any,
) -> Response:
    """The form; without ``form`` it shows what was saved last."""
    is_stored = form is None
    fields, notice, adopts = (request.form, None, "") if form else _unsaved(draft)
    if form is None:
        start = values_of(external_changes.opened_content(draft)) | {"revision": draft.revision_number}
        form = summary_form(queries.category_choices(), fields, start)
    problems: Sequence[Problem] = more.get("problems", ())
    attach(form, problems)
    context = {
        "form": form,
        "draft": draft,
        "draft_title": draft.title if draft.id else "New",
        "action": address_of(draft),
        "may_publish": may(Role.EDITOR),
        "notice": notice or _notice(draft),
        "problems": (),
        "status_problems": (),
        "warnings": (),
        "given": (),
        "clashes": (),
        "merge_base": None,
        "is_conflict": False,
        "other_editor": "",
        "checked": plain_language.plain_check(content_from(form, from_json(draft.content))),
        "moved": None,
        "gone": rows.removed(fields or rows.Fields()),
        "list_errors": {name: _message_for(name, problems) for name in rows.LISTS},
        "revision": form.revision.data,
        "form_key": (not draft.id and form.form_key.data) or form_keys(draft)[0],
        "tab": form.tab.data or token_hex(8),
        "adopts": form.adopts.data or adopts,
        "is_stored": is_stored,
        "status_text": status_text(draft),
        "is_fresh": False,
        "schedule": scheduling.latest(draft) if draft.id else None,
        "local": local_time,
    }
    return htmx.render(
        "editor/edit.html", fragment, status, **context | _open_conflict(draft, form, fields) | more
    )


def form_from(fields: rows.Fields) -> SummaryForm:
    """The form with what was sent."""
    return summary_form(queries.category_choices(), fields)


def conflict_context(draft: Draft, yours: ArticleContent, base_number: int) -> dict[str, Any]:
    """What the page says of a conflict: the fields to decide, and who saved meanwhile."""
    base = revisions.content_at(draft, base_number)
    return {
        "clashes": merging.clashes(base, from_json(draft.content), yours),
        "merge_base": base_number,
        "revision": draft.revision_number,
        "other_editor": revisions.last_editor_name(draft),
    }


def _open_conflict(draft: Draft, form: SummaryForm, fields: rows.Fields | None) -> dict[str, Any]:
    """A conflict that the sent form was about, or one that waits for a decision, stays on the page until it is saved."""
    base = draft.merge_base
    if fields is not None:
        is_current = fields.get("revision") == str(draft.revision_number)
        base = int_from(fields.get("merge_base")) if is_current else None
    return {} if base is None else conflict_context(draft, content_from(form, from_json(draft.content)), base)


def _unsaved(draft: Draft) -> tuple[rows.Fields | None, Notice | None, str]:
    """What was typed but not saved, and its mark: sent after the sign-in had run out, or kept while typing."""
    kept = editor_access.kept_fields()
    if kept is not None:
        text = "You were signed out when you sent it. Press “Save draft” to keep it."
        return kept, Notice("Your text is back.", text), ""
    found = autosaves.typed(current_editor().id, form_keys(draft))
    if not found:
        return None, None, ""
    shown = next((text for text in found if text.tab == request.args.get("typed")), found[0])
    others = tuple(
        (f"{request.path}?{urlencode(request.args | {'typed': text.tab})}", local_time(text.saved_at))
        for text in found
        if text is not shown
    )
    title, text = "This is what you typed and did not save.", f"We kept it on {local_time(shown.saved_at)}."
    notice = Notice(title, text, can_discard=True, is_good=False, others=others)
    return rows.Fields(shown.fields), notice, shown.mark


def form_keys(draft: Draft) -> list[str]:
    """Names the form for what is typed into it, then the names it had; a new text gets a name of its own."""
    if draft.id:
        return [f"draft-{draft.id}"]
    asked = request.args.get("key", "")
    return [asked if NEW_KEY.fullmatch(asked) else f"new-{token_hex(8)}"]


def address_of(draft: Draft) -> str:
    """Where the form is sent to."""
    return url_for("editor.save", draft_id=draft.id) if draft.id else url_for("editor.create")


def _message_for(field: str, problems: Sequence[Problem]) -> str:
    return next((problem.message for problem in problems if problem.field == field), "")


def status_text(draft: Draft) -> str:
    """What the bar at the bottom says of a text nobody has changed."""
    if not draft.id:
        return "Not saved yet."
    if not draft.has_unpublished_changes:
        return "Published. Readers see this text."
    return f"Draft saved {local_time(draft.saved_at)}"


def _notice(draft: Draft) -> Notice | None:
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
    if done == "published" and draft.article is not None:
        address = url_for("articles.article", slug=draft.article.slug)
        return Notice("Published.", "Readers see it now.", address, "See the page")
    return None


def warning_key(message: str) -> str:
    """Names the field for the reason why a warning is accepted."""
    return sha256(message.encode()).hexdigest()[:12]
