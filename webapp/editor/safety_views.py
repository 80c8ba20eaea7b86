"""Safety cards: admins change them, reviewers sign them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may
from webapp.editor.fields import changed_fields, check_day, lines_in, long, texts_in
from webapp.editor.saved_forms import SavedForm, show_changes
from webapp.models import Role
from webapp.parsing import date_from, int_from
from webapp.publishing import safety_cards
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import newest_number
from webapp.safety.cards import Action, Card, SafetyFileError, Source
from webapp.safety.triggers import TriggerWords
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import text_file

SEPARATOR = " | "
_TEXTS = ("label", "title", "what", "who", "tell", "note")
_LISTS = ("signs", "do_now", "call_now", "call_soon", "do_not")
_TRIGGERS = TriggerWords.__struct_fields__

bp = Blueprint("safety_desk", __name__, url_prefix="/editor/safety")
editor_access.protect(bp, role=Role.REVIEWER)


class FileForm(FlaskForm):
    """All cards as one file."""

    file = FileField("A file of all cards")


def _needed(label: str, most: int = 2_000) -> TextAreaField:
    missing = DataRequired(f"{label}: please fill this in.")
    too_long = Length(max=most, message=f"Keep this to {most:,} characters.")
    return TextAreaField(label, [missing, too_long], render_kw={"rows": 3})


class SafetyForm(SavedForm):
    """Everything that a card says. Lists have a line for each entry."""

    label = StringField("Short name", [DataRequired("Give the card a short name."), Length(max=60)])
    title = StringField("Title", [DataRequired("Give the card a title."), Length(max=200)])
    do_now = _needed("Do this now")
    call_now = _needed("Call now if")
    call_soon = long("Call soon", rows=3)
    actions = long("Buttons", rows=3)
    note = long("Note under the numbers")
    tell = _needed("Say this to the crew or the doctor")
    do_not = long("Don’t", rows=3)
    what = _needed("What it is")
    signs = long("Signs", rows=3)
    who = _needed("Who is at risk")
    sources = _needed("Sources", 10_000)
    checked_on = StringField("Sources last checked on", [DataRequired("Enter the date."), check_day])
    now = long("Words that show the whole card", rows=6)
    sets = long("Words that show it wherever they stand", rows=6)
    typos = long("Misspelled words that show it", rows=4)
    line = long("Words that show one line", rows=4)
    never = long("Words that don’t show the whole card", rows=4)

    def validate_sources(self, field: TextAreaField) -> None:
        """Each line names an owner and a title."""
        for cells in _rows(field.data):
            if not 2 <= len(cells) <= 4 or not all(cells[:2]):  # noqa: PLR2004 - the four cells of a source
                raise ValidationError(f"“{cells[0]}”: write the owner, the title, the link and the date.")

    def validate_actions(self, field: TextAreaField) -> None:
        """Each line has a label and where it leads."""
        for cells in _rows(field.data):
            if not 2 <= len(cells) <= 3 or not all(cells[:2]):  # noqa: PLR2004 - the three cells of a button
                raise ValidationError(f"“{cells[0]}”: write the label, the link and the countries.")

    def validate_checked_on(self, field: StringField) -> None:
        """Nobody has checked anything tomorrow."""
        day = date_from(field.data or "")
        if day and day > datetime.now(UTC).date():
            raise ValidationError("This date is in the future.")


def card_values(card: Card) -> dict[str, Any]:
    """Convert a card as it was written to the values of the form's fields."""
    sources = (_line(one.owner, one.title, one.address, one.dated) for one in card.sources)
    actions = (_line(one.label, one.address, " ".join(one.countries)) for one in card.actions)
    return {
        **{name: getattr(card, name) for name in _TEXTS},
        **{name: "\n".join(getattr(card, name)) for name in _LISTS},
        **{name: "\n".join(getattr(card.triggers, name)) for name in _TRIGGERS},
        "sources": "\n".join(sources),
        "actions": "\n".join(actions),
        "checked_on": card.checked_on.isoformat(),
    }


def card_from(form: SafetyForm, carried: Card) -> Card:
    """Convert a valid form to a card; what has no field comes from ``carried``."""
    return msgspec.structs.replace(
        carried,
        **texts_in(form, _TEXTS),
        **{name: tuple(lines_in(form[name].data)) for name in _LISTS},
        triggers=TriggerWords(**{name: tuple(lines_in(form[name].data)) for name in _TRIGGERS}),
        sources=tuple(Source(*cells) for cells in _rows(form.sources.data)),
        actions=tuple(
            Action(label, address, tuple(" ".join(countries).split()))
            for label, address, *countries in _rows(form.actions.data)
        ),
        checked_on=date_from(form.checked_on.data or ""),
    )


def _line(*cells: str) -> str:
    return SEPARATOR.join(cells).rstrip(SEPARATOR)


def _rows(text: str | None) -> Iterator[list[str]]:
    """The cells of each line that is not empty."""
    for line in lines_in(text):
        yield [cell.strip() for cell in line.split(SEPARATOR.strip())]


@bp.get("")
def cards() -> Response:
    """List all safety cards, with who checked each, and offer them as a file."""
    return _show_cards(FileForm())


@bp.get("/file/safety.toml")
def export() -> Response:
    """All cards as a file, as the one that came with the site."""
    editor_access.require(Role.ADMIN)
    return text_file(safety_cards.live_cards().to_toml(), "application/toml", "safety.toml")


