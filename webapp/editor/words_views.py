"""The words of the site: what each means, how to say it plainly, and what search takes it for."""

from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, request, url_for
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may
from webapp.catalog.glossary import articles_with
from webapp.catalog.word_list import WordEntry
from webapp.editor.fields import changed_fields, lines_in, long, short
from webapp.editor.saved_forms import SavedForm, sent_file, show_changes
from webapp.models import GlossaryTerm, Role
from webapp.models.in_words import plural
from webapp.parsing import clean_text, in_one_line, int_from
from webapp.publishing import words
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.publishing.words import LISTS, TEXT_MOST, WORD_MOST, WordChanges
from webapp.search import misses
from webapp.search.synonyms import table
from webapp.search.words import folded_words
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import text_file
from webapp.web.pagination import Page, asked_page, existing

PAGE_SIZE = 50
MISSED_COUNT = 8
SHOW = {
    "": "All words",
    "unexplained": "Not explained yet",
    "no-plain": "Without plain words",
    "unknown": "Not known to search",
}
KINDS = (
    SelectChoice("hints", "Only shown: the plain words fit some sentences"),
    SelectChoice("nouns", "Swap button, for a noun: the same number as the word"),
    SelectChoice("verbs", "Swap button, for a verb in its base form"),
    SelectChoice("past", "Swap button, for a verb in the past: also as participle"),
    SelectChoice("anywhere", "Swap button, anywhere"),
)

bp = Blueprint("words", __name__, url_prefix="/editor")
editor_access.protect(bp)


class WordForm(SavedForm):
    """All that the site knows of a word. Lists have a line for each form."""

    word = StringField(
        "Word",
        [
            DataRequired("Enter the word."),
            Length(max=WORD_MOST, message=f"Keep this to {WORD_MOST} characters."),
        ],
    )
    meaning = long(
        "What it means", Length(max=TEXT_MOST, message=f"Keep this to {TEXT_MOST} characters."), rows=4
    )
    forms = long("Also explained when it is written as", rows=3)
    plain = short("Say instead", WORD_MOST)
    kind = SelectField("Where that fits", choices=KINDS, default="hints")
    lay = long("Everyday words that lead to it", rows=4)
    medical = long("Medical words that are looked for, too", rows=4)
    acronyms = long("Short forms", rows=2)
    misspelled = long("Wrong spellings", rows=2)
    alone = long("Words that lead to it only if nothing else is asked", rows=2)

    def written(self) -> WordEntry:
        """What a valid form says."""
        said: dict[str, Any] = {name: in_one_line(self[name].data) for name in ("word", "meaning", "plain")}
        for name in LISTS:
            said[name] = tuple(dict.fromkeys(lines_in(clean_text(self[name].data or ""))))
        return WordEntry(kind=self.kind.data, **said)


@bp.get("/words")
def overview() -> Response:
    """List the words, and what readers searched for and did not find."""
    return _show_list()


@bp.get("/new-word")
def new() -> Response:
    """Open an empty form, or one with a word that readers searched for."""
    editor_access.require(Role.EDITOR)
    asked = request.args.get("word", "").strip()[:WORD_MOST]
    return _show_form("", _form_of(WordEntry(word=asked), 0))


@bp.post("/new-word")
def add() -> Response:
    """Add a word, or only show it as readers would see it."""
    return _save("")


@bp.get("/words/<slug>")
def edit(slug: str) -> Response:
    """Open a word in the form, as it is or as it was, with its history; ``also`` adds an everyday word."""
    earlier, number = int_from(request.args.get("from")), newest_number(words.history(slug))
    shown = words.text_at(slug, earlier) if earlier is not None else words.entries().get(slug)
    if shown is None and not number:
        raise SiteError(404)
    shown = shown or WordEntry(word="")  # deleted, with a history to go back to
    if also := request.args.get("also", "").strip()[:WORD_MOST]:
        shown = msgspec.structs.replace(shown, lay=tuple(dict.fromkeys((*shown.lay, also))))
    return _show_form(slug, _form_of(shown, number))


@bp.post("/words/<slug>")
def save(slug: str) -> Response:
    """Save a word, which readers, writers and search then have at once; or only show it."""
    return _save(slug)


@bp.post("/words/<slug>/delete")
def delete(slug: str) -> Response:
    """Take a word out of the list."""
    editor_access.require(Role.EDITOR)
    number = int_from(request.form.get("number")) or 0
    words.get_entry(slug)
    with editor_access.writing_as(Role.EDITOR) as now:
        WordChanges(current_editor(), now).delete(slug, number)
    return htmx.redirect(url_for(".edit", slug=slug, done="deleted"))


