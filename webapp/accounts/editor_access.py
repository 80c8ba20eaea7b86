"""Access to the editor's pages: who is signed in, roles, and recovery of a form sent after a session expired."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, current_app, g, request, session, url_for
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import ColumnElement, select, update
from werkzeug.datastructures import MultiDict
from wtforms import Field

from webapp.accounts import form_recovery, passwords
from webapp.accounts.editors import colleagues
from webapp.db.session import db
from webapp.db.writing import TurnTaken, writing
from webapp.models import Editor, Role, SignIn
from webapp.models.in_words import day
from webapp.parsing import int_from
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import is_exceeded, visitor_address
from webapp.web.tokens import secret_hash

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # the time of the last request is stored no more often than this
FORMS_OF_ADDRESS = 20  # stored an hour
WINDOW = timedelta(minutes=5)
TRIES_OF_ADDRESS = 10
# More than one network address may make, so that nobody can lock a colleague out from a single computer.
TRIES_OF_ACCOUNT = 30
csrf = CSRFProtect()
_RANKS = list(Role)  # each role may do what those before it may
PRESS_AGAIN = "Please check what you entered, and click the button again."
WAIT = "Too many tries. Please wait 5 minutes, then try again."


def protect(
    blueprint: Blueprint,
    *,
    role: Role = Role.WRITER,
    is_secret: bool = False,
    open_to_all: Collection[str] = (),
    form: str = "",
) -> None:
    """Require a signed-in editor with this role, and a CSRF token, for every view of a blueprint.

    Forms of a secret blueprint (passwords, codes) are never stored. ``form`` is the endpoint of the page with the form
    whose buttons have addresses of their own in this blueprint; ``open_to_all`` names the endpoints left unprotected.
    """

    @blueprint.before_request
    def require_editor() -> Response | None:
        if request.endpoint in open_to_all:
            return None
        # What the form's own address has no place for would be put behind a question mark.
        page = url_for(form, **request.view_args or {}).partition("?")[0] if form else page_at(request.path)
        if not recognize(datetime.now(UTC)):
            return _ask_to_sign_in(page, form, is_secret=is_secret)
        is_required = current_app.extensions["config"].require_mfa and blueprint.name != "second_factor"
        if is_required and not current_editor().has_second_factor:
            if htmx.wants_fragment():
                return htmx.render("accounts/second_factor.html", "set_up_first", HTTPStatus.UNAUTHORIZED)
            if request.method == "POST" and not is_secret:
                _store_form(page, form)
            return htmx.redirect(url_for("second_factor.overview", next=page))
        if not may(role):
            if request.endpoint == "work.home":  # where everybody else begins
                return htmx.redirect(url_for("reviews.asked_of_me"))
            require(role)
        return None if token_is_good() else _ask_to_send_again(page, form, is_secret=is_secret)

    blueprint.context_processor(
        lambda: {"current_editor": g.get("editor"), "time_zone": time_zone, "local": local_time}
    )


def current_editor() -> Editor:
    """The signed-in editor; call it only in protected views."""
    editor: Editor = g.editor
    return editor


def time_zone() -> str:
    """The name of the signed-in editor's time zone, which is that of the site until one is chosen."""
    name: str = g.time_zone
    return name


def recognize(now: datetime) -> bool:
    """Load the signed-in editor from the session; False if there is none. Call it outside ``writing()``.

    The time of the request is stored, unless another process is writing: a request that only reads does not wait.
    """
    sign_in = find_sign_in(~SignIn.needs_code, SignIn.seen_at > now - IDLE, SignIn.started_at > now - LONGEST)
    g.editor = sign_in.editor if sign_in else None
    g.time_zone = (g.editor and g.editor.time_zone) or current_app.extensions["config"].time_zone
    if sign_in is not None and now - sign_in.seen_at >= SEEN_EVERY:
        seen = update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=now)
        with suppress(TurnTaken), writing(wait=False):
            db.session.execute(seen)
    return sign_in is not None


def may(role: Role) -> bool:
    """Is the account open, and does it have this role or one above it? Inside ``writing()`` this is asked again."""
    editor = current_editor()
    if editor.disabled_at is not None:
        return False
    return _RANKS.index(editor.role) >= _RANKS.index(role)


def local_time(at: datetime) -> str:
    """A time in words, in the time zone of the signed-in editor: November 24, 2026, 14:32."""
    here = at.astimezone(ZoneInfo(g.time_zone))
    return f"{day(here)}, {here:%H:%M}"


def require(role: Role) -> None:
    """Require a role, or one above it; raises SiteError 403. A view that writes uses ``writing_as`` instead."""
    if not may(role):
        raise SiteError(403, f"This needs the role “{role}”. Ask one of the admins.")


@contextmanager
def writing_as(role: Role) -> Iterator[datetime]:
    """Open ``writing()`` for somebody with this role, or one above it; raises SiteError 403.

    The role is checked in the transaction: the account may have been changed or closed while this request waited.
    """
    with writing() as now:
        require(role)
        yield now


