"""Safety cards: admins change them, reviewers sign them."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, may
from webapp.editor.fields import changed_fields
from webapp.editor.safety_form import SafetyForm, card_from, card_values
from webapp.models import Role
from webapp.parsing import int_from
from webapp.publishing import safety_cards
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import newest_number
from webapp.safety.cards import Card, SafetyFileError
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import text_file

bp = Blueprint("safety_desk", __name__, url_prefix="/editor/safety")
editor_access.protect(bp, role=Role.REVIEWER)


class FileForm(FlaskForm):
    """All cards as one file."""

    file = FileField("A file of all cards")


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
    return htmx.render(
        "editor/saved_changes.html",
        trail=[("Safety cards", url_for(".cards")), (label, url_for(".card", card_id=card_id))],
        number=number,
        note=""
        if differences
        else "The words are the same. It was stored as it came with the site, for somebody to check.",
        differences=differences,
    )


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
        local=local_time,
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