@bp.get("/words/<slug>/revisions/<int:number>")
def changes(slug: str, number: int) -> Response:
    """Show what was changed in a word then."""
    before, after = (_form_of(words.text_at(slug, one), 0) for one in (number - 1, number))
    word = after.word.data or before.word.data
    trail = [("Words", url_for(".overview")), (word, url_for(".edit", slug=slug))]
    return show_changes(trail, number, changed_fields(before, after))


@bp.get("/words.toml")
def as_file() -> Response:
    """Download all words."""
    return text_file(words.to_toml(), "application/toml", "words.toml")


@bp.post("/words-file")
def load_file() -> Response:
    """Add and change the words of a file: all of them, or none."""
    editor_access.require(Role.EDITOR)
    try:
        source = sent_file()
        with editor_access.writing_as(Role.EDITOR) as now:
            counts = words.from_toml(source, current_editor(), now)
    except TextRefused as error:
        return _show_list(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    loaded = f"{plural(counts.added, 'word')} added, {counts.changed} changed, {counts.unchanged} unchanged."
    return _show_list(loaded=loaded)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved: somebody saved this word in the meantime."""
    slug: str = (request.view_args or {})["slug"]
    number = newest_number(words.history(slug))
    form = WordForm() if request.endpoint == "words.save" else _form_of(words.text_at(slug, number), number)
    form.number.data = number
    return _show_form(slug, form, HTTPStatus.CONFLICT)


def _save(slug: str) -> Response:
    editor_access.require(Role.EDITOR)
    form = WordForm()
    if not form.validate():
        return _show_form(slug, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    entry = form.written()
    try:
        words.check(entry, slug, words.entries())
        if "preview" in request.form:
            return _show_form(slug, form, preview=entry)
        with editor_access.writing_as(Role.EDITOR) as now:
            slug = WordChanges(current_editor(), now).save(slug, entry, form.number.data)
            editor_access.discard_recovered_fields()
    except TextRefused as error:
        return _show_form(slug, form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(error))
    return htmx.redirect(url_for(".edit", slug=slug, done="saved"))


def _form_of(entry: WordEntry, number: int) -> WordForm:
    lists = {name: "\n".join(getattr(entry, name)) for name in LISTS}
    typed = editor_access.recovered_fields("word")
    return WordForm(formdata=typed, data=msgspec.structs.asdict(entry) | lists, number=number)


def _show_form(
    slug: str,
    form: WordForm,
    status: int = HTTPStatus.OK,
    *,
    preview: WordEntry | None = None,
    problem: str = "",
) -> Response:
    used = preview or words.entries().get(slug)
    term = used and GlossaryTerm(slug="", term=used.word, forms=list(used.forms), meaning="")
    return htmx.render(
        "editor/word.html",
        status=status,
        slug=slug,
        form=form,
        preview=preview,
        problem=problem,
        used_in=articles_with(term) if term else [],
        history=words.history(slug) if slug else [],
        is_behind=status == HTTPStatus.CONFLICT,
        done=request.args.get("done", ""),
        may_edit=may(Role.EDITOR),
    )


def _show_list(status: int = HTTPStatus.OK, problem: str = "", loaded: str = "") -> Response:
    wanted, show = request.args.get("q", "").strip()[:WORD_MOST], request.args.get("show", "")
    every = words.entries()
    found = []
    for slug, entry in sorted(every.items(), key=lambda pair: pair[1].word.lower()):
        has = {"unexplained": entry.meaning, "no-plain": entry.plain, "unknown": entry.is_searched}
        forms = (entry.word, *entry.forms, *entry.lay, *entry.acronyms)
        if any(wanted.lower() in form.lower() for form in forms) and not has.get(show):
            found.append((slug, entry))
    slugs, missed = {entry.word: slug for slug, entry in every.items()}, []
    for miss in misses.most_missed(MISSED_COUNT):
        is_known = bool(table().concepts_in(folded_words(miss.text)))
        near = next((one.name for one in table().concepts_near(miss.text) if one.name in slugs), "")
        missed.append((miss, is_known, slugs.get(near, ""), near))
    number = asked_page()
    shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return htmx.render(
        "editor/words.html",
        status=status,
        page=existing(Page(shown, number, len(found), PAGE_SIZE)),
        wanted=wanted,
        show=show,
        shows=SHOW,
        missed=missed,
        problem=problem,
        loaded=loaded,
        may_edit=may(Role.EDITOR),
    )
