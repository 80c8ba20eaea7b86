"""The paper of a draft with its facts: add its text, and confirm, change or mark each fact as not stated."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, session, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice

from webapp.accounts import editor_access
from webapp.accounts.editor_access import PRESS_AGAIN, current_editor
from webapp.content.article_content import NOT_STATED, from_json
from webapp.db.session import db
from webapp.models import Draft, Editor, Fact, PaperSection, Role, StoredText
from webapp.models.values import ReadFrom
from webapp.papers import stored_texts
from webapp.papers.facts import decisions
from webapp.papers.facts.decisions import Undecidable
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggesting import suggestions
from webapp.papers.facts.suggestion import Field, Suggestion
from webapp.papers.records import Unreadable
from webapp.parsing import member_from
from webapp.publishing import revisions
from webapp.publishing.revisions import Undecided
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import read_large_form

GROUPS = {
    "Who was studied": (
        Field.SUBJECT,
        Field.SPECIES,
        Field.SAMPLE_SIZE,
        Field.SEX,
        Field.AGE,
        Field.TIME_SINCE_INJURY,
        Field.INJURY_COMPLETENESS,
        Field.INJURY_LEVEL,
        Field.WALKING,
        Field.COUNTRY,
    ),
    "What was done": (Field.STUDY_KIND, Field.STUDY_DURATION, Field.INTERVENTION, Field.COMPARISON),
    "What came out": (Field.COUNTS, Field.HARMS),
    "About the paper": (
        Field.FUNDING,
        Field.CONFLICTS_OF_INTEREST,
        Field.TRIAL_NUMBER,
        Field.IS_FREE_TO_READ,
        Field.LICENSE,
    ),
}
_STATEMENTS = {field.value: field.label for field in Field} | {"keywords": "Keywords"}

bp = Blueprint("fact_sheet", __name__, url_prefix="/editor/summaries/<int:draft_id>/paper")


@dataclass(frozen=True)
class FactRow:
    """A fact with what was decided or else what is suggested; ``place`` is the id of the decided fact's sentence, if it still stands."""

    number: int
    field: Field
    offers: Sequence[Suggestion]
    fact: Fact | None
    editor: Editor | None
    place: str
    in_summary: str  # what the draft says


@dataclass(frozen=True)
class MarkedRun:
    """A run of the text; if facts stand in it, their numbers, and its id. A solid one is confirmed."""

    text: str
    id: str = ""
    numbers: tuple[int, ...] = ()
    is_confirmed: bool = False


@dataclass(frozen=True)
class FactSheet:
    """Everything that the page shows: rows by group, and for each section its paragraphs."""

    groups: dict[str, list[FactRow]]
    manuscript: list[tuple[PaperSection, list[list[MarkedRun]]]]
    texts: Sequence[StoredText]
    doubts: list[str]
    read_from: ReadFrom | None  # what the stored texts allow to say was read, if the draft does not say so

    @property
    def rows(self) -> list[FactRow]:
        return [row for rows in self.groups.values() for row in rows]

    @property
    def settled_count(self) -> int:
        return sum(row.fact is not None for row in self.rows)

    @property
    def next_open(self) -> FactRow | None:
        return next((row for row in self.rows if row.fact is None), None)


class TextForm(FlaskForm):
    """A text of the paper, from a file or pasted."""

    file = FileField("File")
    text = TextAreaField("Or paste the text here")
    kind = SelectField(
        "How much of the paper is it?",
        choices=[
            SelectChoice("", "Not chosen yet"),
            *(SelectChoice(kind.value, kind.label.capitalize()) for kind in ReadFrom),
        ],
    )


@bp.before_request
def take_large_texts() -> None:
    """Allow larger texts to signed-in editors."""
    if request.endpoint == "fact_sheet.add_text" and "sign_in" in session:
        sentence = "This file is larger than 8 MB. Copy the text that you need, and paste it instead."
        read_large_form(stored_texts.MOST_BYTES, sentence)


editor_access.protect(bp, form="fact_sheet.show")


@bp.get("")
def show(draft_id: int) -> Response:
    """The paper on the left, its facts on the right."""
    fields = editor_access.recovered_fields()
    form, draft = TextForm(formdata=fields), revisions.get_summary_draft(draft_id)
    if fields and fields.get("fact") in list(Field):
        return _show(
            draft, form, decided=Field(fields["fact"]), problem=PRESS_AGAIN, typed=fields.get("value")
        )
    return _show(draft, form)