@bp.post("")
def import_file() -> Response:
    """Take the cards of a file, which readers then see at once."""
    editor_access.require(Role.ADMIN)
    form = FileForm()
    if not form.file.data:
        form.file.errors = ["Choose a file."]
        return _show_cards(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with form.file.data.stream as stream:
        sent = stream.read()
    try:
        text = sent.decode()
        with editor_access.writing_as(Role.ADMIN) as now:
            count = safety_cards.import_file(text, form.file.data.filename, current_editor(), now)
    except (SafetyFileError, UnicodeDecodeError) as error:
        form.file.errors = [f"Nothing was changed. {error}"]
        return _show_cards(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return htmx.redirect(url_for(".cards", changed=count))


@bp.get("/<card_id>")
def card(card_id: str) -> Response:
    """Show a card as readers see it, its history, and the button to sign it."""
    return _show_card(card_id)


@bp.post("/<card_id>")
def sign(card_id: str) -> Response:
    """Sign the text that readers see, as a reviewer."""
    safety_cards.get_card(card_id)
    number = int_from(request.form.get("number"))
    with editor_access.writing_as(Role.REVIEWER) as now:
        if current_editor().reviewer_kind is None:
            raise SiteError(HTTPStatus.FORBIDDEN, "Only reviewers can sign. Ask one of the admins.")
        safety_cards.sign(card_id, -1 if number is None else number, current_editor(), now)
    return htmx.redirect(url_for(".card", card_id=card_id))


@bp.post("/<card_id>/undo")
def undo(card_id: str) -> Response:
    """Take one's sign-off back."""
    safety_cards.get_card(card_id)
    with editor_access.writing_as(Role.REVIEWER) as now:
        safety_cards.undo_sign_off(card_id, current_editor(), now)
    return htmx.redirect(url_for(".card", card_id=card_id))


@bp.get("/<card_id>/revisions/<int:number>")
def changes(card_id: str, number: int) -> Response:
    """Show what a saved text changed, word by word."""
    before, after = (
        SafetyForm(formdata=None, data=card_values(safety_cards.text_at(card_id, one)))
        for one in (number - 1, number)
    )
    label, differences = safety_cards.get_card(card_id).label, changed_fields(before, after)
    trail = [("Safety cards", url_for(".cards")), (label, url_for(".card", card_id=card_id))]
    same = "The words are the same. It was stored as it came with the site, for somebody to check."
    return show_changes(trail, number, differences, "" if differences else same)


@bp.get("/<card_id>/edit")
def edit(card_id: str) -> Response:
    """Open a card in the form: the text that readers see, or an earlier one."""
    editor_access.require(Role.ADMIN)
    shown = safety_cards.get_card(card_id)
    earlier = int_from(request.args.get("from"))
    text = shown if earlier is None else safety_cards.text_at(card_id, earlier)
    values = card_values(text) | {"number": newest_number(safety_cards.history(card_id))}
    return _show_form(shown, SafetyForm(formdata=editor_access.recovered_fields(), data=values))


@bp.post("/<card_id>/edit")
def save(card_id: str) -> Response:
    """Save a card, which readers then see at once; or only show it as they would."""
    editor_access.require(Role.ADMIN)
    shown, form = safety_cards.get_card(card_id), SafetyForm()
    if not form.validate():
        return _show_form(shown, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        written = card_from(form, shown)
        preview = safety_cards.with_card(written)
    except SafetyFileError as error:
        return _show_form(shown, form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(error))
    if "preview" in request.form:
        return _show_form(shown, form, preview=preview.card(written))
    with editor_access.writing_as(Role.ADMIN) as now:
        safety_cards.save(written, form.number.data, current_editor(), now)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".card", card_id=card_id))


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved or signed: somebody saved another text in the meantime."""
    card_id: str = (request.view_args or {})["card_id"]
    if request.endpoint == "safety_desk.sign":
        return _show_card(card_id, HTTPStatus.CONFLICT)
    form = SafetyForm()
    form.number.data = newest_number(safety_cards.history(card_id))
    return _show_form(safety_cards.get_card(card_id), form, HTTPStatus.CONFLICT)


def _show_cards(form: FileForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render(
        "editor/safety_cards.html",
        status=status,
        cards=safety_cards.live_cards().cards,
        form=form,
        changed_count=int_from(request.args.get("changed")),
        may_edit=may(Role.ADMIN),
    )


def _show_card(card_id: str, status: int = HTTPStatus.OK) -> Response:
    written, history = safety_cards.get_card(card_id), safety_cards.history(card_id)
    return htmx.render(
        "editor/safety_card.html",
        status=status,
        card=safety_cards.live_cards().card(written),
        history=history,
        number=newest_number(history),
        is_behind=status == HTTPStatus.CONFLICT,
        has_signed=safety_cards.has_signed(history, current_editor()),
        may_edit=may(Role.ADMIN),
    )


def _show_form(
    shown: Card,
    form: SafetyForm,
    status: int = HTTPStatus.OK,
    *,
    preview: Card | None = None,
    problem: str = "",
) -> Response:
    return htmx.render(
        "editor/safety_edit.html",
        status=status,
        card=shown,
        form=form,
        preview=preview,
        problem=problem,
        is_behind=status == HTTPStatus.CONFLICT,
    )
