"""The door in front of every page for editors: who comes in, and what becomes of a form that was sent too late."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.datastructures import MultiDict

from webapp.accounts import form_recovery, sign_ins
from webapp.db.writing import writing
from webapp.models import Role
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import check_same_site
from webapp.web.throttle import is_exceeded, visitor_address

KEPT_OF_ADDRESS = 20  # forms an hour
WINDOW = timedelta(minutes=5)
TRIES_OF_ADDRESS = 10
# More than one network address gets: nobody can lock somebody else out from their own desk.
TRIES_OF_ACCOUNT = 30
csrf = CSRFProtect()
PRESS_AGAIN = "Please check what you entered and press the button once more."
WAIT = "There were too many tries. Please wait 5 minutes, then try again."


def protect(
    blueprint: Blueprint, *, is_secret: bool = False, open_to_all: tuple[str, ...] = (), form: str = ""
) -> None:
    """Let only editors in, from our own pages and with a token; a form of a secret blueprint is never kept.

    ``form`` is the endpoint of the page with the form whose buttons have addresses of their own in this blueprint.
    """

    @blueprint.before_request
    def admit() -> Response | None:
        if request.endpoint in open_to_all:
            return None
        page = url_for(form, **request.view_args or {}) if form else request.path
        return _admit(page, is_secret=is_secret)

    blueprint.context_processor(lambda: {"current_editor": sign_ins.find_current_editor()})


def require(role: Role) -> None:
    """Refuse somebody whose role may not do this; raises SiteError 403."""
    if not sign_ins.may(role):
        raise SiteError(403, f"This needs the role “{role}”. Ask one of the admins.")


def is_tried_too_often(what: str, account: str, now: datetime, of_account: int = TRIES_OF_ACCOUNT) -> bool:
    """Count a try at a password or a code, from this network address and at this account, in ``writing()``."""
    return is_exceeded(f"{what}-address", visitor_address(), TRIES_OF_ADDRESS, WINDOW, now) or is_exceeded(
        f"{what}-account", account, of_account, WINDOW, now
    )


def next_page() -> str:
    """Where to after signing in: only a page of the editor."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/editor/") and not parts.netloc and "\\" not in wanted
    return wanted if is_ours else url_for("editor.summaries")


def token_is_good() -> bool:
    """Was the form made for this session?"""
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def kept_fields() -> MultiDict[str, str] | None:
    """What the form of this page held when it was sent and the sign-in had run out; None if there is nothing."""
    secret = session.get("kept_text", "")
    fields = form_recovery.find(secret, request.path, sign_ins.current_editor().id, datetime.now(UTC))
    return MultiDict(fields) if fields else None


def forget_kept_fields() -> None:
    """They have been saved."""
    secret = session.pop("kept_text", None)
    if secret:
        form_recovery.forget(secret)


def _admit(page: str, *, is_secret: bool) -> Response | None:
    """Who is not signed in is asked to sign in; what they sent is kept meanwhile, for the page that has the form."""
    if request.method == "POST":
        check_same_site()
    if sign_ins.recognize(datetime.now(UTC)):
        if _must_set_up():
            return _lead_to_set_up(page, is_secret=is_secret)
        return None if token_is_good() else _ask_to_send_again(page, is_secret=is_secret)
    if request.method != "POST":
        return htmx.redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "sign_in_first", HTTPStatus.UNAUTHORIZED)
    if is_secret:
        return htmx.redirect(url_for("accounts.sign_in"))
    _keep_text(page)
    return htmx.redirect(url_for("accounts.sign_in", next=page, kept="yes"))


def _must_set_up() -> bool:
    """Does the site ask for a second factor that this editor does not have yet?"""
    is_required: bool = current_app.extensions["config"].require_mfa
    return (
        is_required
        and sign_ins.current_editor().second_factor is None
        and request.blueprint != "second_factor"
    )


def _lead_to_set_up(page: str, *, is_secret: bool) -> Response:
    """First the second factor, then everything else; a text that was sent is kept meanwhile."""
    if htmx.wants_fragment():
        return htmx.render("accounts/second_factor.html", "set_up_first", HTTPStatus.UNAUTHORIZED)
    if request.method == "POST" and not is_secret:
        _keep_text(page)
    return htmx.redirect(url_for("second_factor.overview", next=page))


def _ask_to_send_again(page: str, *, is_secret: bool) -> Response:
    """The form is from before this sign-in: show it again with what was typed, for one more press."""
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "signed_in_again", HTTPStatus.UNAUTHORIZED)
    adapter = current_app.create_url_adapter(request)
    if is_secret or adapter is None or "GET" not in adapter.allowed_methods(page):
        abort(HTTPStatus.BAD_REQUEST)
    _keep_text(page)
    return htmx.redirect(page)


def _keep_text(page: str) -> None:
    with writing() as now:
        is_refused = is_exceeded("kept-text", visitor_address(), KEPT_OF_ADDRESS, timedelta(hours=1), now)
        if not is_refused:
            secret = form_recovery.keep(
                page, list(request.form.items(multi=True)), session.get("editor_id"), now
            )
    if is_refused:
        raise SiteError(429, "Please go back, sign in on another tab, and send your text again.")
    if secret:
        session["kept_text"] = secret
