"""Forms of texts that readers see as soon as they are saved: what all of them have in common."""

from collections.abc import Callable, Sequence

from flask import Response, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webapp.content.comparison import FieldDifference
from webapp.parsing import int_from
from webapp.publishing.saved_texts import TextRefused
from webapp.web import htmx


class SavedForm(FlaskForm):
    """The form of such a text. ``number``: of the text that it was written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])


def needed(
    label: str, most: int, *, rows: int = 0, filters: Sequence[Callable[[str | None], str]] = ()
) -> StringField:
    """A field that may not be empty, on one line or with so many rows."""
    missing = DataRequired(f"{label}: please fill this in.")
    too_long = Length(max=most, message=f"{label}: keep this to {most:,} characters.")
    kind = TextAreaField if rows else StringField
    return kind(label, [missing, too_long], filters=filters, render_kw={"rows": rows} if rows else {})


def sent_file() -> bytes:
    """The file that was sent in place of a form. Raises TextRefused."""
    sent = request.files.get("file")
    if not sent:
        raise TextRefused("Choose a file.")
    return sent.stream.read()


def show_changes(
    trail: list[tuple[str, str]], number: int, differences: list[FieldDifference], note: str = ""
) -> Response:
    """Show what the text with this number changed."""
    return htmx.render(
        "editor/saved_changes.html", trail=trail, number=number, differences=differences, note=note
    )
