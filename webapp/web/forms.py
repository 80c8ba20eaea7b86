"""What every public form shares: other sites are refused, robots slowed down, without a cookie or a token for each visitor.

A form is protected by the browser's own statement of where a request comes from, a token with a signed time (robots
answer faster than people), and a field that people do not see. Buttons alone, on pages that are
cached, carry a token that is the same for everybody: a robot that posts without having read a page does not have it.
"""

import time
import unicodedata
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import Response, current_app, request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, ValidationError

from webapp.db.writing import writing
from webapp.web import htmx, tokens
from webapp.web.errors import SiteError
from webapp.web.responses import never_store
from webapp.web.throttle import is_exceeded, visitor_address

LEAST_SECONDS = 2.0
MOST_SECONDS = 24 * 3600.0
_PURPOSE = "form-time"
_PRESS = "press"
UNPRINTABLE = ("Cc", "Cs", "Cn", "Zl", "Zp")


def check_same_site() -> None:
    """Refuse a POST that another site's page caused; raises SiteError 403.

    Accepts ``Sec-Fetch-Site: same-origin``, else an Origin that is our own, else our own Referer.
    """
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        is_ours = fetch_site in ("same-origin", "none")
    else:
        source = request.headers.get("Origin") or request.headers.get("Referer") or ""
        is_ours = urlsplit(source).netloc in (request.host, urlsplit(current_app.config["SITE_URL"]).netloc)
    if not is_ours:
        raise SiteError(
            403, "This form was sent from another place. Open the page on our site and send it from there."
        )


def press_token() -> str:
    """The token in a form of buttons: always the same, so that its page can be cached."""
    return tokens.keyed_hash(_PRESS, "")


def check_press() -> None:
    """Refuse a press that did not come from a page of this site; raises SiteError 403 or 422."""
    check_same_site()
    if not tokens.is_hash_of(_PRESS, "", request.form.get("token", "")):
        raise SiteError(422, "Please open the page once more, then press the button again.")


class PublicForm(FlaskForm):
    """A form anyone may send. Subclasses add their fields."""

    class Meta:
        csrf = False  # a token of each visitor's own would make public pages impossible to cache

    website = StringField("Leave this field empty")
    token = HiddenField()
    is_throttled = False

    def validate_token(self, _: HiddenField) -> None:
        """Too fast for a person, or from a page left open for a day: ask to press the button again."""
        if not self.is_ours or not LEAST_SECONDS <= self._age() <= MOST_SECONDS:
            raise ValidationError("Please check what you entered and press the button once more.")

    @property
    def is_ours(self) -> bool:
        """Does the form carry a token that we signed, however long ago?"""
        try:
            self._age()
        except tokens.TokenError:
            return False
        return True

    def _age(self) -> float:
        return tokens.token_age(_PURPOSE, self.token.data or "", time.time())

    @property
    def is_robot(self) -> bool:
        """Was the field filled that people do not see?"""
        return bool(self.website.data)


def refusal(form: PublicForm, name: str, limit: int, per: timedelta) -> HTTPStatus | None:
    """Why a sent form is not accepted: 429 after ``limit`` tries in ``per``, 422 for what it says, else None.

    Raises SiteError 403 for a form that another site sent. Takes the writer's turn to count the try, so call it before
    ``writing()``. A form without a valid token does not count as a try: its sender is asked to send it again.
    """
    check_same_site()
    if not form.is_ours:
        form.validate()
        return HTTPStatus.UNPROCESSABLE_ENTITY
    with writing() as now:
        form.is_throttled = is_exceeded(name, visitor_address(), limit, per, now)
    if form.is_throttled:
        return HTTPStatus.TOO_MANY_REQUESTS
    return None if form.validate() else HTTPStatus.UNPROCESSABLE_ENTITY


def show(
    template: str, fragment: str, form: PublicForm, status: int = HTTPStatus.OK, **context: Any
) -> Response:
    """The form's page or fragment with a fresh signed time and what was typed."""
    form.token.data = tokens.sign(_PURPOSE, tokens.new_secret())
    response = never_store(htmx.render(template, fragment, status=status, form=form, **context))
    if form.is_throttled:
        response.headers["Retry-After"] = "60"
    return response


def normal_address(text: str) -> str:
    """An e-mail address in the form that is stored, lower case; raises EmailNotValidError."""
    found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    return (found.ascii_email or found.normalized).lower()


def mail_address(_form: FlaskForm, field: Field) -> None:
    """Accept only an address that mail can be sent to, and put it in its normal form."""
    try:
        field.data = normal_address(field.data or "")
    except EmailNotValidError as error:
        field.data = _printable(field.data or "", keep="")
        raise ValidationError("Enter an email address like name@example.org") from error


def one_line(_form: FlaskForm, field: Field) -> None:
    """Accept no line break and no other control character: this text goes into a header or a list."""
    _check_printable(field, "", "Write this on one line, with letters, figures and signs only.")


def plain_text(_form: FlaskForm, field: Field) -> None:
    """Accept line breaks and tabs, but no other control character."""
    field.data = (field.data or "").replace("\r\n", "\n")
    _check_printable(field, "\n\t", "Write with letters, figures and signs only.")


def _check_printable(field: Field, keep: str, sentence: str) -> None:
    typed = field.data or ""
    field.data = _printable(typed, keep)
    if field.data != typed:
        raise ValidationError(sentence)


def _printable(text: str, keep: str) -> str:
    """The text with a space for each control character: HTML cannot show one in the form that comes back."""
    return "".join(
        " " if unicodedata.category(char) in UNPRINTABLE and char not in keep else char for char in text
    )
