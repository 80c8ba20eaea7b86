"""The form of a safety card: converts a card to fields and back. Lists have a line for each entry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from webapp.editor.draft_form import lines_in, texts_in
from webapp.editor.fields import check_day, long
from webapp.parsing import date_from, int_from
from webapp.safety.cards import Action, Card, Source
from webapp.safety.triggers import TriggerWords

SEPARATOR = " | "
_TEXTS = ("label", "title", "what", "who", "tell", "note")
_LISTS = ("signs", "do_now", "call_now", "call_soon", "do_not")
_TRIGGERS = TriggerWords.__struct_fields__


def _needed(label: str, most: int = 2_000) -> TextAreaField:
    missing = DataRequired(f"{label}: please fill this in.")
    too_long = Length(max=most, message=f"Keep this to {most:,} characters.")
    return TextAreaField(label, [missing, too_long], render_kw={"rows": 3})


class SafetyForm(FlaskForm):
    """Everything that a card says. ``number``: of the text that it was written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    label = StringField("Short name", [DataRequired("Give the card a short name."), Length(max=60)])
    title = StringField("Title", [DataRequired("Give the card a title."), Length(max=200)])
    do_now = _needed("Do this now")
    call_now = _needed("Call now if")
    call_soon = long("Call soon", rows=3)
    actions = long("Buttons", rows=3)
    note = long("Note under the numbers")
    tell = _needed("Say this to the crew or the doctor")
    do_not = long("Don’t", rows=3)
    what = _needed("What it is")
    signs = long("Signs", rows=3)
    who = _needed("Who is at risk")
    sources = _needed("Sources", 10_000)
    checked_on = StringField("Sources last checked on", [DataRequired("Enter the date."), check_day])
    now = long("Words that show the whole card", rows=6)
    sets = long("Words that show it wherever they stand", rows=6)
    typos = long("Misspelled words that show it", rows=4)
    line = long("Words that show one line", rows=4)
    never = long("Words that don’t show the whole card", rows=4)

    def validate_sources(self, field: TextAreaField) -> None:
        """Each line names an owner and a title."""
        for cells in _rows(field.data):
            if not 2 <= len(cells) <= 4 or not all(cells[:2]):  # noqa: PLR2004 - the four cells of a source
                raise ValidationError(f"“{cells[0]}”: write the owner, the title, the link and the date.")

    def validate_actions(self, field: TextAreaField) -> None:
        """Each line has a label and where it leads."""
        for cells in _rows(field.data):
            if not 2 <= len(cells) <= 3 or not all(cells[:2]):  # noqa: PLR2004 - the three cells of a button
                raise ValidationError(f"“{cells[0]}”: write the label, the link and the countries.")

    def validate_checked_on(self, field: StringField) -> None:
        """Nobody has checked anything tomorrow."""
        day = date_from(field.data or "")
        if day and day > datetime.now(UTC).date():
            raise ValidationError("This date is in the future.")


def card_values(card: Card) -> dict[str, Any]:
    """Convert a card as it was written to the values of the form's fields."""
    sources = (_line(one.owner, one.title, one.address, one.dated) for one in card.sources)
    actions = (_line(one.label, one.address, " ".join(one.countries)) for one in card.actions)
    return {
        **{name: getattr(card, name) for name in _TEXTS},
        **{name: "\n".join(getattr(card, name)) for name in _LISTS},
        **{name: "\n".join(getattr(card.triggers, name)) for name in _TRIGGERS},
        "sources": "\n".join(sources),
        "actions": "\n".join(actions),
        "checked_on": card.checked_on.isoformat(),
    }


def card_from(form: SafetyForm, carried: Card) -> Card:
    """Convert a valid form to a card; what has no field comes from ``carried``."""
    return msgspec.structs.replace(
        carried,
        **texts_in(form, _TEXTS),
        **{name: tuple(lines_in(form[name].data)) for name in _LISTS},
        triggers=TriggerWords(**{name: tuple(lines_in(form[name].data)) for name in _TRIGGERS}),
        sources=tuple(Source(*cells) for cells in _rows(form.sources.data)),
        actions=tuple(
            Action(label, address, tuple(" ".join(countries).split()))
            for label, address, *countries in _rows(form.actions.data)
        ),
        checked_on=date_from(form.checked_on.data or ""),
    )


def _line(*cells: str) -> str:
    return SEPARATOR.join(cells).rstrip(SEPARATOR)


def _rows(text: str | None) -> Iterator[list[str]]:
    """The cells of each line that is not empty."""
    for line in lines_in(text):
        yield [cell.strip() for cell in line.split(SEPARATOR.strip())]
