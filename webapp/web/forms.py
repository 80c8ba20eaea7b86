"""What forms share: limits on tries, protection from robots without a cookie, and checks of what was typed.

A public form carries a token with a signed time (robots answer faster than people) and a field that people do not see.
Buttons alone, on pages that are cached, carry a token that is the same for everybody: a robot that posts without having
read a page does not have it. That a form comes from our own site is checked for every request in ``http.py``.
"""

import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Response, request
from flask_wtf import FlaskForm
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Field, HiddenField, StringField, ValidationError

from webapp.db.session import db
from webapp.db.writing import writing
from webapp.languages.language import gettext, gettext_noop
from webapp.models import Attempt
from webapp.web import htmx, tokens
from webapp.web.errors import SiteError
from webapp.web.http import PRIVATE

FORGET_AFTER = timedelta(days=1)
LEAST_SECONDS = 2.0
MOST_SECONDS = 24 * 3600.0
_PURPOSE = "form-time"
_PRESS = "press"


def visitor_address() -> str:
    """The visitor's network, from exactly as many proxies as are trusted. Never stored, never logged.

    A visitor with IPv6 has 2^64 addresses, and browsers change theirs every day, so the network counts as one. A server that
    listens on ``::`` sees IPv4 addresses mapped into IPv6, where they would all be in the same network.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return request.remote_addr or "unknown"
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_exceeded(name: str, key: str, limit: int, per: timedelta, now: datetime) -> bool:
    """Count one attempt and say whether there were more than ``limit`` in this window of length ``per``.

    Attempts are counted in the database, where all workers of all machines see them. Call it in ``writing()``, and leave
    that without an exception when the request is refused: the count must stay.
    """
    seconds = int(per.total_seconds())
    window_at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    bucket = hashlib.sha256(f"{name}:{key}".encode()).hexdigest()
    insert = (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(Attempt)
    counted = insert.values(bucket=bucket, window_at=window_at, count=1).on_conflict_do_update(
        index_elements=["bucket", "window_at"], set_={"count": Attempt.count + 1}
    )
    count: int = db.session.execute(counted.returning(Attempt.count)).scalar_one()
    if count == 1:
        db.session.execute(delete(Attempt).where(Attempt.window_at < now - FORGET_AFTER))
    return count > limit


def forget_attempts(name: str, key: str) -> None:
    """Reset the count after a try that was right."""
    bucket = hashlib.sha256(f"{name}:{key}".encode()).hexdigest()
    db.session.execute(delete(Attempt).where(Attempt.bucket == bucket))


def read_large_form(most_bytes: int, too_large: str) -> None:
    """Read a form that may be larger than others, before its view locks the database. Raises SiteError 413."""
    request.max_content_length = request.max_form_memory_size = most_bytes
    try:
        request.form  # noqa: B018  # reads it
    except RequestEntityTooLarge as error:
        raise SiteError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large) from error


def press_token() -> str:
    """The token in a form of buttons: always the same, so that its page can be cached."""
    return tokens.keyed_hash(_PRESS, "")


def check_press() -> None:
    """Refuse a press that did not come from a page of this site; raises SiteError 422."""
    if request.form.get("token") not in tokens.keyed_hashes(_PRESS, ""):
        raise SiteError(422, "Please reload the page, then click the button again.")


class PublicForm(FlaskForm):
    """A form anyone may send. Subclasses add their fields."""

    class Meta:
        csrf = False  # a token of each visitor's own would make public pages impossible to cache

    website = StringField(gettext_noop("Leave this field empty"))
    token = HiddenField()
    is_throttled = False
    press_again = ""  # why a form must be sent once more, though nothing in it may be wrong

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields. A form sent too soon for a person, or from a page that is too old, must be sent once more."""
        age = self.age
        if age is not None and age < LEAST_SECONDS:
            self.press_again = gettext("That was fast, so we need to make sure you’re not a robot.")
        elif age is None or age > MOST_SECONDS:
            self.press_again = gettext("This page has been open for a long time.")
            self.token.data = ""  # the page that is shown now gets a new one
        return super().validate(extra_validators) and not self.press_again

    @property
    def age(self) -> float | None:
        """Seconds since the form was first shown; None without a token that we signed."""
        try:
            return tokens.token_age(_PURPOSE, self.token.data or "", time.time())
        except tokens.TokenError:
            return None

    @property
    def is_robot(self) -> bool:
        """Was the field filled that people do not see?"""
        return bool(self.website.data)


def refusal(form: PublicForm, name: str, limit: int, per: timedelta) -> HTTPStatus | None:
    """Why a sent form is not accepted: 429 after ``limit`` tries in ``per``, 422 for what it says, else None.

    Takes the writer's turn to count the try, so call it before
    ``writing()``. A form without a valid token does not count as a try: its sender is asked to send it again.
    """
    if form.age is None:
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
    """The form's page or fragment with what was typed and a signed time: the first one, so that nobody is too quick twice."""
    form.token.data = form.token.data or tokens.sign(_PURPOSE, "")
    response = htmx.render(template, fragment, status=status, form=form, **context)
    response.headers["Cache-Control"] = PRIVATE
    if form.is_throttled:
        response.headers["Retry-After"] = "60"
    return response


def described(field: Field, hint: str) -> dict[str, str]:
    """The attributes that tie a control to its hint and its error."""
    ids = [f"{field.id}-hint"] if hint else []
    if not field.errors:
        return {"aria-describedby": " ".join(ids)} if ids else {}
    return {"aria-invalid": "true", "aria-describedby": " ".join([*ids, f"{field.id}-error"])}


def normal_address(text: str) -> str:
    """An e-mail address in the form that is stored, lower case; raises EmailNotValidError."""
    found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    return (found.ascii_email or found.normalized).lower()


def mail_address(_form: FlaskForm, field: Field) -> None:
    """Accept only an address that mail can be sent to, and put it in its normal form."""
    try:
        field.data = normal_address(field.data or "")
    except EmailNotValidError as error:
        raise ValidationError(gettext("Enter an email address like name@example.org")) from error


def one_line(_form: FlaskForm, field: Field) -> None:
    """Accept no line break and no tab: this text goes into a header or a list."""
    typed = field.data or ""
    field.data = re.sub(r"[\n\t]", " ", typed)
    if field.data != typed:
        raise ValidationError(gettext("Write this on one line, with letters, digits and symbols only."))