@bp.post("/text")
def add_text(draft_id: int) -> Response:
    """Store a text of the paper."""
    form, draft = TextForm(), revisions.get_summary_draft(draft_id)
    source, name = form.text.data or "", "Pasted"
    if form.file.data:
        with form.file.data.stream as stream:
            source, name = stream.read(), form.file.data.filename or "A file"
    sections, kind = stored_texts.read(source, from_json(draft.content).paper)
    kind = kind or member_from(ReadFrom, form.kind.data)
    if kind is None:
        form.kind.errors = ["Choose how much of the paper this is."]
        return _show(draft, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.WRITER) as now:
        draft, editor_id = revisions.get_summary_draft(draft_id), current_editor().id
        stored_texts.store(draft, sections, kind, source=name, editor_id=editor_id, now=now)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".show", draft_id=draft_id, _anchor="the-paper"))


@bp.errorhandler(Unreadable)
def show_unreadable(refusal: Unreadable) -> Response:
    """Say at its field why a text is not stored; what was pasted stays there."""
    form = TextForm()
    field = form.file if form.file.data else form.text
    field.errors = [str(refusal)]
    return _show(_draft(), form, HTTPStatus.UNPROCESSABLE_ENTITY)


@bp.post("/text/<int:text_id>/erase")
def erase_text(draft_id: int, text_id: int) -> Response:
    """Erase a stored text for good; facts that were confirmed in it stay, each with its sentence."""
    with editor_access.writing_as(Role.WRITER):
        stored_texts.erase(revisions.get_summary_draft(draft_id), text_id)
    return htmx.redirect(url_for(".show", draft_id=draft_id, _anchor="the-paper"))


# ------------------------------------------------------------------ decisions


@bp.post("/read-from")
def set_read_from(draft_id: int) -> Response:
    """Put into the draft how much of the paper was read."""
    kind = member_from(ReadFrom, request.form.get("read_from"))
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_summary_draft(draft_id)
        decisions.set_read_from(draft, kind, editor_id=current_editor().id, now=now)
    return htmx.redirect(url_for(".show", draft_id=draft_id, _anchor="the-paper"))


@bp.post("/facts/<name>/confirm")
def confirm(draft_id: int, name: str) -> Response:
    """Confirm a suggested value, or several of a list."""
    seen = _seen(name)
    if len(seen) < len(request.form.getlist("offer")):
        raise Undecidable("The text has changed. Please look at the suggestions again.")
    return _decide(draft_id, name, decisions.joined(seen), seen)


@bp.post("/facts/<name>/change")
def change(draft_id: int, name: str) -> Response:
    """Write down what the paper says about a fact, in an editor's words."""
    return _decide(draft_id, name, request.form.get("value", "").strip(), _seen(name))


@bp.post("/facts/<name>/not-stated")
def not_stated(draft_id: int, name: str) -> Response:
    """Write down that what was read does not state a fact."""
    return _decide(draft_id, name, NOT_STATED, [])


def _decide(draft_id: int, name: str, value: str, seen: list[Suggestion]) -> Response:
    """Store a decision with the suggestions that were chosen, and show the fact again."""
    field = _field(name)
    with editor_access.writing_as(Role.WRITER) as now:
        draft = revisions.get_summary_draft(draft_id)
        decisions.decide(draft, field, value, seen, editor_id=current_editor().id, now=now)
        editor_access.discard_recovered_fields()
    if htmx.wants_fragment():
        return _show(draft, TextForm(formdata=None), decided=field)
    return htmx.redirect(url_for(".show", draft_id=draft_id, _anchor=f"fact-{field}"))


@bp.errorhandler(Undecidable)
@bp.errorhandler(Undecided)
def show_undecided(refusal: Undecidable | Undecided) -> Response:
    """Say at the fact why nothing was stored."""
    name = (request.view_args or {}).get("name")
    return _show(
        _draft(),
        TextForm(formdata=None),
        HTTPStatus.UNPROCESSABLE_ENTITY,
        decided=_field(name) if name else None,
        problem=str(refusal),
        typed=request.form.get("value"),
    )


# ------------------------------------------------------------------ shared by the views