def find_sign_in(*conditions: ColumnElement[bool]) -> SignIn | None:
    """The sign-in of this browser, if it meets the conditions."""
    secret = session.get("sign_in")
    if not secret:
        return None
    return db.session.scalar(select(SignIn).where(SignIn.secret_hash == secret_hash(secret), *conditions))


def has_too_many_tries(what: str, account: str, of_account: int = TRIES_OF_ACCOUNT) -> bool:
    """Count a try at a password or a code against the network address and the account; call it before ``writing()``."""
    with writing() as now:
        return is_exceeded(
            f"{what}-address", visitor_address(), TRIES_OF_ADDRESS, WINDOW, now
        ) or is_exceeded(f"{what}-account", account, of_account, WINDOW, now)


def sign_in_refusal(
    form: FlaskForm, field: Field, what: str, account: str, of_account: int = TRIES_OF_ACCOUNT
) -> HTTPStatus | None:
    """The status of a form of somebody who is signing in, if it is refused; ``field`` then says why, if no other field does.

    It is 422 without this session's CSRF token or for an invalid field, and 429 after too many tries.
    """
    if not token_is_good():
        field.errors = [PRESS_AGAIN]
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if not form.validate():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if has_too_many_tries(what, account, of_account):
        field.errors = [WAIT]
        return HTTPStatus.TOO_MANY_REQUESTS
    return None


def password_refusal(form: FlaskForm, password: Field) -> HTTPStatus | None:
    """The status of a refused form: 429 after too many tries, 422 for an invalid field or a wrong ``password``."""
    if not form.validate():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    editor = current_editor()
    if has_too_many_tries("password", str(editor.id)):
        password.errors = [WAIT]
        return HTTPStatus.TOO_MANY_REQUESTS
    if not passwords.matches(editor.password_hash, password.data):
        password.errors = ["That’s not your current password."]
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return None


def next_page(wanted: str | None = None) -> str:
    """The address to go to after signing in: the one asked for if it belongs to the editor, else their work."""
    wanted = wanted or request.args.get("next", "")
    is_ours = wanted.startswith("/editor/") and not urlsplit(wanted).netloc and "\\" not in wanted
    if not is_ours:
        return url_for("work.home")
    path = wanted.partition("?")[0]
    page = page_at(path)
    return wanted if page == path else page


def page_at(path: str) -> str:
    """The page at an address of the editor, or, if there is only a button, the nearest page above: ``…/pain/move`` is on ``…/pain``."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    above = path
    while above.startswith("/editor/"):
        for page in (above, f"{above}/"):
            if "GET" in adapter.allowed_methods(page):
                return page
        above = above.rpartition("/")[0]
    return url_for("work.home")


def token_is_good() -> bool:
    """Does the form carry the CSRF token of this session?"""
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def chosen_colleague() -> int | None:
    """To whom the sent form assigns something, None for nobody; raises SiteError 400 for somebody who may not write."""
    typed = request.form.get("assigned_to", "")
    number = int_from(typed)
    if typed and number not in dict(colleagues()):
        raise SiteError(HTTPStatus.BAD_REQUEST)
    return number


def recovered_fields(field: str = "") -> MultiDict[str, str] | None:
    """The fields that this page's form had when it was sent after the session had expired, if they are stored.

    A page with several forms names a ``field`` that the others do not have.
    """
    secret = session.get("recoverable_form", "")
    fields = form_recovery.find(secret, request.path, current_editor().id, datetime.now(UTC))
    return MultiDict(fields) if fields and (not field or field in dict(fields)) else None


def discard_recovered_fields() -> None:
    """Delete the stored form of this session, once its text is saved."""
    secret = session.pop("recoverable_form", None)
    if secret:
        form_recovery.discard(secret)


def _ask_to_sign_in(page: str, form: str, *, is_secret: bool) -> Response:
    if request.method != "POST":
        return htmx.redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "sign_in_first", HTTPStatus.UNAUTHORIZED)
    if is_secret:
        return htmx.redirect(url_for("accounts.sign_in"))
    is_stored = _store_form(page, form)
    return htmx.redirect(url_for("accounts.sign_in", next=page, stored="yes" if is_stored else None))


def _ask_to_send_again(page: str, form: str, *, is_secret: bool) -> Response:
    """Show a form that was made for an earlier session once more, filled in, with a token of this session."""
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "signed_in_again", HTTPStatus.UNAUTHORIZED)
    if is_secret or not _store_form(page, form):
        abort(HTTPStatus.BAD_REQUEST)
    return htmx.redirect(page)


def _store_form(page: str, form: str) -> bool:
    """Store what was sent for the form on a page; False if it came from a button that has no form there."""
    if not form and page != request.path:
        return False
    with writing() as now:
        is_refused = is_exceeded(
            "form-recovery", visitor_address(), FORMS_OF_ADDRESS, timedelta(hours=1), now
        )
        if not is_refused:
            secret = form_recovery.store(
                page, list(request.form.items(multi=True)), session.get("editor_id"), now
            )
    if is_refused:
        raise SiteError(429, "Please go back, sign in on another tab, and send your text again.")
    if secret:
        session["recoverable_form"] = secret
    return True
