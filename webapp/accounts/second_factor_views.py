"""Pages of one's own second factor: set it up, make new recovery codes, turn it off."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, session, url_for

from webapp.accounts import editor_access, notices, second_factor, sign_ins
from webapp.accounts.editor_access import current_editor
from webapp.accounts.forms import NewCodesForm, SetUpForm, TurnOffForm
from webapp.accounts.second_factor import AlreadyOn
from webapp.db.writing import writing
from webapp.models import AuditKind
from webapp.web import htmx

bp = Blueprint("second_factor", __name__, url_prefix="/editor/account/second-factor")
editor_access.protect(bp, is_secret=True)


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
    codes = second_factor.new_recovery_codes(secret)
    try:
        with writing() as now:
            second_factor.turn_on(editor, secret, step, codes.values(), now)
            notices.record_and_notify(AuditKind.FACTOR_ON, now, editor.id, editor)
            sign_ins.renew(now)
    except AlreadyOn:
        return htmx.redirect(url_for(".overview"))
    return _show_codes(list(codes))


@bp.post("/recovery-codes")
def make_recovery_codes() -> Response:
    """Replace the recovery codes, and show the new ones."""
    form, editor = NewCodesForm(), current_editor()
    if editor.second_factor is None:
        return htmx.redirect(url_for(".overview"))
    status = editor_access.password_refusal(form, form.password)
    if status is not None:
        return _show(status, codes_form=form)
    codes = second_factor.new_recovery_codes(editor.second_factor.secret)
    with writing() as now:
        second_factor.replace_recovery_codes(editor, codes.values())
        notices.record_and_notify(AuditKind.RECOVERY_CODES_MADE, now, editor.id, editor)
    return _show_codes(list(codes))


@bp.post("/off")
def turn_off() -> Response:
    """Turn the second factor off, with a code from the app or a recovery code."""
    form, editor = TurnOffForm(), current_editor()
    if editor.second_factor is None:
        return htmx.redirect(url_for(".overview"))
    status = editor_access.password_refusal(form, form.password)
    if status is not None:
        return _show(status, off_form=form)
    code = form.code.data or ""
    code_hash = second_factor.recovery_hash_of(editor, code)
    with writing() as now:
        # A recovery code works too: without it, nobody who has lost the app could set it up on a new phone.
        is_right = second_factor.use_code(editor, code, now) or second_factor.use_recovery_code(
            editor, code_hash
        )
        if is_right:
            second_factor.turn_off(editor)
            notices.record_and_notify(AuditKind.FACTOR_OFF, now, editor.id, editor)
            sign_ins.renew(now)
    if not is_right:
        form.code.errors = ["That code is wrong or was used before. Wait for the next one."]
        return _show(HTTPStatus.UNPROCESSABLE_ENTITY, off_form=form)
    return htmx.redirect(url_for("accounts.account", done="factor-off"))


def _show(
    status: int = HTTPStatus.OK,
    set_up_form: SetUpForm | None = None,
    codes_form: NewCodesForm | None = None,
    off_form: TurnOffForm | None = None,
) -> Response:
    editor, secret, address = current_editor(), "", ""
    if editor.second_factor is None:
        # The secret stays the same until it is confirmed, or else the code scanned before a typo would be useless.

        secret = session.setdefault("factor_secret", second_factor.new_secret())
        address = second_factor.app_address(secret, editor.email)
    return htmx.render(
        "accounts/second_factor.html",
        status=status,
        set_up_form=set_up_form or SetUpForm(formdata=None),
        codes_form=codes_form or NewCodesForm(formdata=None),
        off_form=off_form or TurnOffForm(formdata=None),
        action=url_for(".turn_on", next=request.args.get("next")),
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
        address=address,
        picture=second_factor.qr_picture(address) if address else "",
        codes_left=second_factor.recovery_codes_left(editor),
        is_required=current_app.extensions["config"].require_mfa,
    )


def _show_codes(codes: list[str]) -> Response:
    return htmx.render("accounts/recovery_codes.html", codes=codes, go_on=editor_access.next_page())
