"""The form of the publish sheet: why a text that readers see was changed, and whether that corrects a mistake."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import TextInput

from webapp.models import Draft
from webapp.parsing import int_from

YES, NO = "yes", "no"
LONGEST_REASON = 1_000


class PublishForm(FlaskForm):
    """What is asked of a changed text; ``revision`` is the newest one when the sheet was shown."""

    revision = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    reason = TextAreaField(
        "Why did you change it?",
        [
            DataRequired("Say in a sentence why you changed it."),
            Length(max=LONGEST_REASON, message=f"Keep this to {LONGEST_REASON:,} characters."),
        ],
        filters=[lambda typed: (typed or "").strip()],
    )
    correction = RadioField(
        "Does it correct a mistake?",
        [InputRequired("Say whether it corrects a mistake.")],
        choices=[SelectChoice(YES, "Yes, a correction"), SelectChoice(NO, "No, only clearer or newer words")],
    )
    publish_at = StringField("Publish at", [Optional()], widget=TextInput("datetime-local"))

    @classmethod
    def of(cls, draft: Draft, **filled: Any) -> "PublishForm":
        """Make the form for a draft, with what was typed before."""
        correction = YES if draft.is_correction else None
        stored = {
            "revision": draft.revision_number,
            "reason": draft.change_note,
            "correction": correction,
        }
        return cls(**filled, data=stored)

    @property
    def is_correction(self) -> bool:
        return bool(self.correction.data == YES)
