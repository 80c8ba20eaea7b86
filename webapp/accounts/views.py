"""Pages for signing in and out, and for one's own account."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, g, request, url_for

from webapp.accounts import (
    editor_access,
    editors,
    mailed_links,
    oidc,
    passkeys,
    second_factor,
    sign_ins,
)
from webapp.accounts.forms import (
    AppCodeForm,
    CodeForm,
    PasskeyForm,
    PasswordForm,
    RecoveryCodeForm,
    SignInForm,
    TimeZoneForm,
)
from webapp.accounts.oidc import SignInRefused
from webapp.accounts.passwords import PasswordRefused, new_hash
from webapp.db.writing import writing
from webapp.models import AuditKind, Editor, Role
from webapp.publishing import audit
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import forget_attempts, visitor_address
from webapp.web.http import never_store

bp = Blueprint("accounts", __name__)
OPEN = {
    "sign_in", "do_sign_in", "enter_code", "check_code", "sign_in_with_passkey", "ask_provider", "return_from_provider",
    "sign_out", "stop_digest", "stop_digest_now",
}  # fmt: skip
editor_access.protect(
    bp, role=Role.REVIEWER, is_secret=True, open_to_all=[f"accounts.{name}" for name in OPEN]
)

# Fewer than for passwords, since a code has only 6 digits. Recovery codes are counted separately: otherwise a stranger
# who guesses codes would block them too.
CODES_OF_ACCOUNT = 10
CODE_FORMS = {"passkey": PasskeyForm, "code": AppCodeForm, "recovery-code": RecoveryCodeForm}


@bp.get("/editor/sign-in")
def sign_in() -> Response:
    """Ask for address and password."""
    return _show_sign_in(SignInForm())


@bp.post("/editor/sign-in")
def do_sign_in() -> Response:
    """Sign in, or ask for the second factor, and go on to the page that was asked for."""
    form = SignInForm()
    account = (form.email.data or "").strip().lower()
    if status := editor_access.sign_in_refusal(form, form.email, "sign-in", account):
        return _show_sign_in(form, status)
    editor = editors.find_by_password(form.email.data, form.password.data)
    with writing() as now:
        if editor is None or editor.disabled_at is not None:  # closed while the password was checked
            _record_failure(editors.find_editor(form.email.data), "password", now)
            form.email.errors = ["That email address and password don’t match. Please check both."]
        else:
            _start_first_step(editor, form.time_zone.data, now)
    if form.errors or editor is None:
        return _show_sign_in(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _go_on(editor, request.args.get("next"))


@bp.post("/editor/sign-in/passkey-alone")
def sign_in_with_passkey() -> Response:
    """Sign in with a passkey and nothing else."""
    form, credential = SignInForm(), PasskeyForm()
    account = visitor_address()  # whose it is is not known yet
    if status := editor_access.sign_in_refusal(credential, credential.code, "passkey", account):
        form.email.errors = credential.code.errors
        return _show_sign_in(form, status)
    proof = passkeys.find_proof(credential.code.data, datetime.now(UTC), is_alone=True)
    with writing() as now:
        editor = passkeys.use(proof, now) if proof else None
        if editor is None:
            _record_failure(None, "passkey", now)
            form.email.errors = [credential.wrong]
        else:
            _start(editor, now)
    return _show_sign_in(form, HTTPStatus.UNPROCESSABLE_ENTITY) if form.errors else _signed_in()


@bp.post("/editor/sign-in/provider")
def ask_provider() -> Response:
    """Lead on to the OpenID Connect provider."""
    form, after = SignInForm(), request.args.get("next", "")
    if not oidc.provider_name():
        raise SiteError(HTTPStatus.NOT_FOUND)
    if not editor_access.token_is_good():
        form.email.errors = [editor_access.PRESS_AGAIN]
        return _show_sign_in(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if editor_access.has_too_many_tries("provider", visitor_address()):
        form.email.errors = [editor_access.WAIT]
        return _show_sign_in(form, HTTPStatus.TOO_MANY_REQUESTS)
    try:
        address = oidc.ask(after, form.email.data or "", form.time_zone.data)
    except SignInRefused as refusal:
        return _show_sign_in(form, refusal.status, refusal=refusal)
    # A redirect would be blocked: "form-action" in our policy also holds for where an answer to a form redirects.
    return htmx.render("accounts/to_provider.html", address=address, provider=oidc.provider_name())


@bp.get("/editor/sign-in/provider")
def return_from_provider() -> Response:
    """Sign in the editor whose address the provider has verified, or ask for the second factor."""
    asked, email = None, ""
    try:
        asked = oidc.take_request(request.args.get("state", ""), datetime.now(UTC))
        email = oidc.verified_email(asked, request.args)
        with writing() as now:
            editor = oidc.get_editor(email)
            _start_first_step(editor, asked.time_zone, now)
    except SignInRefused as refusal:
        form = SignInForm(formdata=None, obj=asked)
        if asked:  # otherwise anybody could fill the audit log
            with writing() as now:
                _record_failure(editors.find_editor(email), oidc.provider_name(), now)
        return _show_sign_in(form, refusal.status, asked.next_page if asked else None, refusal)
    return _go_on(editor, asked.next_page)


@bp.get("/editor/sign-in/<any(passkey, code, 'recovery-code'):kind>")
def enter_code(kind: str) -> Response:
    """Ask for a passkey, a code from the app, or a recovery code."""
    editor = sign_ins.find_awaiting_code(datetime.now(UTC))
    if editor is None:
        return htmx.redirect(url_for(".sign_in", next=request.args.get("next")))
    return _show_code(kind, CODE_FORMS[kind](), editor)


@bp.post("/editor/sign-in/<any(passkey, code, 'recovery-code'):kind>")
def check_code(kind: str) -> Response:
    """Finish signing in with a passkey, a code from the app or a recovery code."""
    form = CODE_FORMS[kind]()
    editor = sign_ins.find_awaiting_code(datetime.now(UTC))
    if editor is None:
        late = SignInForm(formdata=None)
        late.email.errors = ["More than 10 minutes have passed. Please begin again."]
        return _show_sign_in(late, HTTPStatus.UNPROCESSABLE_ENTITY)
    if status := editor_access.sign_in_refusal(form, form.code, kind, str(editor.id), CODES_OF_ACCOUNT):
        return _show_code(kind, form, editor, status)
    # Neither holds up other writers: hashing a recovery code is slow on purpose, and signatures take a while to check.
    code_hash = second_factor.recovery_hash_of(editor, form.code.data) if kind == "recovery-code" else ""
    proof = None
    if kind == "passkey":
        proof = passkeys.find_proof(form.code.data, datetime.now(UTC), is_alone=False)
    with writing() as now:
        if kind == "recovery-code" and second_factor.use_recovery_code(editor, code_hash):
            editors.record_and_notify(AuditKind.RECOVERY_CODE_USED, now, editor.id, editor)
            _start(editor, now)
        elif (kind == "code" and second_factor.use_code(editor, form.code.data, now)) or (
            proof and proof.editor_id == editor.id and passkeys.use(proof, now)
        ):
            _start(editor, now)
        else:
            _record_failure(editor, form.code.label.text.lower(), now)
            form.code.errors = [form.wrong]
    if form.errors:
        return _show_code(kind, form, editor, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _signed_in()


@bp.post("/editor/sign-out")
def sign_out() -> Response:
    """Sign out in this browser."""
    editor_access.csrf.protect()
    editor_access.recognize(datetime.now(UTC))
    editor = g.get("editor")
    with writing() as now:
        if editor is not None:
            audit.record(AuditKind.SIGNED_OUT, now, editor.id)
        sign_ins.end()
    return htmx.redirect(url_for(".sign_in", ended="yes"))


@bp.get("/editor/account")
def account() -> Response:
    """Show one's own time zone, password, second factor and sign-ins."""
    return _show_account()


