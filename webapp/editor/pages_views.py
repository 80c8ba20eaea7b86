"""The site's own pages: admins change them, with a preview and a history."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time
from webapp.catalog.site_pages import SitePage, starter_pages
from webapp.editor.fields import changed_fields
from webapp.editor.pages_form import PageFileForm, PageForm, page_from, page_values
from webapp.models import Role
from webapp.parsing import int_from
from webapp.publishing import site_pages
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.web import htmx
from webapp.web.http import text_file

bp = Blueprint("site_pages", __name__, url_prefix="/editor/pages")
editor_access.protect(bp, role=Role.ADMIN)


@bp.get("")
def overview() -> Response:
    """List the pages, with who changed each last."""
    pages = {name: (site_pages.get_page(name), site_pages.history(name)) for name in starter_pages()}
    return htmx.render("editor/pages.html", pages=pages, local=local_time)


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
    page = page_from(form)
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
    sent = PageFileForm().file.data
    try:
        read = site_pages.from_toml(sent.stream.read() if sent else b"")
    except TextRefused as error:
        refused = str(error) if sent else "Choose a file."
        return _show(name, _form_of(name, seen), HTTPStatus.UNPROCESSABLE_ENTITY, refused=refused)
    return _show(name, _form_of(name, read), preview=read)


@bp.get("/<slug:name>/revisions/<int:number>")
def changes(name: str, number: int) -> Response:
    """Show what a saved text changed, word by word."""
    title = site_pages.get_page(name).title
    before, after = (
        PageForm(formdata=None, data=page_values(site_pages.text_at(name, one)))
        for one in (number - 1, number)
    )
    return htmx.render(
        "editor/saved_changes.html",
        trail=[("Pages", url_for(".overview")), (title, url_for(".edit", name=name))],
        number=number,
        note="",
        differences=changed_fields(before, after),
    )


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved: somebody saved another text in the meantime."""
    name: str = (request.view_args or {})["name"]
    form = PageForm()
    form.number.data = newest_number(site_pages.history(name))
    return _show(name, form, HTTPStatus.CONFLICT)


def _form_of(name: str, page: SitePage) -> PageForm:
    typed = editor_access.recovered_fields()
    values = page_values(page) | {"number": newest_number(site_pages.history(name))}
    return PageForm(formdata=typed if typed and "text" in typed else None, data=values)


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
        local=local_time,
    )
