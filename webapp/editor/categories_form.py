"""The form of a category: converts a category to fields and back."""

from typing import Any

import msgspec
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from slugify import slugify
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, Regexp

from webapp.parsing import in_one_line, int_from
from webapp.publishing.categories import DESCRIPTION_MOST, ICONS, NAME_MOST, CategoryContent


class CategoryForm(FlaskForm):
    """All that readers see of a category. ``number``: of the list that it was written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    name = StringField(
        "Name",
        [
            DataRequired("Name: please fill this in."),
            Length(max=NAME_MOST, message=f"Name: keep this to {NAME_MOST} characters."),
        ],
        filters=[in_one_line],
    )
    description = TextAreaField(
        "What it is about",
        [
            DataRequired("What it is about: please fill this in."),
            Length(
                max=DESCRIPTION_MOST, message=f"What it is about: keep this to {DESCRIPTION_MOST} characters."
            ),
        ],
        filters=[in_one_line],
        render_kw={"rows": 2},
    )
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


class CategoriesFileForm(FlaskForm):
    """Categories in a file."""

    file = FileField("Categories in a file")


def category_values(category: CategoryContent) -> dict[str, Any]:
    """Convert a category to the values of the form's fields."""
    return {name: getattr(category, name) for name in ("name", "description", "slug", "icon")}


def category_from(form: CategoryForm, carried: CategoryContent | None) -> CategoryContent:
    """Convert a valid form to a category, which is new or takes the place of ``carried``; its old address leads to it."""
    name = form.name.data
    slug = form.slug.data or (carried.slug if carried else slugify(name, max_length=80)) or "category"
    written = CategoryContent(slug, name, form.icon.data, form.description.data)
    if carried is None:
        return written
    former = tuple(sorted({carried.slug, *carried.former_slugs} - {slug}))
    return msgspec.structs.replace(written, former_slugs=former)
