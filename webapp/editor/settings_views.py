"""The site's settings: admins change them, with a preview and a history."""

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time
from webapp.catalog.answers import list_answers
from webapp.content.logos import LogoRefused, read_logo
from webapp.editor.fields import changed_fields
from webapp.editor.settings_form import (
    LogoForm,
    SettingsFileForm,
    SettingsForm,
    settings_from,
    settings_values,
)
from webapp.models import Role
from webapp.parsing import int_from
from webapp.publishing import site_settings
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.web import htmx
from webapp.web.http import text_file
from webapp.web.site_settings import SiteSettings
from webapp.web.site_settings import site_settings as live_settings

bp = Blueprint("settings", __name__, url_prefix="/editor/settings")
editor_access.protect(bp, role=Role.ADMIN, form="settings.edit")


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
    written = settings_from(form, live_settings())
    if "preview" in request.form:
        return _show(form, preview=written)
    _save(written, form.number.data)
    return htmx.redirect(url_for(".edit", saved="yes"))


@bp.post("/logo")
def save_logo() -> Response:
    """Save another logo, or go back to the drawing that came with the site."""
    form, logo = LogoForm(), None
    if "remove" not in request.form:
        try:
            logo = read_logo(form.logo.data.stream.read() if form.logo.data else b"")
        except LogoRefused as error:
            return _refused("logo", str(error))
    _save(msgspec.structs.replace(live_settings(), logo=logo), form.number.data)
    return htmx.redirect(url_for(".edit", saved="yes"))


@bp.get("/site.toml")
def as_file() -> Response:
    """Download the settings."""
    return text_file(site_settings.to_toml(live_settings()), "application/toml", "site.toml")


@bp.post("/file")
def open_file() -> Response:
    """Open the settings of a file in the form; nothing is saved yet."""
    sent = SettingsFileForm().file.data
    try:
        read = site_settings.from_toml(sent.stream.read() if sent else b"")
    except TextRefused as error:
        return _refused("file", str(error) if sent else "Choose a file.")
    return _show(_form_of(read), preview=read)


@bp.get("/revisions/<int:number>")
def changes(number: int) -> Response:
    """Show what was changed in the settings then, word by word."""
    before, after = (_form_of(site_settings.text_at(one)) for one in (number - 1, number))
    return htmx.render(
        "editor/saved_changes.html",
        trail=[("Site settings", url_for(".edit"))],
        number=number,
        differences=changed_fields(before, after),
        note=(
            "The logo was changed."
            if site_settings.text_at(number - 1).logo != site_settings.text_at(number).logo
            else ""
        ),
    )


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
    values = settings_values(settings) | {"number": newest_number(site_settings.history())}
    typed = editor_access.recovered_fields()
    # What was sent with a logo or a file has no texts.
    form = SettingsForm(formdata=typed if typed and "name" in typed else None, data=values)
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
        local=local_time,
    )
