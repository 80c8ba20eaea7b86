"""Forms for signing in, for one's own account, and for the admins."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Regexp

from webapp.config import TIME_ZONES
from webapp.models import Editor, Role
from webapp.models.values import ReviewerKind
from webapp.web.forms import mail_address, one_line


class SignInForm(FlaskForm):
    """The first step of signing in. A script fills in the time zone of the browser."""

    email = EmailField("Email", [InputRequired("Enter your email address.")])
    password = PasswordField("Password", [InputRequired("Enter your password.")])
    time_zone = HiddenField(filters=[lambda name: name if name in TIME_ZONES else None])


class CodeForm(FlaskForm):
    """The second step of signing in; ``wrong`` is the error message for an invalid code."""

    code: StringField
    wrong = ""


class AppCodeForm(CodeForm):
    code = StringField("Code from your app", [InputRequired("Enter the 6 digits that the app shows.")])
    wrong = "That code is wrong or was used before. Wait for the next one, and enter it."


class RecoveryCodeForm(CodeForm):
    """A recovery code, for somebody without the app."""

    code = StringField("Recovery code", [InputRequired("Enter one of your recovery codes.")])
    wrong = "That’s not one of your codes, or it was used before. Check it, or use another one."


class PasskeyForm(CodeForm):
    """What a device signed with a passkey, filled in by a script."""

    code = HiddenField(
        "Passkey",
        [InputRequired("Your browser can’t use passkeys here. They need JavaScript and a current browser.")],
    )
    wrong = "That passkey didn’t work. Please try again, or sign in another way."


def _own_password(element_id: str) -> PasswordField:
    return PasswordField("Your password", [InputRequired("Enter your current password.")], id=element_id)


class NewPasskeyForm(FlaskForm):
    """The first step of adding a passkey."""

    name = StringField(
        "Name of the device", [DataRequired("Give the device a name."), Length(max=60), one_line]
    )
    password = _own_password("passkey-password")


class RemovePasskeyForm(FlaskForm):
    """Removes the chosen passkey; the view fills in the choices."""

    passkey = SelectField("Passkey", coerce=int)
    password = _own_password("remove-password")


class SetUpForm(FlaskForm):
    """Turns the second factor on."""

    code = StringField("Code from your app", [InputRequired("Enter the 6 digits that the app shows.")])
    password = _own_password("password")


class TurnOffForm(FlaskForm):
    """Turns the second factor off."""

    code = StringField(
        "Code from your app, or a recovery code",
        [InputRequired("Enter a code from your app.")],
        id="off-code",
    )
    password = _own_password("off-password")


class NewCodesForm(FlaskForm):
    password = _own_password("codes-password")


class ForgottenForm(FlaskForm):
    """Asks for a link to set a new password."""

    email = EmailField(
        "Email",
        [
            InputRequired("Enter your email address."),
            Length(max=254),
            Regexp(r"\s*[^@\s<>]+@[^@\s<>]+\s*$", message="Enter an email address like name@example.org"),
        ],
    )


class NewPasswordForm(FlaskForm):
    """The first password of an account, or one that replaces a forgotten one."""

    new = PasswordField("New password", [InputRequired("Enter a new password.")])


class RoleForm(FlaskForm):
    """What an editor may do, and whether colleagues can ask for their review."""

    role = SelectField("Role", choices=[SelectChoice(value=role.value, label=role.label) for role in Role])
    reviewer_kind = SelectField(
        "Can be asked for reviews as",
        default="",
        choices=[
            SelectChoice("", "Nothing: not asked for reviews"),
            *(SelectChoice(kind.value, kind.label) for kind in ReviewerKind),
        ],
    )
    printed_role = StringField("Profession or title, as readers see it", [Length(max=120), one_line])

    def validate_reviewer_kind(self, field: SelectField) -> None:
        if self.role.data == Role.REVIEWER and not field.data:
            raise ValidationError("Choose what a reviewer is asked as.")

    def fill(self, editor: Editor) -> None:
        """Write what was chosen to an account."""
        editor.role = Role(self.role.data)
        editor.reviewer_kind = ReviewerKind(self.reviewer_kind.data) if self.reviewer_kind.data else None
        editor.printed_role = (self.printed_role.data or "").strip() or None


class InviteForm(RoleForm):
    """Adds an editor, who gets a link to choose a password."""

    name = StringField("Name", [DataRequired("Enter the person’s name."), Length(max=120), one_line])
    email = EmailField("Email", [InputRequired("Enter their email address."), mail_address])


class PasswordForm(FlaskForm):
    """Changes one's own password."""

    current = PasswordField("Current password", [InputRequired("Enter your current password.")])
    new = PasswordField("New password", [InputRequired("Enter a new password.")])


class TimeZoneForm(FlaskForm):
    """Sets the time zone in which times are shown and entered."""

    time_zone = SelectField("Time zone", choices=[SelectChoice(value=name) for name in sorted(TIME_ZONES)])
