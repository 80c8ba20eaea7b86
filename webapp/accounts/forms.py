"""The forms of signing in and of one's own account."""

from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired


class SignInForm(FlaskForm):
    """Address and password."""

    email = EmailField("Email", [InputRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Enter your password.")])


class PasswordForm(FlaskForm):
    """The password so far, and the new one."""

    current = PasswordField("Password so far", [InputRequired("Enter the password you use now.")])
    new = PasswordField("New password", [InputRequired("Enter a new password.")])


class TimeZoneForm(FlaskForm):
    """The time zone in which times are shown and entered."""

    time_zone = SelectField(
        "Time zone", choices=[SelectChoice(value=name) for name in sorted(available_timezones())]
    )
