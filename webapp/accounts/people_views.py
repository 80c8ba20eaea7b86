"""The admins' pages: editors' accounts and the audit log."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access, editors, passwords, second_factor
from webapp.accounts.editor_access import current_editor
from webapp.accounts.editors import EditorRefused
from webapp.accounts.forms import InviteForm, RoleForm
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import AuditKind, Editor, MailKind, Role
from webapp.parsing import int_from
from webapp.publishing import audit, reviews
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.pagination import asked_page, existing

bp = Blueprint("people", __name__, url_prefix="/editor")
editor_access.protect(bp, is_secret=True)


@bp.before_request
def require_admin() -> None:
    """Refuse everybody but admins."""
    editor_access.require(Role.ADMIN)


@bp.get("/people/")
def everyone() -> Response:
    """List the editors, with a form to invite another."""
    return _show_everyone(InviteForm(formdata=None, role=Role.WRITER))


@bp.post("/people/")
def invite() -> Response:
    """Add an editor, and mail them a link to choose a password."""
    form = InviteForm()
    if not form.validate():
        return _show_everyone(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    password_hash = passwords.hash_nobody_knows()
    try:
        with editor_access.writing_as(Role.ADMIN) as now:
            editor = editors.add_editor(form.name.data, form.email.data, password_hash, now)
            form.fill(editor)
            outbox.enqueue(MailKind.INVITATION, editor.email, now)
            audit.record(AuditKind.ACCOUNT_ADDED, now, current_editor().id, editor.id, editor.role.label)
    except EditorRefused as refusal:
        form.email.errors = [str(refusal)]
        return _show_everyone(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _saved(editor, "invited")


@bp.get("/people/<int:number>")
def person(number: int) -> Response:
    """Show one editor's account."""
    editor = _get(number)
    return _show_person(editor, RoleForm(formdata=None, obj=editor))


@bp.post("/people/<int:number>/role")
def change_role(number: int) -> Response:
    """Give an editor another role."""
    editor, form = _get_other(number), RoleForm()
    if not form.validate():
        return _show_person(editor, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.ADMIN) as now:
        before = editor.role
        form.fill(editor)
        if editor.role is not before:
            words = f"{before.label} → {editor.role.label}"
            audit.record(AuditKind.ROLE_CHANGED, now, current_editor().id, editor.id, words)
    return _saved(editor, "role")


@bp.post("/people/<int:number>/close")
def close_account(number: int) -> Response:
    """Close an account; its editor is signed out at once."""
    editor = _get_other(number)
    with editor_access.writing_as(Role.ADMIN) as now:
        if editor.disabled_at is None:
            editor.disabled_at = now
            editors.end_sign_ins(editor)
            reviews.print_names_again(editor, now)
            audit.record(AuditKind.ACCOUNT_DISABLED, now, current_editor().id, editor.id)
    return _saved(editor, "closed")


@bp.post("/people/<int:number>/open")
def open_account(number: int) -> Response:
    """Open a closed account again."""
    editor = _get_other(number)
    with editor_access.writing_as(Role.ADMIN) as now:
        if editor.disabled_at is not None:
            editor.disabled_at = None
            reviews.print_names_again(editor, now)
            audit.record(AuditKind.ACCOUNT_ENABLED, now, current_editor().id, editor.id)
    return _saved(editor, "opened")


@bp.post("/people/<int:number>/link")
def send_link(number: int) -> Response:
    """Mail an editor a new link to choose a password."""
    editor = _get_other(number)
    with editor_access.writing_as(Role.ADMIN) as now:
        outbox.enqueue(MailKind.INVITATION, editor.email, now)
        audit.record(AuditKind.INVITED, now, current_editor().id, editor.id)
    return _saved(editor, "link")


@bp.post("/people/<int:number>/second-factor")
def reset_second_factor(number: int) -> Response:
    """Turn off the second factor of an editor who has lost both their device and their recovery codes."""
    editor = _get_other(number)
    with editor_access.writing_as(Role.ADMIN) as now:
        second_factor.reset(editor, now, current_editor().id)
    return _saved(editor, "factor")


@bp.get("/audit")
def audit_log() -> Response:
    """List what editors did, newest first."""
    kind, person = request.args.get("kind", ""), request.args.get("person", "")
    editor_id = int_from(person)
    if (kind and kind not in list(AuditKind)) or (person and editor_id is None):
        raise SiteError(HTTPStatus.NOT_FOUND)
    wanted = AuditKind(kind) if kind else None, editor_id
    page = existing(audit.entries(asked_page(), *wanted))
    return htmx.render(
        "accounts/audit.html",
        page=page,
        kinds=list(AuditKind),
        kind=kind,
        people=editors.all_editors(),
        person=person,
    )


def _get(number: int) -> Editor:
    editor = db.session.get(Editor, number)
    if editor is None:
        raise SiteError(HTTPStatus.NOT_FOUND, "We couldn’t find that person. Look in the list of people.")
    return editor


def _get_other(number: int) -> Editor:
    """An editor other than the current one: admins cannot change their own account, so one always remains."""

    editor = _get(number)
    if editor == current_editor():
        raise SiteError(HTTPStatus.FORBIDDEN, "Ask another admin to do this to your own account.")
    return editor


def _saved(editor: Editor, done: str) -> Response:
    return htmx.redirect(url_for(".person", number=editor.id, done=done))


def _show_everyone(form: InviteForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render("accounts/people.html", status=status, people=editors.all_editors(), form=form)


def _show_person(editor: Editor, form: RoleForm, status: int = HTTPStatus.OK) -> Response:
    return htmx.render(
        "accounts/person.html",
        status=status,
        person=editor,
        form=form,
        is_self=editor == current_editor(),
        done=request.args.get("done", ""),
    )