@bp.post("/editor/account/time-zone")
def change_time_zone() -> Response:
    """Save the time zone in which times are shown and entered."""
    form = TimeZoneForm()
    if not form.validate():
        return _show_account(HTTPStatus.UNPROCESSABLE_ENTITY, zone_form=form)
    with writing():
        editor_access.current_editor().time_zone = form.time_zone.data
    return htmx.redirect(url_for(".account", done="time-zone"))


@bp.post("/editor/account/digest")
def change_digest() -> Response:
    """Switch the mail of the day on or off."""
    with writing() as now:
        mailed_links.switch_digest(
            editor_access.current_editor(), now, is_on=request.form.get("digest") == "on"
        )
    return htmx.redirect(url_for(".account", done="digest"))


@bp.get("/editor/digest-off/<token>")
def stop_digest(token: str) -> Response:
    """Show a button that stops the mail of the day, from the link in that mail: without signing in."""
    mailed_links.digest_editor(token)  # raises SiteError
    return never_store(htmx.render("accounts/digest_off.html", token=token, is_done=False))


@bp.post("/editor/digest-off/<token>")
def stop_digest_now(token: str) -> Response:
    """Stop the mail of the day."""
    with writing() as now:
        mailed_links.switch_digest(mailed_links.digest_editor(token), now, is_on=False)
    return never_store(htmx.render("accounts/digest_off.html", token=token, is_done=True))


