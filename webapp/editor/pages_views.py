"""The site's own pages: admins change them, with a preview and a history."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, request, url_for
from wtforms import TextAreaField, ValidationError
from wtforms.validators import Length, Optional

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.catalog.site_pages import (
    LEDE_MOST,
    LINE_MOST,
    SOURCES_MOST,
    TEXT_MOST,
    SitePage,
    starter_pages,
)
from webapp.editor.fields import changed_fields, check_day, day_text, lines_in, typed_date
from webapp.editor.saved_forms import SavedForm, needed, sent_file, show_changes
from webapp.models import Role
from webapp.parsing import clean_text, date_from, in_one_line, int_from
from webapp.publishing import site_pages
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.web import htmx
from webapp.web.http import text_file

bp = Blueprint("site_pages", __name__, url_prefix="/editor/pages")
editor_access.protect(bp, role=Role.ADMIN)


class PageForm(SavedForm):
    """Everything that a page says. The sources have a line each."""

    title = needed("Title", LINE_MOST)
    lede = needed("First sentence", LEDE_MOST, rows=2)
    text = needed("Text", TEXT_MOST, rows=30)
    description = needed("For search engines", LEDE_MOST, rows=2)
    origin = TextAreaField(
        "Who wrote it, and from what",
        [Optional(), Length(max=LEDE_MOST, message=f"Keep this to {LEDE_MOST} characters.")],
        render_kw={"rows": 3},
    )
    sources = TextAreaField(
        "Sources",
        [Optional(), Length(max=TEXT_MOST, message=f"Keep this to {TEXT_MOST:,} characters.")],
        render_kw={"rows": 8},
    )
    checked_on = typed_date("Sources last checked on", check_day)

    def validate_sources(self, field: TextAreaField) -> None:
        """There are not too many."""
        if len(lines_in(field.data)) > SOURCES_MOST:
            raise ValidationError(f"Keep this to {SOURCES_MOST} sources.")

    def written(self) -> SitePage:
        """What a valid form says."""
        one_line = ("title", "description", "lede", "origin")
        return SitePage(
            **{name: in_one_line(self[name].data) for name in one_line},
            text=clean_text(self.text.data).strip() + "\n",
            sources=tuple(lines_in(clean_text(self.sources.data or ""))),
            checked_on=date_from(self.checked_on.data or ""),
        )


@bp.get("")
def overview() -> Response:
    """List the pages, with who changed each last."""
    pages = {name: (site_pages.get_page(name), site_pages.history(name)) for name in starter_pages()}
    return htmx.render("editor/pages.html", pages=pages)


@bp.get("/<slug:name>")
def edit(name: str) -> Response:
    """Open a page in the form: the text that readers see, or an earlier one."""
    earlier = int_from(request.args.get("from"))
    page = site_pages.get_page(name)
    return _show(name, _form_of(name, page if earlier is None else site_pages.text_at(name, earlier)))


@bp.post("/<slug:name>")
def save(name: str) -> Response:
    """Save a page, which readers then see at once; or only show it as they would see it."""
    site_pages.get_page(name)
    form = PageForm()
    if not form.validate():
        return _show(name, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    page = form.written()
    for problem in site_pages.problems(name, page, datetime.now(UTC).date()):
        form[problem.field].errors = [*form[problem.field].errors, problem.message]
    if form.errors:
        return _show(name, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if "preview" in request.form:
        return _show(name, form, preview=page)
    with editor_access.writing_as(Role.ADMIN) as now:
        site_pages.save(name, page, form.number.data, current_editor(), now)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".edit", name=name, saved="yes"))


@bp.get("/<slug:name>.toml")
def as_file(name: str) -> Response:
    """Download a page."""
    return text_file(site_pages.to_toml(site_pages.get_page(name)), "application/toml", f"{name}.toml")


@bp.post("/<slug:name>/file")
def open_file(name: str) -> Response:
    """Open the page of a file in the form; nothing is saved yet."""
    seen = site_pages.get_page(name)
    try:
        read = site_pages.from_toml(sent_file())
    except TextRefused as error:
        return _show(name, _form_of(name, seen), HTTPStatus.UNPROCESSABLE_ENTITY, refused=str(error))
    return _show(name, _form_of(name, read), preview=read)


@bp.get("/<slug:name>/revisions/<int:number>")
def changes(name: str, number: int) -> Response:
    """Show what a saved text changed, word by word."""
    title = site_pages.get_page(name).title
    before, after = (
        PageForm(formdata=None, data=_values(site_pages.text_at(name, one))) for one in (number - 1, number)
    )
    trail = [("Pages", url_for(".overview")), (title, url_for(".edit", name=name))]
    return show_changes(trail, number, changed_fields(before, after))


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved: somebody saved another text in the meantime."""
    name: str = (request.view_args or {})["name"]
    form = PageForm()
    form.number.data = newest_number(site_pages.history(name))
    return _show(name, form, HTTPStatus.CONFLICT)


def _values(page: SitePage) -> dict[str, Any]:
    shown = {
        "text": page.text.strip(),
        "sources": "\n".join(page.sources),
        "checked_on": day_text(page.checked_on),
    }
    return msgspec.structs.asdict(page) | shown


def _form_of(name: str, page: SitePage) -> PageForm:
    number = newest_number(site_pages.history(name))
    return PageForm(formdata=editor_access.recovered_fields("text"), data=_values(page), number=number)


def _show(
    name: str,
    form: PageForm,
    status: int = HTTPStatus.OK,
    *,
    preview: SitePage | None = None,
    refused: str = "",
) -> Response:
    return htmx.render(
        "editor/page.html",
        status=status,
        name=name,
        page=site_pages.get_page(name),
        form=form,
        preview=preview,
        refused=refused,
        live_parts=site_pages.LIVE_PARTS,
        history=site_pages.history(name),
        is_behind=status == HTTPStatus.CONFLICT,
        is_saved="saved" in request.args,
    )
