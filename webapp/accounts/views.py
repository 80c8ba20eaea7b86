"""Signing in and out, and the door in front of every editor page."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request, session, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict

from webapp import htmx
from webapp.accounts import access, editors, kept
from webapp.accounts.forms import PasswordForm, SignInForm, TimeZoneForm
from webapp.accounts.passwords import PasswordRefused
from webapp.errors import SiteError
from webapp.extensions import csrf, db
from webapp.models import Role
from webapp.public_forms import check_same_site
from webapp.throttle import forget, is_exceeded, visitor_address

bp = Blueprint("accounts", __name__)
bp.context_processor(lambda: {"current_editor": access.find_current_editor()})

WINDOW = timedelta(minutes=5)
TRIES_OF_ADDRESS = 10
# More than one network address gets: nobody can lock somebody else out from their own desk.
TRIES_OF_ACCOUNT = 30
KEPT_OF_ADDRESS = 20
OPEN_TO_ALL = ("accounts.sign_in", "accounts.do_sign_in", "accounts.sign_out")


def protect(blueprint: Blueprint) -> None:
    """Let only editors in, from our own pages and with a token."""
    blueprint.before_request(_admit)
    blueprint.context_processor(lambda: {"current_editor": access.find_current_editor()})


def kept_fields() -> MultiDict[str, str] | None:
    """What was sent to this address when the sign-in had run out; None if there is nothing."""
    fields = kept.find(
        session.get("kept_text", ""), request.path, access.current_editor().id, datetime.now(UTC)
    )
    return MultiDict(fields) if fields else None


def forget_kept_fields() -> None:
    """They have been saved."""
    secret = session.pop("kept_text", None)
    if secret:
        kept.forget(secret)


def require(role: Role) -> None:
    """Refuse somebody whose role may not do this; raises SiteError 403."""
    if not access.may(role):
        raise SiteError(403, f"This needs the role “{role}”. Ask one of the admins.")


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
    if not _token_is_good():
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


@bp.before_request
def _admit_to_account() -> Response | None:
    """One's own account is behind the same door as the editor."""
    return None if request.endpoint in OPEN_TO_ALL else _admit()


def _admit() -> Response | None:
    """Who is not signed in is asked to sign in; what they sent is kept meanwhile."""
    if request.method == "POST":
        check_same_site()
    if access.recognize(datetime.now(UTC)):
        return None if _token_is_good() else _send_again()
    if request.method != "POST":
        return htmx.redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if htmx.wants_fragment():
        return _show_sign_in(SignInForm(formdata=None), HTTPStatus.UNAUTHORIZED)
    if request.blueprint == bp.name:  # a password is not to be kept
        return htmx.redirect(url_for("accounts.sign_in", next=url_for("accounts.account")))
    _keep_text()
    return htmx.redirect(url_for("accounts.sign_in", next=request.path, kept="yes"))


def _send_again() -> Response:
    """The form is from before this sign-in: show it again with what was typed, for one more press."""
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "signed_in_again", HTTPStatus.UNAUTHORIZED)
    if request.blueprint == bp.name or "GET" not in current_app.create_url_adapter(request).allowed_methods(
        request.path
    ):  # type: ignore[union-attr]
        abort(HTTPStatus.BAD_REQUEST)
    _keep_text()
    return htmx.redirect(request.path)


def _keep_text() -> None:
    now = datetime.now(UTC)
    if is_exceeded("kept-text", visitor_address(), KEPT_OF_ADDRESS, timedelta(hours=1), now):
        raise SiteError(429, "Please go back, sign in on another tab, and send your text again.")
    secret = kept.keep(request.path, list(request.form.items(multi=True)), session.get("editor_id"), now)
    db.session.commit()
    if secret:
        session["kept_text"] = secret


def _token_is_good() -> bool:
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


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
