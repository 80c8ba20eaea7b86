"""What the forms of summaries and of answers have in common: kinds of fields, their values, and the form of a draft."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import (
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from webapp.catalog.queries import former_categories, with_new_addresses
from webapp.content.answer_content import Content
from webapp.content.comparison import FieldDifference, word_runs
from webapp.content.identifiers import READERS, date_in
from webapp.content.problems import Problem
from webapp.db.session import db
from webapp.models import Category
from webapp.models.values import Labeled
from webapp.papers.records import LONGEST_TEXT
from webapp.parsing import FIRST_YEAR, LAST_YEAR, date_from, int_from

MOST_ROWS = 40
MOST_ROW_NUMBER = 999
NO_CONTENT = ("form_key", "tab", "adopts", "publish_at", "reason_for_all")
NOT_CHOSEN = SelectChoice("", "Not chosen yet")

whole_address = Regexp(r"https?://\S+$", message="Enter the whole address, like https://example.org/paper.")


def short(label: str, most: int = 300, *validators: Any) -> StringField:
    return StringField(
        label, [Optional(), Length(max=most, message=f"Keep this to {most} characters."), *validators]
    )


def identifier(name: str, label: str, most: int, *validators: Any) -> StringField:
    """A field for an identifier, which is read out of what is typed."""
    field = short(label, most, *validators)
    field.kwargs["filters"] = [lambda typed: typed and (READERS[name](typed) or typed)]
    # A browser would cut off a pasted address at the limit, before it is read.
    field.kwargs["render_kw"] = {"maxlength": False}
    return field


def long(label: str, *validators: Any, rows: int = 2) -> TextAreaField:
    too_long = Length(max=LONGEST_TEXT, message=f"Keep this to {LONGEST_TEXT:,} characters.")
    return TextAreaField(label, [Optional(), too_long, *validators], render_kw={"rows": rows})


def typed_date(label: str, *validators: Any) -> StringField:
    """A field for a date, which may be typed as people write it, such as 3 March 2024."""
    field = short(label, 30, *validators)
    field.kwargs["filters"] = [_date_in_numbers]
    field.kwargs["render_kw"] = {"maxlength": False}  # as for an identifier
    return field


def _date_in_numbers(typed: str | None) -> str | None:
    """Convert a date to ISO 8601; one of which a part would be lost, such as February 31, stays as it was typed."""
    found = date_in(typed or "")
    return found if len(re.findall(r"\w+", typed or "")) == len(found.split("-")) and found else typed


def choice(label: str, kind: type[Labeled], *others: SelectChoice) -> SelectField:
    return SelectField(
        label,
        choices=[*others, *(SelectChoice(one.value, one.label[0].upper() + one.label[1:]) for one in kind)],
    )


def check_day(_form: Form, field: StringField) -> None:
    """A whole day in ISO 8601, or nothing."""
    if field.data and date_from(field.data) is None:
        raise ValidationError(
            f"Enter the date as year, month and day, like 2026-03-14, from the year {FIRST_YEAR} to {LAST_YEAR}."
        )


class Rows(FieldList):
    """The rows of a list. WTForms itself would read "²" as the number of a row, and fail."""

    def _extract_indices(self, prefix: str, formdata: MultiDict[str, str]) -> Iterator[int]:
        for name in formdata:
            number = int_from(name.removeprefix(f"{prefix}-").partition("-")[0], high=MOST_ROW_NUMBER)
            if number is not None and name.startswith(f"{prefix}-"):
                yield number


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


def problems_in(form: DraftForm) -> list[Problem]:
    """Problems found by validating the form, in the order of its fields."""
    return [Problem(field.id, str(field.errors[0])) for field in _single_fields(form) if field.errors]


def attach(form: DraftForm, problems: Sequence[Problem]) -> None:
    """Attach each problem to its field, which shows it."""
    first = {problem.field: problem.message for problem in reversed(problems)}
    for field in _single_fields(form):
        if field.id in first:
            field.errors = [first[field.id]]


def _single_fields(form: Form) -> Iterator[Field]:
    """Every control of the form, including those in rows and in the paper's part."""
    for field in form:
        for one in field if isinstance(field, FieldList) else [field]:
            if isinstance(one, FormField):
                yield from _single_fields(one.form)
            else:
                yield one


def changed_fields(before: BaseForm, after: BaseForm) -> list[FieldDifference]:
    """The fields in which two forms differ, with their words; the values of a list are on a line each."""
    return [
        FieldDifference(new.name, new.label.text, word_runs(_words_in(old), _words_in(new)))
        for old, new in zip(before, after, strict=True)
        if not isinstance(new, HiddenField) and _words_in(old) != _words_in(new)
    ]


def _words_in(field: Field) -> str:
    return "\n".join(field.data) if isinstance(field.data, list) else str(field.data or "")
