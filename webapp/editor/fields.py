"""The kinds of fields that the authoring form is made of."""

import re
from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    Field,
    FieldList,
    Form,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import Length, Optional, Regexp

from webapp.content.comparison import Difference, word_runs
from webapp.content.identifiers import READERS, date_in
from webapp.models.values import Labeled
from webapp.papers.records import LONGEST_TEXT
from webapp.parsing import FIRST_YEAR, LAST_YEAR, date_from, int_from

MOST_ROW_NUMBER = 999
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


def changed_fields(before: BaseForm, after: BaseForm) -> list[Difference]:
    """The fields in which two forms differ, with their words; the values of a list are on a line each."""
    return [
        Difference(new.name, new.label.text, word_runs(_words_in(old), _words_in(new)))
        for old, new in zip(before, after, strict=True)
        if not isinstance(new, HiddenField) and _words_in(old) != _words_in(new)
    ]


def _words_in(field: Field) -> str:
    return "\n".join(field.data) if isinstance(field.data, list) else str(field.data or "")
