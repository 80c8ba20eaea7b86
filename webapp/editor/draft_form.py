"""What the forms of summaries and of answers have in common: the tab they are typed into, categories, and publishing."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import FieldList, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from webapp.catalog.queries import former_categories, with_new_addresses
from webapp.content.answer_content import Content
from webapp.db.session import db
from webapp.editor.fields import NOT_CHOSEN, short
from webapp.models import Category
from webapp.parsing import int_from

MOST_ROWS = 40
NO_CONTENT = ("form_key", "tab", "adopts", "publish_at", "reason_for_all")


class DraftForm(FlaskForm):
    """A text that an editor writes.

    ``revision`` is the number of the revision that the text was written on, 0 for a text that was never saved. ``merge_base``
    is, in a conflict, the revision that both texts grew from.
    """

    revision = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    merge_base = HiddenField(filters=[lambda sent: int_from(str(sent))])
    form_key = HiddenField()
    tab = HiddenField()
    adopts = HiddenField()

    categories = SelectMultipleField("Categories", widget=ListWidget(), option_widget=CheckboxInput())
    main_category = SelectField("Main category")

    publish_at = StringField("Publish at", [Optional()], widget=TextInput("datetime-local"))
    reason_for_all = short("One reason for all warnings", 500)

    def set_choices(self) -> None:
        """Offer the categories of the site; one that got another address since the form was opened is chosen by that."""
        self.categories.choices = [SelectChoice(*pair) for pair in category_choices()]
        self.main_category.choices = [NOT_CHOSEN, *self.categories.choices]
        chosen = [*(self.categories.data or []), *filter(None, [self.main_category.data])]
        if set(chosen) - {choice.value for choice in self.categories.choices}:
            moved = former_categories()
            self.categories.data = with_new_addresses(self.categories.data or [], moved)
            self.main_category.data = moved.get(self.main_category.data, self.main_category.data)

    def chosen_categories(self, carried: Content) -> list[str]:
        """The main category first, then those chosen before in their order, then the new ones."""
        chosen = list(self.categories.data or [])
        before = [slug for slug in carried.categories if slug in chosen]
        return list(dict.fromkeys([*filter(None, [self.main_category.data]), *before, *chosen]))


def category_choices() -> list[tuple[str, str]]:
    """Slug and name of every category, in the order of the site."""
    return [(row.slug, row.name) for row in db.session.scalars(select(Category).order_by(Category.position))]


def category_values(content: Content) -> dict[str, Any]:
    """Convert the categories of a content to the values of their fields."""
    return {
        "categories": list(content.categories),
        "main_category": content.categories[0] if content.categories else "",
    }


def rows_of(entries: FieldList, kind: type[Any]) -> list[Any]:
    """The rows of a list that are not empty."""
    rows = [{name: (value or "").strip() for name, value in entry.data.items()} for entry in entries]
    return [kind(**row) for row in rows if any(row.values())]


def lines(texts: Iterable[str | None]) -> list[str]:
    """The texts that are not empty."""
    return [line for text in texts if (line := (text or "").strip())]


def lines_in(text: str | None) -> list[str]:
    """The lines of a text that are not empty."""
    return lines((text or "").splitlines())


def texts_in(form: BaseForm, names: Iterable[str]) -> dict[str, str]:
    """What these fields of a form say, without the spaces around it."""
    return {name: (form[name].data or "").strip() for name in names}


def day_text(day: date | None) -> str:
    """A day as its field shows it; empty if there is none."""
    return day.isoformat() if day else ""
