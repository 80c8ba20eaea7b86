"""Pages of one's own second factor: the app, passkeys, and recovery codes."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request, session, url_for
from flask_wtf import FlaskForm

from webapp.accounts import editor_access, editors, passkeys, second_factor, sign_ins
from webapp.accounts.editor_access import current_editor
from webapp.accounts.forms import (
    NewCodesForm,
    NewPasskeyForm,
    PasskeyForm,
    RemovePasskeyForm,
    SetUpForm,
    TurnOffForm,
)
from webapp.accounts.second_factor import AlreadyOn
from webapp.db.writing import writing
from webapp.models import AuditKind, Role
from webapp.web import htmx
from webapp.web.qr_codes import qr_picture

bp = Blueprint("second_factor", __name__, url_prefix="/editor/account/second-factor")
editor_access.protect(bp, role=Role.REVIEWER, is_secret=True)


@bp.get("")
def overview() -> Response:
    """Show the second factor, or how to set it up."""
    return _show()


@bp.post("")
def turn_on() -> Response:
    """Turn the second factor on with a code from the app; the recovery codes are shown this once."""
    form, editor, secret = SetUpForm(), current_editor(), session.get("factor_secret", "")
    if editor.second_factor is not None or not secret:
        return htmx.redirect(url_for(".overview"))
    status = editor_access.password_refusal(form, form.password)
    step = second_factor.matching_step(secret, form.code.data or "", datetime.now(UTC))
    if status is None and step is None:
        form.code.errors = ["That code doesn’t match. Wait for the next one, and enter it."]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if status is not None or step is None:
        return _show(status or HTTPStatus.OK, set_up_form=form)
    codes = second_factor.new_recovery_codes()
    try:
        with writing() as now:
            second_factor.turn_on(editor, secret, step, codes.values(), now)
            editors.record_and_notify(AuditKind.FACTOR_ON, now, editor.id, editor)
            sign_ins.renew(now)
    except AlreadyOn:
        return htmx.redirect(url_for(".overview"))
    return _show_codes(list(codes))


@bp.post("/recovery-codes")
def make_recovery_codes() -> Response:
    """Replace the recovery codes, and show the new ones."""
    form, editor = NewCodesForm(), current_editor()
    if not editor.has_second_factor:
        return htmx.redirect(url_for(".overview"))
    if status := editor_access.password_refusal(form, form.password):
        return _show(status, codes_form=form)
    codes = second_factor.new_recovery_codes()
    with writing() as now:
        second_factor.replace_recovery_codes(editor, codes.values())
        editors.record_and_notify(AuditKind.RECOVERY_CODES_MADE, now, editor.id, editor)
    return _show_codes(list(codes))


@bp.post("/off")
def turn_off() -> Response:
    """Remove the app, with a code from the app or a recovery code."""
    form, editor = TurnOffForm(), current_editor()
    if editor.second_factor is None:
        return htmx.redirect(url_for(".overview"))
    if status := editor_access.password_refusal(form, form.password):
        return _show(status, off_form=form)
    code = form.code.data or ""
    code_hash = second_factor.recovery_hash_of(editor, code)
    with writing() as now:
        # A recovery code works too: without it, nobody who has lost the app could set it up on a new phone.
        is_right = second_factor.use_code(editor, code, now) or second_factor.use_recovery_code(
            editor, code_hash
        )
        if is_right and editor.second_factor is not None:
            second_factor.remove(editor, editor.second_factor)
            editors.record_and_notify(AuditKind.FACTOR_OFF, now, editor.id, editor)
            sign_ins.renew(now)
    if not is_right:
        form.code.errors = ["That code is wrong or was used before. Wait for the next one."]
        return _show(HTTPStatus.UNPROCESSABLE_ENTITY, off_form=form)
    return htmx.redirect(url_for("accounts.account", done="factor-off"))


@bp.post("/passkeys")
def name_passkey() -> Response:
    """Take the password and a name for a new passkey, then let the browser make it."""
    form = NewPasskeyForm()
    if status := editor_access.password_refusal(form, form.password):
        return _show(status, passkey_form=form)
    return _show_new_passkey(form.name.data.strip(), datetime.now(UTC))


@bp.post("/passkeys/new")
def add_passkey() -> Response:
    """Store the passkey that the browser has made; the recovery codes are shown if there were none."""
    form, editor = PasskeyForm(), current_editor()
    asked = passkeys.find_awaited(datetime.now(UTC))
    if asked is None or not asked.name:
        return htmx.redirect(url_for(".overview", next=request.args.get("next"), done="late"))
    if not form.validate():
        return _show_new_passkey(asked.name, asked.made_at, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    found = passkeys.find_new(form.code.data, datetime.now(UTC))
    codes = {} if editor.has_second_factor else second_factor.new_recovery_codes()
    with writing() as now:
        is_added = found is not None and passkeys.add(editor, *found)
        if is_added:
            if codes:
                second_factor.replace_recovery_codes(editor, codes.values())
            editors.record_and_notify(AuditKind.PASSKEY_ADDED, now, editor.id, editor)
            sign_ins.renew(now)
    if not is_added:
        form.code.errors = ["That didn’t work. Please try again."]
        return _show_new_passkey(asked.name, asked.made_at, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _show_codes(list(codes)) if codes else htmx.redirect(url_for(".overview", done="added"))


@bp.post("/passkeys/remove")
def remove_passkey() -> Response:
    """Remove one of the passkeys."""
    form, editor = _remove_form(), current_editor()
    if not editor.passkeys:
        return htmx.redirect(url_for(".overview"))
    if status := editor_access.password_refusal(form, form.password):
        return _show(status, remove_form=form)
    with writing() as now:
        passkey = next((one for one in editor.passkeys if one.id == form.passkey.data), None)
        if passkey is not None:  # not removed on another tab meanwhile
            second_factor.remove(editor, passkey)
            editors.record_and_notify(AuditKind.PASSKEY_REMOVED, now, editor.id, editor)
            sign_ins.renew(now)
    return htmx.redirect(url_for(".overview", done="removed"))


def _remove_form(**given: None) -> RemovePasskeyForm:
    form = RemovePasskeyForm(**given)
    form.passkey.choices = [(passkey.id, passkey.name) for passkey in current_editor().passkeys]
    return form


def _show_new_passkey(
    name: str, asked_at: datetime, form: PasskeyForm | None = None, status: int = HTTPStatus.OK
) -> Response:
    return htmx.render(
        "accounts/new_passkey.html",
        status=status,
        form=form or PasskeyForm(formdata=None),
        name=name,
        action=url_for(".add_passkey", next=request.args.get("next")),
        options=passkeys.registration_options(current_editor(), name, asked_at),
    )


def _show(status: int = HTTPStatus.OK, **refused: FlaskForm) -> Response:
    """Show the page with empty forms, except for those that were refused."""
    editor, secret, address = current_editor(), "", ""
    if editor.second_factor is None:
        # The secret stays the same until it is confirmed, or else the code scanned before a typo would be useless.
        secret = session.setdefault("factor_secret", second_factor.new_secret())
        address = second_factor.app_address(secret, editor.email)
    forms: dict[str, Any] = {
        "set_up_form": SetUpForm(formdata=None),
        "codes_form": NewCodesForm(formdata=None),
        "off_form": TurnOffForm(formdata=None),
        "passkey_form": NewPasskeyForm(formdata=None),
        "remove_form": _remove_form(formdata=None),
    } | refused
    return htmx.render(
        "accounts/second_factor.html",
        status=status,
        action=url_for(".turn_on", next=request.args.get("next")),
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
        address=address,
        picture=qr_picture(address) if address else "",
        codes_left=second_factor.recovery_codes_left(editor),
        is_required=current_app.extensions["config"].require_mfa,
        passkey_action=url_for(".name_passkey", next=request.args.get("next")),
        done=request.args.get("done"),
        **forms,
    )


def _show_codes(codes: list[str]) -> Response:
    return htmx.render("accounts/recovery_codes.html", codes=codes, go_on=editor_access.next_page())
