"""Editors' accounts: find, add and authenticate; and mail about changes to a password or second factor, in case somebody else made them."""

import re
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from webapp.accounts import passwords
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import AuditKind, Editor, MailKind, Role, SignIn
from webapp.publishing import audit

ACCOUNT_NOTICES = {
    AuditKind.PASSWORD_CHANGED: "Your password was changed.",
    AuditKind.PASSWORD_RESET: "Your password was changed with the link we emailed you.",
    AuditKind.FACTOR_ON: "An authenticator app was added to your account.",
    AuditKind.FACTOR_OFF: "The authenticator app was removed from your account.",
    AuditKind.FACTOR_RESET: "An admin turned off your second factor. You now sign in with your password alone.",
    AuditKind.PASSKEY_ADDED: "A passkey was added to your account.",
    AuditKind.PASSKEY_REMOVED: "A passkey was removed from your account.",
    AuditKind.RECOVERY_CODES_MADE: "New recovery codes were made. The old ones no longer work.",
    AuditKind.RECOVERY_CODE_USED: "Someone signed in with one of your recovery codes.",
}


class EditorRefused(ValueError):
    """An editor cannot be added; the message says why."""


def find_editor(email: str) -> Editor | None:
    """Look up an editor by address, in upper or lower case."""
    return db.session.scalar(select(Editor).where(Editor.email == _folded(email)))


def all_editors() -> list[Editor]:
    """All editors, also those whose account is closed, sorted by name."""
    everybody = select(Editor).options(selectinload(Editor.passkeys)).order_by(Editor.name, Editor.id)
    return list(db.session.scalars(everybody))


def colleagues() -> list[tuple[int, str]]:
    """Id and name of everybody who may be asked to write, sorted by name."""
    can_write = Editor.role != Role.REVIEWER
    query = (
        select(Editor.id, Editor.name).where(can_write, Editor.disabled_at.is_(None)).order_by(Editor.name)
    )
    return [(number, name) for number, name in db.session.execute(query)]


def add_editor(name: str, email: str, password_hash: str, now: datetime, role: Role = Role.EDITOR) -> Editor:
    """Add an editor; raises EditorRefused for a missing name, and for an address that is invalid or in use."""
    if not name.strip():
        raise EditorRefused("Enter the editor’s name.")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email.strip()):
        raise EditorRefused(f"“{email}” isn’t an email address.")
    if find_editor(email) is not None:
        raise EditorRefused(f"There is an editor with the address {_folded(email)} already.")
    editor = Editor(
        name=name.strip(), email=_folded(email), password_hash=password_hash, role=role, created_at=now
    )
    db.session.add(editor)
    db.session.flush()
    return editor


def end_sign_ins(editor: Editor) -> None:
    """Sign an editor out in every browser."""
    db.session.execute(delete(SignIn).where(SignIn.editor_id == editor.id))


def find_by_password(email: str, password: str) -> Editor | None:
    """Authenticate an editor by address and password; takes the same time for an unknown address."""
    editor = find_editor(email)
    if editor is not None and editor.disabled_at is not None:
        editor = None
    return editor if passwords.matches(editor.password_hash if editor else None, password) else None


def record_and_notify(kind: AuditKind, now: datetime, actor_id: int | None, editor: Editor) -> None:
    """Add an entry to the audit log and queue a mail about it, in the transaction of the change itself."""
    audit.record(kind, now, actor_id, editor.id)
    outbox.enqueue(MailKind.ACCOUNT_NOTICE, editor.email, now, text=ACCOUNT_NOTICES[kind])


def _folded(email: str) -> str:
    return email.strip().lower()
