"""What every public form shares: refuse other sites, slow down robots, no cookie and no per-person token.

A form is protected by the browser's own statement of where a request comes from, a signed time (robots answer
faster than people), and a field that people do not see.
"""

import time
from urllib.parse import urlsplit

from flask import current_app, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, ValidationError

from webapp import tokens
from webapp.errors import SiteError

LEAST_SECONDS = 2.0
MOST_SECONDS = 24 * 3600.0
_PURPOSE = "form-time"


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
        raise SiteError(403, "This form was sent from another place. Open the page on our site and send it from there.")


class PublicForm(FlaskForm):
    """A form anyone may send. Subclasses add their fields."""

    class Meta:
        csrf = False  # a token of each visitor's own would make public pages impossible to cache

    website = StringField("Leave this field empty")
    time_token = HiddenField()

    def renew_time_token(self) -> None:
        """Put a fresh signed time into the form; call when it is shown."""
        self.time_token.data = tokens.sign(_PURPOSE, "")

    def validate_time_token(self, field: HiddenField) -> None:
        """Too fast for a person, or from a page left open for a day: ask to press the button again."""
        try:
            age = tokens.token_age(_PURPOSE, field.data or "", time.time())
        except tokens.TokenError:
            age = -1.0
        if not LEAST_SECONDS <= age <= MOST_SECONDS:
            raise ValidationError("Please check what you entered and press the button once more.")

    @property
    def is_robot(self) -> bool:
        """Was the field filled that people do not see?"""
        return bool(self.website.data)
