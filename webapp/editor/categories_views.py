"""The categories in the editor: admins add, name, order and merge them."""

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, request, url_for
from slugify import slugify
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional, Regexp

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor
from webapp.catalog.queries import category_counts
from webapp.content.comparison import FieldDifference, word_runs
from webapp.editor.saved_forms import SavedForm, needed, sent_file, show_changes
from webapp.models import Role
from webapp.parsing import in_one_line, int_from
from webapp.publishing import categories
from webapp.publishing.categories import DESCRIPTION_MOST, ICONS, NAME_MOST, Categories, CategoryContent
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import TextRefused, newest_number
from webapp.web import htmx
from webapp.web.http import text_file

bp = Blueprint("categories", __name__, url_prefix="/editor")
editor_access.protect(bp, role=Role.ADMIN)


class CategoryForm(SavedForm):
    """All that readers see of a category."""

    name = needed("Name", NAME_MOST, filters=[in_one_line])
    description = needed("What it is about", DESCRIPTION_MOST, rows=2, filters=[in_one_line])
    slug = StringField(
        "Address",
        [
            Optional(),
            Regexp(
                r"[a-z0-9-]{1,80}$",
                message="Address: use lowercase letters, digits and hyphens, like nerve-pain.",
            ),
        ],
        filters=[lambda sent: (sent or "").strip()],
    )
    icon = RadioField(
        "Picture",
        [DataRequired("Choose a picture.")],
        choices=[SelectChoice(*pair) for pair in ICONS.items()],
    )

    def written(self, carried: CategoryContent | None) -> CategoryContent:
        """What a valid form says: a new category, or one in place of ``carried``, whose address then leads to it."""
        name = self.name.data
        slug = self.slug.data or (carried.slug if carried else slugify(name, max_length=80)) or "category"
        former = {carried.slug, *carried.former_slugs} - {slug} if carried else ()
        return CategoryContent(slug, name, self.icon.data, self.description.data, tuple(sorted(former)))


@bp.get("/categories")
def overview() -> Response:
    """List the categories in their order: those that readers see, or an earlier list."""
    return _show_list(int_from(request.args.get("from")))


@bp.post("/categories")
def restore() -> Response:
    """Go back to an earlier list."""
    _save(categories.text_at(int_from(request.form.get("from")) or 0))
    return htmx.redirect(url_for(".overview", done="saved"))


@bp.get("/new-category")
def new() -> Response:
    """Open an empty form."""
    return _show_form(None, _form_of(None))


@bp.post("/new-category")
def add() -> Response:
    """Add a category at the end of the list, or only show it as readers would see it."""
    return _write(None)


@bp.get("/categories/<slug:slug>")
def edit(slug: str) -> Response:
    """Open a category in the form."""
    category = categories.get_category(slug)
    return _show_form(category, _form_of(category))


@bp.post("/categories/<slug:slug>")
def save(slug: str) -> Response:
    """Save a category, which readers then see at once; or only show it as they would see it."""
    return _write(categories.get_category(slug))


@bp.post("/categories/<slug:slug>/move")
def move(slug: str) -> Response:
    """Move a category one place up or down."""
    listed = list(categories.live_categories())
    place = listed.index(categories.get_category(slug))
    other = place - 1 if request.form.get("where") == "up" else place + 1
    if 0 <= other < len(listed):
        listed[place], listed[other] = listed[other], listed[place]
    _save(tuple(listed))
    return htmx.redirect(url_for(".overview", moved=slug))


@bp.post("/categories/<slug:slug>/merge")
def merge(slug: str) -> Response:
    """Move everything that is filed under a category to another one, whose page its address then leads to; or say what would move."""
    merged, into = categories.get_category(slug), request.form.get("into", "")
    listed = categories.live_categories()
    target = next((one for one in listed if one.slug == into != slug), None)
    if target is None:
        refused = "Choose the category that it becomes a part of."
        return _show_form(merged, _form_of(merged), HTTPStatus.UNPROCESSABLE_ENTITY, refused=refused)
    if "confirmed" not in request.form:
        return _show_form(merged, _form_of(merged), into=target)
    former = tuple(sorted({*target.former_slugs, slug, *merged.former_slugs}))
    grown = msgspec.structs.replace(target, former_slugs=former)
    _save(tuple(grown if one == target else one for one in listed if one != merged))
    return htmx.redirect(url_for(".edit", slug=into, done="merged"))


