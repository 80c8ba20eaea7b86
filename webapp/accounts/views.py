"""Signing in and out, and one's own account."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for

from webapp import door, htmx
from webapp.accounts import access, editors
from webapp.accounts.forms import PasswordForm, SignInForm, TimeZoneForm
from webapp.accounts.passwords import PasswordRefused
from webapp.extensions import csrf, db
from webapp.public_forms import check_same_site
from webapp.throttle import forget, is_exceeded, visitor_address

bp = Blueprint("accounts", __name__)
door.protect(bp, is_secret=True, open_to_all=("accounts.sign_in", "accounts.do_sign_in", "accounts.sign_out"))

WINDOW = timedelta(minutes=5)
TRIES_OF_ADDRESS = 10
# More than one network address gets: nobody can lock somebody else out from their own desk.
TRIES_OF_ACCOUNT = 30


@bp.get("/editor/sign-in")
def sign_in() -> Response:
    """Ask for address and password."""
    return _show_sign_in(SignInForm())


@bp.post("/editor/sign-in")
def do_sign_in() -> Response:
    """Sign in, and go on to the page that was asked for."""
    check_same_site()
    form = SignInForm()
    now = datetime.now(UTC)
    if not door.token_is_good():
        form.email.errors = ["Please check what you entered and press the button once more."]
    elif form.validate():
        if _tries_too_often(form.email.data, now):
            form.email.errors = ["There were too many tries. Please wait 5 minutes, then try again."]
            return _show_sign_in(form, HTTPStatus.TOO_MANY_REQUESTS)
        editor = editors.find_by_password(form.email.data, form.password.data)
        if editor is not None:
            access.start(editor, now)
            forget("sign-in-address", visitor_address())
            db.session.commit()
            return _go_on()
        form.email.errors = ["This address and password do not belong together. Check both."]
    return _show_sign_in(form, HTTPStatus.UNPROCESSABLE_ENTITY)


@bp.post("/editor/sign-out")
def sign_out() -> Response:
    """End this sign-in."""
    check_same_site()
    csrf.protect()
    access.end()
    db.session.commit()
    return htmx.redirect(url_for(".sign_in", ended="yes"))


@bp.get("/editor/account")
def account() -> Response:
    """One's own time zone, password and sign-ins."""
    return _show_account()


@bp.post("/editor/account/time-zone")
def change_time_zone() -> Response:
    """Show and read times in another time zone."""
    form = TimeZoneForm()
    if not form.validate():
        return _show_account(HTTPStatus.UNPROCESSABLE_ENTITY, zone_form=form)
    access.current_editor().time_zone = form.time_zone.data
    db.session.commit()
    return htmx.redirect(url_for(".account", done="time-zone"))


@bp.post("/editor/account/password")
def change_password() -> Response:
    """Take a new password; every other sign-in ends."""
    form, now = PasswordForm(), datetime.now(UTC)
    if form.validate():
        if is_exceeded("password", str(access.current_editor().id), TRIES_OF_ADDRESS, WINDOW, now):
            form.current.errors = ["There were too many tries. Please wait 5 minutes, then try again."]
            return _show_account(HTTPStatus.TOO_MANY_REQUESTS, password_form=form)
        try:
            if editors.change_password(access.current_editor(), form.current.data, form.new.data):
                access.start_afresh(now)
                db.session.commit()
                return htmx.redirect(url_for(".account", done="password"))
            form.current.errors = ["This is not the password you use now."]
        except PasswordRefused as refusal:
            form.new.errors = [str(refusal)]
    return _show_account(HTTPStatus.UNPROCESSABLE_ENTITY, password_form=form)


@bp.post("/editor/account/end-others")
def end_other_sign_ins() -> Response:
    """Sign out everywhere else."""
    access.end_others()
    db.session.commit()
    return htmx.redirect(url_for(".account", done="others"))


def _tries_too_often(email: str, now: datetime) -> bool:
    return is_exceeded("sign-in-address", visitor_address(), TRIES_OF_ADDRESS, WINDOW, now) or is_exceeded(
        "sign-in-account", email.strip().lower(), TRIES_OF_ACCOUNT, WINDOW, now
    )


def _go_on() -> Response:
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "signed_in_again")
    return htmx.redirect(_next_page())


def _next_page() -> str:
    """Where to after signing in: only a page of the editor."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/editor/") and not parts.netloc and "\\" not in wanted
    return wanted if is_ours else url_for("editor.summaries")


def _show_account(
    status: int = HTTPStatus.OK,
    zone_form: TimeZoneForm | None = None,
    password_form: PasswordForm | None = None,
) -> Response:
    editor = access.current_editor()
    return htmx.render(
        "accounts/account.html",
        status=status,
        zone_form=zone_form or TimeZoneForm(formdata=None, time_zone=editor.time_zone),
        password_form=password_form or PasswordForm(formdata=None),
        others=access.sign_in_count() - 1,
        done=request.args.get("done"),
    )


def _show_sign_in(form: SignInForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render(
        "accounts/sign_in.html",
        "sign_in_form",
        status,
        form=form,
        action=url_for("accounts.sign_in", next=request.args.get("next")),
        is_kept="kept" in request.args,
        has_ended="ended" in request.args,
        is_in_page=htmx.wants_fragment(),
    )
