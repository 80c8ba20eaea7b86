"""Pages for setting a password with a mailed link, after forgetting it or when an account is new."""

import logging
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access, editors, mailed_links, passwords
from webapp.accounts.forms import ForgottenForm, NewPasswordForm
from webapp.accounts.mailed_links import LinkKind
from webapp.accounts.passwords import PasswordRefused
from webapp.db.writing import writing
from webapp.mail import outbox
from webapp.models import AuditKind, Editor, MailKind
from webapp.publishing import audit
from webapp.web import htmx
from webapp.web.forms import is_exceeded, visitor_address
from webapp.web.tokens import TokenError

log = logging.getLogger(__name__)

bp = Blueprint("reset", __name__, url_prefix="/editor")
OPEN = ("forgotten", "send_link", "new_password", "set_password")
editor_access.protect(bp, is_secret=True, open_to_all=tuple(f"reset.{name}" for name in OPEN))

OF_ADDRESS, OF_ACCOUNT = 10, 3
HOUR = timedelta(hours=1)


@bp.get("/forgotten")
def forgotten() -> Response:
    """Ask for the address of the account."""
    return _show_forgotten(ForgottenForm(formdata=None))


@bp.post("/forgotten")
def send_link() -> Response:
    """Mail a link to a new password, if there is an account; the answer is always the same."""
    form = ForgottenForm()
    if not editor_access.token_is_good():
        form.email.errors = [editor_access.PRESS_AGAIN]
    if form.errors or not form.validate():
        return _show_forgotten(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with writing() as now:
        is_refused = is_exceeded("reset-address", visitor_address(), OF_ADDRESS, HOUR, now)
        account = form.email.data.strip().lower()
        if not is_refused and not is_exceeded("reset-account", account, OF_ACCOUNT, HOUR, now):
            editor = editors.find_editor(form.email.data)
            # Recorded for unknown addresses too, so that the answer takes as long as for known ones.
            audit.record(AuditKind.LINK_ASKED, now, None, editor.id if editor else None)
            if editor is not None and editor.disabled_at is None:
                outbox.enqueue(MailKind.PASSWORD_RESET, editor.email, now)
    if is_refused:
        form.email.errors = ["Too many tries. Please wait an hour, then try again."]
        return _show_forgotten(form, HTTPStatus.TOO_MANY_REQUESTS)
    return htmx.redirect(url_for(".forgotten", sent="yes"))


@bp.get("/<any(reset, invitation):kind>/<token>")
def new_password(kind: str, token: str) -> Response:
    """Ask for the new password: mail scanners open links, so opening one changes nothing."""
    editor = mailed_links.open_link(LinkKind(kind), token)
    return _show_new_password(LinkKind(kind), editor, NewPasswordForm(formdata=None))


@bp.post("/<any(reset, invitation):kind>/<token>")
def set_password(kind: str, token: str) -> Response:
    """Save the new password and end every sign-in; signing in still needs the second factor."""
    form, editor = NewPasswordForm(), mailed_links.open_link(LinkKind(kind), token)
    if not editor_access.token_is_good():
        form.new.errors = [editor_access.PRESS_AGAIN]
    elif form.validate():
        try:
            new_hash = passwords.new_hash(form.new.data, editor.name, editor.email)
        except PasswordRefused as refusal:
            form.new.errors = [str(refusal)]
        else:
            with writing() as now:
                mailed_links.set_password(LinkKind(kind), token, new_hash)
                editors.record_and_notify(AuditKind.PASSWORD_RESET, now, None, editor)
            return htmx.redirect(url_for("accounts.sign_in", new="yes"))
    return _show_new_password(LinkKind(kind), editor, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@bp.errorhandler(TokenError)
def show_invalid_link(error: TokenError) -> Response:
    """Show one page for a link that was used, is too old, was altered or has another purpose."""
    log.info("a link did not work", extra={"purpose": str(error)})
    return _show_forgotten(ForgottenForm(formdata=None), HTTPStatus.GONE, is_too_old=True)


def _show_forgotten(
    form: ForgottenForm, status: int = HTTPStatus.OK, *, is_too_old: bool = False
) -> Response:
    is_sent = "sent" in request.args
    return htmx.render(
        "accounts/forgotten.html", status=status, form=form, is_sent=is_sent, is_too_old=is_too_old
    )


def _show_new_password(
    kind: LinkKind, editor: Editor, form: NewPasswordForm, status: int = HTTPStatus.OK
) -> Response:
    return htmx.render("accounts/new_password.html", status=status, kind=kind, editor=editor, form=form)