@bp.get("/categories.toml")
def as_file() -> Response:
    """Download the categories."""
    return text_file(categories.to_toml(categories.live_categories()), "application/toml", "categories.toml")


@bp.post("/categories-file")
def load_file() -> Response:
    """Take the list of a file, which readers then see at once."""
    source = sent_file()
    with editor_access.writing_as(Role.ADMIN) as now:
        categories.from_toml(source, current_editor(), now)
    return htmx.redirect(url_for(".overview", done="saved"))


@bp.get("/categories/revisions/<int:number>")
def changes(number: int) -> Response:
    """Show what was changed then in the order of the list, and in each category, by its address of then."""

    def in_words(listed: Categories) -> dict[str, str]:
        words = {"Order": ", ".join(one.name for one in listed)}
        for one in listed:
            former = f" Also leads here: {', '.join(one.former_slugs)}." if one.former_slugs else ""
            picture = ICONS.get(one.icon, one.icon)
            words[one.slug] = f"{one.name}: {one.description} Picture: {picture}.{former}"
        return words

    old, new = (in_words(categories.text_at(one)) for one in (number - 1, number))
    differences = [
        FieldDifference(name, name, word_runs(old.get(name, ""), new.get(name, "")))
        for name in {**old, **new}
        if old.get(name, "") != new.get(name, "")
    ]
    return show_changes([("Categories", url_for(".overview"))], number, differences)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved: somebody changed the list in the meantime."""
    if request.endpoint not in ("categories.save", "categories.add"):
        problem = "Somebody changed the categories in the meantime. This is the list of now."
        return _show_list(status=HTTPStatus.CONFLICT, problem=problem)
    slug = (request.view_args or {}).get("slug")
    form = CategoryForm()
    form.number.data = newest_number(categories.history())
    return _show_form(categories.get_category(slug) if slug else None, form, HTTPStatus.CONFLICT)


@bp.errorhandler(TextRefused)
def show_reason(error: TextRefused) -> Response:
    """Nothing was saved: the list cannot be used."""
    return _show_list(status=HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(error))


def _save(wanted: Categories) -> None:
    number = int_from(request.form.get("number")) or 0
    with editor_access.writing_as(Role.ADMIN) as now:
        categories.save(wanted, number, current_editor(), now)
        editor_access.discard_recovered_fields()


def _write(before: CategoryContent | None) -> Response:
    """Save what the form says, in place of the category as it was before, if there was one."""
    form = CategoryForm()
    if not form.validate():
        return _show_form(before, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    written, listed = form.written(before), categories.live_categories()
    wanted = tuple(written if one == before else one for one in listed) + (
        (written,) if before is None else ()
    )
    try:
        categories.check(wanted)
        if "preview" in request.form:
            return _show_form(before, form, preview=written)
        _save(wanted)
    except TextRefused as error:
        return _show_form(before, form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(error))
    return htmx.redirect(url_for(".edit", slug=written.slug, done="saved"))


def _form_of(category: CategoryContent | None) -> CategoryForm:
    return CategoryForm(
        formdata=editor_access.recovered_fields("name"),
        obj=category,
        number=newest_number(categories.history()),
    )


def _show_form(
    category: CategoryContent | None,
    form: CategoryForm,
    status: int = HTTPStatus.OK,
    *,
    preview: CategoryContent | None = None,
    into: CategoryContent | None = None,
    problem: str = "",
    refused: str = "",
) -> Response:
    return htmx.render(
        "editor/category.html",
        status=status,
        category=category,
        filed=categories.filed_under(category.slug) if category else None,
        others=[one for one in categories.live_categories() if one != category],
        form=form,
        preview=preview,
        into=into,
        problem=problem,
        refused=refused,
        is_behind=status == HTTPStatus.CONFLICT,
        done=request.args.get("done", ""),
    )


def _show_list(earlier: int | None = None, status: int = HTTPStatus.OK, problem: str = "") -> Response:
    history = categories.history()
    return htmx.render(
        "editor/categories.html",
        status=status,
        listed=categories.live_categories() if earlier is None else categories.text_at(earlier),
        earlier=earlier,
        number=newest_number(history),
        counts={row.category.slug: row.count for row in category_counts()},
        history=history,
        problem=problem,
        moved=request.args.get("moved", ""),
        is_saved="done" in request.args,
    )
