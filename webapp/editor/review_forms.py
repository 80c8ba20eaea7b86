"""The form that asks for a review, and the one that answers it."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Form, FormField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from webapp.accounts.editors import find_editor
from webapp.editor.fields import long
from webapp.models import Opinion, PartReview
from webapp.models.values import ReviewerKind
from webapp.parsing import member_from
from webapp.publishing.sign_offs import ALL_PARTS
from webapp.web.forms import mail_address, one_line

SIGNS_IN_EDITOR = "They sign in, open this card and sign it there."


def stripped(text: str | None) -> str:
    return (text or "").strip()


class AskForm(FlaskForm):
    """Asks somebody for a review of one revision; the view fills in the choices."""

    reviewer = SelectField("Reviewer", default="")
    name = StringField("Name", [Length(max=120), one_line], filters=[stripped])
    email = EmailField("Email", [Optional(), mail_address])
    kind = SelectField("They are a …", choices=[SelectChoice(one.value, one.label) for one in ReviewerKind])
    revision = SelectField("Version", coerce=int)
    question = long("What should they look at?")

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields; somebody without an account needs a name and an address that is not an editor's."""
        is_valid: bool = super().validate(extra_validators)
        may_choose = "reviewer" in self
        if not is_valid or (may_choose and self.reviewer.data):
            return is_valid
        instead = ", or choose an account" if may_choose else ""
        if not self.name.data:
            self.name.errors = [f"Enter their name{instead}."]
        if not self.email.data:
            self.email.errors = [f"Enter their email address{instead}."]
        elif find_editor(self.email.data):
            use = "An admin can add that they may be asked for reviews." if may_choose else SIGNS_IN_EDITOR
            self.email.errors = [f"This person has an account. {use}"]
        return not (self.name.errors or self.email.errors)


class PartForm(Form):
    """The opinion about one part."""

    opinion = RadioField(
        choices=[SelectChoice(one.value, one.label) for one in Opinion],
        validators=[Optional()],
        validate_choice=False,
    )
    text = long("What should change?")


class ReviewForm(FlaskForm):
    """A review: an opinion on each part, and a signature if the reviewer agrees with the text as a whole."""

    class Meta:
        # The address of the page is a secret, and the views of editors check the token of the session.
        csrf = False

    agrees = BooleanField()
    name = StringField("Name, as readers should see it", [Length(max=120), one_line], filters=[stripped])
    role = StringField(
        "Profession or title, as readers should see it", [Length(max=120), one_line], filters=[stripped]
    )
    keeps_name = BooleanField("Keep my name on this text if my account is closed")

    def parts(self, shown: list[str]) -> list[PartReview]:
        """The opinions given about these parts. A text without one says what should change."""
        rows = {part: self[part].form for part in shown}
        texts = {part: stripped(row.text.data) for part, row in rows.items()}
        return [
            PartReview(part, opinion, texts[part])
            for part, row in rows.items()
            if (opinion := member_from(Opinion, row.opinion.data) or (texts[part] and Opinion.CHANGE))
        ]

    def is_complete(self, shown: list[str]) -> bool:
        """Check the fields, and whether the review can be sent; with a signature, whether it can be signed."""
        if not self.validate():
            return False
        given = self.parts(shown)
        if not given:
            self[shown[0]].form.opinion.errors = ["Please answer at least one part."]
        if empty := [one.part for one in given if one.opinion is Opinion.CHANGE and not one.text]:
            self[empty[0]].form.text.errors = ["Say what should change, or choose another answer."]
            return False
        if not self.agrees.data:
            return bool(given)
        if missing := [part for part in shown if part not in {one.part for one in given}]:
            self[missing[0]].form.opinion.errors = ["Please answer this part, too, before you sign."]
        elif any(one.opinion is Opinion.CHANGE for one in given):
            self.agrees.errors = [
                "You want something changed, so you can’t sign this version. Uncheck this and send your review. We’ll ask you again."
            ]
        elif not any(one.opinion is Opinion.AGREE for one in given):
            self.agrees.errors = ["To sign, please agree with at least one part."]
        if not self.name.data:
            self.name.errors = ["Enter your name as readers should see it."]
        return not (missing or self.agrees.errors or self.name.errors)


for _part in ALL_PARTS:
    setattr(ReviewForm, _part, FormField(PartForm))
