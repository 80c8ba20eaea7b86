"""The five questions about the reader, for "people like me". The answers are stored nowhere but on the reader's device."""

import re
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice

from webapp.content.people_like_me import COMPLETE, LONGEST, MONTHS, OLDEST, WALKS, Profile
from webapp.languages.language import gettext, gettext_noop
from webapp.models.in_words import capitalized
from webapp.models.people import LEVELS, REGIONS
from webapp.parsing import int_from
from webapp.web import htmx
from webapp.web.http import PROFILE
from webapp.web.reader_profile import asked_profile

bp = Blueprint("profile", __name__)

PLACE = "people-like-me"  # the id of what shows the comparison on a page
_BACK = re.compile(r"/(?:research/[a-z0-9-]+|categories/[a-z0-9-]+|search)")
_SKIP = SelectChoice("", gettext_noop("Skip this question"))


def _levels() -> list[SelectChoice]:
    words = gettext("%(level)s, exact level unknown")
    regions = {name: words % {"level": capitalized(gettext(plain))} for name, plain in REGIONS.items()}
    levels = {level.lower(): level for level in LEVELS}
    return [
        SelectChoice("", gettext(_SKIP.label)),
        *[SelectChoice(name, label) for name, label in (regions | levels).items()],
    ]


class ProfileForm(FlaskForm):
    """Five questions, each of which may be skipped."""

    class Meta:
        csrf = False  # the answers change nothing here, and the page is the same for everybody

    level = SelectField(
        gettext_noop("Where is the injury?"),
        default="",
        choices=_levels,
    )
    complete = RadioField(
        gettext_noop("Is the injury complete?"),
        default="",
        choices=[
            SelectChoice("complete", gettext_noop("Complete (AIS A)")),
            SelectChoice("incomplete", gettext_noop("Incomplete (AIS B, C, or D)")),
            _SKIP,
        ],
    )
    time = StringField(gettext_noop("How long ago was the injury?"))
    unit = SelectField(
        gettext_noop("Years or months"),
        default="y",
        choices=lambda: [SelectChoice("y", gettext("years")), SelectChoice("m", gettext("months"))],
    )
    age = StringField(gettext_noop("How old are you?"))
    walks = RadioField(
        gettext_noop("Can you walk, even a few steps or with help?"),
        default="",
        choices=[
            SelectChoice("walks", gettext_noop("Yes")),
            SelectChoice("nowalk", gettext_noop("No")),
            _SKIP,
        ],
    )

    @classmethod
    def of(cls, profile: Profile | None) -> "ProfileForm":
        """The form with the answers of a profile; without one, everything is skipped."""
        profile = profile or Profile()
        number, unit = profile.time
        return cls(
            formdata=None,
            data={
                "level": (profile.level or "").lower(),
                "complete": next((word for word, one in COMPLETE.items() if one is profile.is_complete), ""),
                "time": f"{number or ''}",
                "unit": unit[0] if number else "y",
                "age": "" if profile.age is None else f"{profile.age}",
                "walks": next((word for word, one in WALKS.items() if one is profile.walks), ""),
            },
        )

    def validate_time(self, field: StringField) -> None:
        if field.data and int_from(field.data.strip(), 1, LONGEST) is None:
            raise ValidationError(
                gettext("Enter a whole number from 1 to %(longest)s, and choose years or months.")
                % {"longest": LONGEST}
            )

    def validate_age(self, field: StringField) -> None:
        if field.data and int_from(field.data.strip(), 0, OLDEST) is None:
            raise ValidationError(gettext("Enter the age in whole years, like 34."))

    @property
    def profile(self) -> Profile:
        """The answers. Validate the form first."""
        level, time = self.level.data, int_from((self.time.data or "").strip())
        return Profile(
            level=(level if level in REGIONS else level.upper()) or None,
            is_complete=COMPLETE.get(self.complete.data),
            months=time and time * (MONTHS if self.unit.data == "y" else 1),
            age=int_from((self.age.data or "").strip()),
            walks=WALKS.get(self.walks.data),
        )


@bp.route("/people-like-me", methods=["GET", "POST"])
def ask() -> Response:
    """Five questions about the reader or the person they care for."""
    if request.method != "POST" or PROFILE in request.form:
        return _show(ProfileForm.of(asked_profile()))
    form = ProfileForm()
    if not form.validate():
        return _show(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    code, plain = form.profile.code, _back()
    if not code:
        return _show(form, HTTPStatus.UNPROCESSABLE_ENTITY, is_empty=True)
    in_address = f"{plain}{'&' if '?' in plain else '?'}{PROFILE}={code}#{PLACE}"
    if htmx.wants_fragment():
        return htmx.tell_script("profile", code=code, back=f"{plain}#{PLACE}", address=in_address)
    return htmx.redirect(in_address)


def _show(form: ProfileForm, status: HTTPStatus = HTTPStatus.OK, *, is_empty: bool = False) -> Response:
    profile = asked_profile()
    return htmx.render(
        "articles/people_like_me.html",
        "profile_form",
        status,
        form=form,
        profile=profile,
        is_empty=is_empty,
        back=_back(),
    )


def _back() -> str:
    """The page that the reader came from, without a profile; the search page if it is none that can compare."""
    asked = urlsplit(request.values.get("back", ""))
    if asked.scheme or asked.netloc or not _BACK.fullmatch(asked.path):
        return url_for("search.search")
    query = urlencode([(name, value) for name, value in parse_qsl(asked.query) if name != PROFILE])
    return f"{asked.path}?{query}" if query else asked.path
