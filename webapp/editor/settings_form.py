"""The form of the site's settings: converts them to fields and back."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import FieldList, HiddenField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from webapp.catalog.answers import ids_of
from webapp.models import Answer
from webapp.parsing import in_one_line, int_from
from webapp.web.site_settings import (
    ASKED_COUNT,
    LINE_MOST,
    NAME_MOST,
    SHORT_NAME_MOST,
    TEXT_MOST,
    SiteSettings,
)

TEXTS = ("name", "short_name", "strapline", "welcome", "mission", "run_by")
_NOT_CHOSEN = SelectChoice("", "The next one in the alphabet")


def _text(label: str, most: int, *, is_long: bool = False, is_needed: bool = True) -> StringField:
    needed = DataRequired(f"{label}: please fill this in.") if is_needed else Optional()
    too_long = Length(max=most, message=f"{label}: keep this to {most} characters.")
    kind = TextAreaField if is_long else StringField
    return kind(label, [needed, too_long], filters=[in_one_line], render_kw={"rows": 3} if is_long else {})


def slug_in(sent: str | None) -> str:
    """The last part of an address, or a slug as it is."""
    return unquote(urlsplit((sent or "").strip()).path).rstrip("/").rpartition("/")[2][:200]


class SettingsForm(FlaskForm):
    """What the site says of itself. ``number``: of the settings that these were written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    name = _text("Name of the site", NAME_MOST)
    short_name = _text("Short name", SHORT_NAME_MOST)
    strapline = _text("Headline of the home page", LINE_MOST)
    welcome = _text("Welcome", TEXT_MOST, is_long=True)
    mission = _text("Mission", TEXT_MOST, is_long=True)
    run_by = _text("Who runs the site", TEXT_MOST, is_needed=False)
    lead = StringField("First summary on the home page", [Optional()], filters=[slug_in])
    asked_most = FieldList(
        SelectField("Question"),
        "Questions on the home page",
        min_entries=ASKED_COUNT,
        max_entries=ASKED_COUNT,
    )

    def set_answers(self, answers: Iterable[Answer], chosen: Iterable[str]) -> None:
        """Offer the published answers as the questions of the home page, and those chosen before that are withdrawn now."""
        questions = {answer.slug: answer.question for answer in answers}
        questions = {slug: f"{slug} (not on the site)" for slug in chosen} | questions
        choices = [_NOT_CHOSEN, *(SelectChoice(*pair) for pair in questions.items())]
        for field in self.asked_most:
            field.choices = choices

    def validate_lead(self, field: StringField) -> None:
        """The summary exists."""
        if field.data and not ids_of([field.data]):
            raise ValidationError("We have no summary at this address. Copy it from the summary’s page.")


class LogoForm(FlaskForm):
    """A picture for the head of all pages."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    logo = FileField("Logo")


class SettingsFileForm(FlaskForm):
    """Settings in a file."""

    file = FileField("Settings in a file")


def settings_values(settings: SiteSettings) -> dict[str, Any]:
    """Convert settings to the values of the form's fields."""
    asked = list(settings.asked_most)[:ASKED_COUNT]
    return {name: getattr(settings, name) for name in (*TEXTS, "lead")} | {
        "asked_most": asked + [""] * (ASKED_COUNT - len(asked))
    }


def settings_from(form: SettingsForm, carried: SiteSettings) -> SiteSettings:
    """Convert a valid form to settings; what has no field comes from ``carried``."""
    return msgspec.structs.replace(
        carried,
        **{name: form[name].data for name in (*TEXTS, "lead")},
        asked_most=tuple(dict.fromkeys(filter(None, form.asked_most.data))),
    )