@bp.post("/editor/account/password")
def change_password() -> Response:
    """Change one's own password and end every other sign-in."""
    form, editor = PasswordForm(), editor_access.current_editor()
    if status := editor_access.password_refusal(form, form.current):
        return _show_account(status, password_form=form)
    try:
        password_hash = new_hash(form.new.data, editor.name, editor.email)
    except PasswordRefused as refusal:
        form.new.errors = [str(refusal)]
        return _show_account(HTTPStatus.UNPROCESSABLE_ENTITY, password_form=form)
    with writing() as now:
        editor.password_hash = password_hash
        editors.record_and_notify(AuditKind.PASSWORD_CHANGED, now, editor.id, editor)
        sign_ins.renew(now)
    return htmx.redirect(url_for(".account", done="password"))


@bp.post("/editor/account/end-others")
def end_other_sign_ins() -> Response:
    """Sign out everywhere else."""
    with writing() as now:
        if sign_ins.end_others():
            audit.record(AuditKind.SIGN_INS_ENDED, now, editor_access.current_editor().id)
    return htmx.redirect(url_for(".account", done="others"))


def _start_first_step(editor: Editor, time_zone: str | None, now: datetime) -> None:
    """Sign an editor in after the password or the provider, unless the second factor is still to come."""
    editor.time_zone = editor.time_zone or time_zone
    if editor.has_second_factor:
        sign_ins.start(editor, now, needs_code=True)
    else:
        _start(editor, now)


def _go_on(editor: Editor, after: str | None) -> Response:
    """Ask for the second factor after the first step, or lead on if there is none."""
    if not editor.has_second_factor:
        return _signed_in(after)
    kind = _ways(editor)[0]
    if htmx.wants_fragment():
        return _show_code(kind, CODE_FORMS[kind](formdata=None), editor)
    return htmx.redirect(url_for(".enter_code", kind=kind, next=after))


def _start(editor: Editor, now: datetime) -> None:
    """Sign an editor in, and reset the count of tries from this network address."""
    sign_ins.start(editor, now)
    for tried in ("sign-in", "provider", *CODE_FORMS):
        forget_attempts(f"{tried}-address", visitor_address())
    audit.record(AuditKind.SIGNED_IN, now, editor.id)


def _signed_in(after: str | None = None) -> Response:
    if htmx.wants_fragment():
        return htmx.render("accounts/sign_in.html", "signed_in_again")
    return htmx.redirect(editor_access.next_page(after))


def _record_failure(editor: Editor | None, what: str, now: datetime) -> None:
    """Add a failed sign-in to the audit log: the account, if there is one, but nothing that was typed."""
    audit.record(AuditKind.SIGN_IN_FAILED, now, None, editor.id if editor else None, what)


def _ways(editor: Editor) -> list[str]:
    """The second steps that an editor can take, the quickest first."""
    ways = {"passkey": bool(editor.passkeys), "code": editor.second_factor is not None, "recovery-code": True}
    return [kind for kind, is_possible in ways.items() if is_possible]


def _show_account(
    status: int = HTTPStatus.OK,
    zone_form: TimeZoneForm | None = None,
    password_form: PasswordForm | None = None,
) -> Response:
    return htmx.render(
        "accounts/account.html",
        status=status,
        zone_form=zone_form or TimeZoneForm(formdata=None, time_zone=editor_access.time_zone()),
        password_form=password_form or PasswordForm(formdata=None),
        others=sign_ins.sign_in_count() - 1,
        done=request.args.get("done"),
    )


def _show_sign_in(
    form: SignInForm,
    status: int = HTTPStatus.OK,
    after: str | None = None,
    refusal: SignInRefused | None = None,
) -> Response:
    after = after or request.args.get("next")
    return htmx.render(
        "accounts/sign_in.html",
        "sign_in_form",
        status,
        form=form,
        refusal=refusal,
        action=url_for("accounts.sign_in", next=after),
        provider=oidc.provider_name(),
        provider_action=url_for("accounts.ask_provider", next=after),
        passkey_action=url_for("accounts.sign_in_with_passkey", next=after),
        passkey_options=passkeys.sign_in_options(),
        is_form_stored="stored" in request.args,
        has_ended="ended" in request.args,
        is_new_password="new" in request.args,
        is_in_page=htmx.wants_fragment(),
    )


def _show_code(kind: str, form: CodeForm, editor: Editor, status: int = HTTPStatus.OK) -> Response:
    after = request.args.get("next")
    return htmx.render(
        "accounts/code.html",
        "sign_in_form",
        status,
        kind=kind,
        form=form,
        action=url_for("accounts.enter_code", kind=kind, next=after),
        passkey_options=passkeys.sign_in_options(editor) if kind == "passkey" else "",
        other_ways={
            way: url_for("accounts.enter_code", kind=way, next=after) for way in _ways(editor) if way != kind
        },
        is_in_page=htmx.wants_fragment(),
    )