def _draft() -> Draft:
    return revisions.get_summary_draft((request.view_args or {})["draft_id"])


def _field(name: str) -> Field:
    if name not in list(Field):
        raise SiteError(HTTPStatus.NOT_FOUND)
    return Field(name)


def _seen(name: str) -> list[Suggestion]:
    """The suggestions that were chosen. Reading a full text takes a while: ask before ``writing()``."""
    chosen = request.form.getlist("offer")
    return [one for one in suggestions(stored_texts.texts_of(_draft()))[_field(name)] if one.text in chosen]


def _show(
    draft: Draft,
    form: TextForm,
    status: int = HTTPStatus.OK,
    *,
    decided: Field | None = None,
    problem: str = "",
    typed: str | None = None,
) -> Response:
    """Show the sheet; for htmx, the row of the fact that was decided, and what changes with it.

    With a problem, the fact was not decided: its row is open, with what was typed.
    """
    is_part = decided is not None and htmx.wants_fragment()
    return htmx.render(
        "editor/_fact_decided.html" if is_part else "editor/fact_sheet.html",
        status=status,
        draft=draft,
        paper=from_json(draft.content).paper,
        sheet=fact_sheet(draft),
        form=form,
        decided=decided,
        problem=problem,
        typed=typed,
        choices=decisions.CHOICES,
        long_fields=decisions.LONG_FIELDS,
        in_words=decisions.in_words,
        place_of=place_of,
        statements=_STATEMENTS,
        offers_ai_draft=bool(current_app.extensions["config"].draft_llm_url),
    )


# ------------------------------------------------------------------ the sheet


def fact_sheet(draft: Draft) -> FactSheet:
    """Put the sheet of a draft together; nothing in it is stored."""
    content, paper = from_json(draft.content), stored_texts.texts_of(draft)
    found, facts, texts = suggestions(paper), decisions.decided(draft), stored_texts.stored(draft)
    marks: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    groups: dict[str, list[FactRow]] = {}
    number = 0
    for title, fields in GROUPS.items():
        groups[title] = []
        for field in fields:
            fact, offers = facts.get(field), found[field]
            if field is Field.SPECIES and not (offers or fact):  # no animals
                continue
            number += 1
            sentence = decisions.find_sentence(fact, paper) if fact else None
            place = place_of(sentence.number, sentence.start) if sentence else ""
            suggested = {place_of(offer.section, offer.start) for offer in offers}
            for one in filter(None, [place] if fact else suggested):
                marks[one].append((number, fact is not None))
            editor = db.session.get(Editor, fact.editor_id) if fact else None
            in_summary = decisions.value_in(content, field)
            groups[title].append(FactRow(number, field, offers, fact, editor, place, in_summary))
    kinds = [kind for kind in ReadFrom if kind in {text.kind for text in texts}]
    offered = kinds[0] if kinds and kinds[0] is not content.paper.read_from else None
    return FactSheet(groups, list(_manuscript(paper, marks)), texts, stored_texts.doubts(paper), offered)


def place_of(section: int, start: int) -> str:
    """Return the id of the sentence that starts there in the section with this number."""
    return f"s{section}-{start}"


def _manuscript(
    paper: PaperText, marks: dict[str, list[tuple[int, bool]]]
) -> Iterator[tuple[PaperSection, list[list[MarkedRun]]]]:
    """Cut the sections into paragraphs, and those into marked sentences and what is between them."""
    marked: dict[int, list[tuple[int, MarkedRun]]] = defaultdict(list)
    for sentence in paper.sentences:
        place = place_of(sentence.number, sentence.start)
        if place in marks:
            numbers, states = zip(*marks[place], strict=True)
            marked[sentence.number].append(
                (sentence.start, MarkedRun(sentence.text, place, numbers, all(states)))
            )
    for number, section in enumerate(paper.sections):
        paragraphs = []
        for match in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", section.text, re.DOTALL):
            pieces, at = [], match.start()
            for start, piece in marked[number]:
                if match.start() <= start < match.end():
                    pieces += [MarkedRun(section.text[at:start]), piece]
                    at = start + len(piece.text)
            pieces.append(MarkedRun(section.text[at : match.end()]))
            paragraphs.append([piece for piece in pieces if piece.text])
        if paragraphs:
            yield section, paragraphs
