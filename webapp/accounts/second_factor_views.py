"""One's own second factor: set it up, make new recovery codes, turn it off."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, session, url_for
from flask_wtf import FlaskForm

from webapp.accounts import editor_access, editors, notices, second_factor, sign_ins
from webapp.accounts.forms import NewCodesForm, SetUpForm, TurnOffForm
from webapp.accounts.second_factor import AlreadyOn
from webapp.accounts.sign_ins import current_editor
from webapp.db.session import db
from webapp.models import AuditKind
from webapp.web import htmx

bp = Blueprint("second_factor", __name__, url_prefix="/editor/account/second-factor")
editor_access.protect(bp, is_secret=True)


@bp.get("")
def overview() -> Response:
    """Set it up, or see how it stands."""
    return _show()


@bp.post("")
def turn_on() -> Response:
    """Turn it on once a code shows that the app has the secret; the recovery codes are shown now and never again."""
    form, now, secret = SetUpForm(), datetime.now(UTC), session.get("factor_secret", "")
    if current_editor().second_factor is not None or not secret:
        return htmx.redirect(url_for(".overview"))
    status = _refusal(form, now)
    step = second_factor.matching_step(secret, form.code.data or "", now)
    if status is None and step is None:
        form.code.errors = ["This code does not fit. Wait for the next one, and enter that."]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if status is not None or step is None:
        return _show(status or HTTPStatus.OK, set_up_form=form)
    try:
        codes = second_factor.turn_on(current_editor(), secret, step, now)
    except AlreadyOn:
        return htmx.redirect(url_for(".overview"))
    notices.record_and_tell(AuditKind.FACTOR_ON, now, current_editor().id, current_editor())
    sign_ins.start_afresh(now)
    db.session.commit()
    return _show_codes(codes)


@bp.post("/recovery-codes")
def make_recovery_codes() -> Response:
    """New codes in place of the old ones."""
    form, now = NewCodesForm(), datetime.now(UTC)
    if current_editor().second_factor is None:
        return htmx.redirect(url_for(".overview"))
    status = _refusal(form, now)
    if status is not None:
        return _show(status, codes_form=form)
    codes = second_factor.make_recovery_codes(current_editor())
    notices.record_and_tell(AuditKind.RECOVERY_CODES_MADE, now, current_editor().id, current_editor())
    db.session.commit()
    return _show_codes(codes)


@bp.post("/off")
def turn_off() -> Response:
    """Ask for the password alone from now on."""
    form, now = TurnOffForm(), datetime.now(UTC)
    if current_editor().second_factor is None:
        return htmx.redirect(url_for(".overview"))
    status = _refusal(form, now)
    if status is None and not _is_own_code(form.code.data or "", now):
        form.code.errors = ["This code is not right, or it was used before. Wait for the next one."]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if status is not None:
        return _show(status, off_form=form)
    second_factor.turn_off(current_editor())
    notices.record_and_tell(AuditKind.FACTOR_OFF, now, current_editor().id, current_editor())
    sign_ins.start_afresh(now)
    db.session.commit()
    return htmx.redirect(url_for("accounts.account", done="factor-off"))


def _is_own_code(code: str, now: datetime) -> bool:
    """Of the app, or a recovery code: who has lost the app must be able to start over."""
    editor = current_editor()
    return second_factor.use_code(editor, code, now) or second_factor.use_recovery_code(editor, code)


def _refusal(form: FlaskForm, now: datetime) -> HTTPStatus | None:
    """Why a form is not accepted: 429 after too many tries, 422 for a field or a wrong password, else None."""
    if not form.validate():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if editor_access.is_tried_too_often("password", str(current_editor().id), now):
        form.password.errors = [editor_access.WAIT]
        return HTTPStatus.TOO_MANY_REQUESTS
    if not editors.has_password(current_editor(), form.password.data):
        form.password.errors = ["This is not the password you use now."]
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return None


def _show(
    status: int = HTTPStatus.OK,
    set_up_form: SetUpForm | None = None,
    codes_form: NewCodesForm | None = None,
    off_form: TurnOffForm | None = None,
) -> Response:
    editor, secret, address = current_editor(), "", ""
    if editor.second_factor is None:
        # The same one until it is confirmed, so that the picture which was scanned stays the right one.
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
