"""The site's settings: admins change them, with a preview and a history."""

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

import msgspec
from flask import Blueprint, Response, request, url_for
from wtforms import FieldList, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.catalog.answers import ids_of, list_answers
from webapp.content.logos import LogoRefused, read_logo
from webapp.editor.fields import changed_fields
from webapp.editor.saved_forms import SavedForm, needed, sent_file, show_changes
from webapp.models import Answer, Role
from webapp.parsing import in_one_line, int_from
from webapp.publishing import site_settings
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.web import htmx
from webapp.web.http import text_file
from webapp.web.site_settings import (
    ASKED_COUNT,
    LINE_MOST,
    NAME_MOST,
    SHORT_NAME_MOST,
    TEXT_MOST,
    SiteSettings,
)
from webapp.web.site_settings import site_settings as live_settings

TEXTS = ("name", "short_name", "strapline", "welcome", "mission", "run_by", "lead")
bp = Blueprint("settings", __name__, url_prefix="/editor/settings")
editor_access.protect(bp, role=Role.ADMIN, form="settings.edit")


def slug_in(sent: str | None) -> str:
    """The last part of an address, or a slug as it is."""
    return unquote(urlsplit((sent or "").strip()).path).rstrip("/").rpartition("/")[2][:200]


class SettingsForm(SavedForm):
    """What the site says of itself."""

    name = needed("Name of the site", NAME_MOST, filters=[in_one_line])
    short_name = needed("Short name", SHORT_NAME_MOST, filters=[in_one_line])
    strapline = needed("Headline of the home page", LINE_MOST, filters=[in_one_line])
    welcome = needed("Welcome", TEXT_MOST, rows=3, filters=[in_one_line])
    mission = needed("Mission", TEXT_MOST, rows=3, filters=[in_one_line])
    run_by = StringField(
        "Who runs the site",
        [
            Optional(),
            Length(max=TEXT_MOST, message=f"Who runs the site: keep this to {TEXT_MOST} characters."),
        ],
        filters=[in_one_line],
    )
    lead = StringField("First summary on the home page", [Optional()], filters=[slug_in])
    asked_most = FieldList(
        SelectField("Question"),
        "Questions on the home page",
        min_entries=ASKED_COUNT,
        max_entries=ASKED_COUNT,
    )

    def set_answers(self, answers: Iterable[Answer], chosen: Iterable[str]) -> None:
        """Offer the published answers as the questions of the home page, and those chosen before that are withdrawn now."""
        questions = {answer.slug: answer.question for answer in answers}
        questions = {slug: f"{slug} (not on the site)" for slug in chosen} | questions
        first = SelectChoice("", "The next one in the alphabet")
        for field in self.asked_most:
            field.choices = [first, *(SelectChoice(*pair) for pair in questions.items())]

    def validate_lead(self, field: StringField) -> None:
        """The summary exists."""
        if field.data and not ids_of([field.data]):
            raise ValidationError("We have no summary at this address. Copy it from the summary’s page.")

    def written(self, carried: SiteSettings) -> SiteSettings:
        """What a valid form says; what has no field comes from ``carried``."""
        asked_most = tuple(dict.fromkeys(filter(None, self.asked_most.data)))
        texts = {name: self[name].data for name in TEXTS}
        return msgspec.structs.replace(carried, asked_most=asked_most, **texts)


@bp.get("")
def edit() -> Response:
    """Open the settings in the form: those that readers see, or earlier ones."""
    earlier = int_from(request.args.get("from"))
    shown = live_settings() if earlier is None else site_settings.text_at(earlier)
    return _show(_form_of(shown))


@bp.post("")
def save() -> Response:
    """Save the settings, which readers then see at once; or only show them as they would be seen."""
    form = SettingsForm()
    form.set_answers(list_answers(), live_settings().asked_most)
    if not form.validate():
        return _show(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    written = form.written(live_settings())
    if "preview" in request.form:
        return _show(form, preview=written)
    _save(written, form.number.data)
    return htmx.redirect(url_for(".edit", saved="yes"))


@bp.post("/logo")
def save_logo() -> Response:
    """Save another logo, or go back to the drawing that came with the site."""
    sent, logo = request.files.get("logo"), None
    if "remove" not in request.form:
        try:
            logo = read_logo(sent.stream.read() if sent else b"")
        except LogoRefused as error:
            return _refused("logo", str(error))
    _save(msgspec.structs.replace(live_settings(), logo=logo), SavedForm().number.data)
    return htmx.redirect(url_for(".edit", saved="yes"))


@bp.get("/site.toml")
def as_file() -> Response:
    """Download the settings."""
    return text_file(site_settings.to_toml(live_settings()), "application/toml", "site.toml")


@bp.post("/file")
def open_file() -> Response:
    """Open the settings of a file in the form; nothing is saved yet."""
    try:
        read = site_settings.from_toml(sent_file())
    except TextRefused as error:
        return _refused("file", str(error))
    return _show(_form_of(read), preview=read)


@bp.get("/revisions/<int:number>")
def changes(number: int) -> Response:
    """Show what was changed in the settings then, word by word."""
    before, after = (site_settings.text_at(one) for one in (number - 1, number))
    note = "The logo was changed." if before.logo != after.logo else ""
    differences = changed_fields(_form_of(before), _form_of(after))
    return show_changes([("Site settings", url_for(".edit"))], number, differences, note)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved: somebody saved other settings in the meantime."""
    form = SettingsForm() if request.endpoint == "settings.save" else _form_of(live_settings())
    form.set_answers(list_answers(), live_settings().asked_most)
    form.number.data = newest_number(site_settings.history())
    return _show(form, HTTPStatus.CONFLICT)


def _save(settings: SiteSettings, base: int) -> None:
    with editor_access.writing_as(Role.ADMIN) as now:
        site_settings.save(settings, base, current_editor(), now)
        editor_access.discard_recovered_fields()


def _form_of(settings: SiteSettings) -> SettingsForm:
    asked = list(settings.asked_most)[:ASKED_COUNT]
    form = SettingsForm(
        formdata=editor_access.recovered_fields("name"),
        data={name: getattr(settings, name) for name in TEXTS},
        asked_most=asked + [""] * (ASKED_COUNT - len(asked)),
        number=newest_number(site_settings.history()),
    )
    form.set_answers(list_answers(), settings.asked_most)
    return form


def _refused(name: str, reason: str) -> Response:
    return _show(_form_of(live_settings()), HTTPStatus.UNPROCESSABLE_ENTITY, refused={name: reason})


def _show(
    form: SettingsForm,
    status: int = HTTPStatus.OK,
    *,
    preview: SiteSettings | None = None,
    refused: dict[str, str] | None = None,
) -> Response:
    return htmx.render(
        "editor/settings.html",
        status=status,
        form=form,
        preview=preview,
        refused=refused or {},
        history=site_settings.history(),
        is_behind=status == HTTPStatus.CONFLICT,
        is_saved="saved" in request.args,
    )
