"""The form of a page of the site: converts a page to fields and back. The sources have a line each."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length, Optional

from webapp.catalog.site_pages import LEDE_MOST, LINE_MOST, SOURCES_MOST, TEXT_MOST, SitePage
from webapp.editor.draft_form import lines_in
from webapp.editor.fields import check_day, typed_date
from webapp.parsing import clean_text, date_from, in_one_line, int_from

_ONE_LINE = ("title", "description", "lede", "origin")


def _needed(label: str, most: int, rows: int = 0) -> StringField:
    missing = DataRequired(f"{label}: please fill this in.")
    too_long = Length(max=most, message=f"{label}: keep this to {most:,} characters.")
    kind = TextAreaField if rows else StringField
    return kind(label, [missing, too_long], render_kw={"rows": rows} if rows else {})


class PageForm(FlaskForm):
    """Everything that a page says. ``number``: of the text that it was written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    title = _needed("Title", LINE_MOST)
    lede = _needed("First sentence", LEDE_MOST, rows=2)
    text = _needed("Text", TEXT_MOST, rows=30)
    description = _needed("For search engines", LEDE_MOST, rows=2)
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


class PageFileForm(FlaskForm):
    """A page in a file."""

    file = FileField("A page in a file")


def page_values(page: SitePage) -> dict[str, Any]:
    """Convert a page to the values of the form's fields."""
    return {name: getattr(page, name) for name in (*_ONE_LINE, "text")} | {
        "text": page.text.strip(),
        "sources": "\n".join(page.sources),
        "checked_on": page.checked_on.isoformat() if page.checked_on else "",
    }


def page_from(form: PageForm) -> SitePage:
    """Convert a valid form to a page."""
    return SitePage(
        **{name: in_one_line(form[name].data) for name in _ONE_LINE},
        text=clean_text(form.text.data).strip() + "\n",
        sources=tuple(lines_in(clean_text(form.sources.data or ""))),
        checked_on=date_from(form.checked_on.data or ""),
    )
