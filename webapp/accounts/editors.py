"""The people who may write: find one, add one, check a password, open and close an account."""

import re
from datetime import datetime

from sqlalchemy import delete, select

from webapp.accounts import passwords
from webapp.db.session import db
from webapp.models import Editor, Role, SignIn
from webapp.web.tokens import new_secret


class EditorRefused(ValueError):
    """A person cannot be added; the message says why."""


def find_editor(email: str) -> Editor | None:
    """The editor with this address, if there is one; capitals do not matter."""
    return db.session.scalar(select(Editor).where(Editor.email == _folded(email)))


def all_editors() -> list[Editor]:
    """Everybody who may write, by name."""
    return list(db.session.scalars(select(Editor).order_by(Editor.name, Editor.id)))


def add_editor(name: str, email: str, password: str, now: datetime, role: Role = Role.EDITOR) -> Editor:
    """A new editor. Raises EditorRefused for a bad or known address, PasswordRefused for a weak password."""
    _check(name, email)
    passwords.check_new(password, name, email)
    return _added(name, email, password, role, now)


def invite(name: str, email: str, role: Role, now: datetime) -> Editor:
    """A new editor with a password that nobody knows, to be replaced by a link. Raises EditorRefused."""
    _check(name, email)
    return _added(name, email, new_secret(), role, now)


def close_account(editor: Editor, now: datetime) -> None:
    """Let somebody in no more, from the next request on. What they wrote stays, and so does their name on it."""
    editor.disabled_at = now
    end_sign_ins(editor)


def open_account(editor: Editor) -> None:
    """Let somebody in again with the password they had."""
    editor.disabled_at = None


def end_sign_ins(editor: Editor) -> None:
    """Sign somebody out everywhere."""
    db.session.execute(delete(SignIn).where(SignIn.editor_id == editor.id))


def find_by_password(email: str, password: str) -> Editor | None:
    """The editor with this address and password. Takes the same time whether or not there is one."""
    editor = find_editor(email)
    is_open = editor is not None and editor.disabled_at is None
    editor_id, password_hash = (editor.id, editor.password_hash) if editor and is_open else (None, None)
    db.session.rollback()  # checking takes a tenth of a second: hold no lock meanwhile
    if not passwords.matches(password_hash, password):
        return None
    return db.session.get(Editor, editor_id)


def has_password(editor: Editor, password: str) -> bool:
    """Is this their password? Ends the transaction before it computes, like ``find_by_password``."""
    kept = editor.password_hash
    db.session.rollback()
    return passwords.matches(kept, password)


def change_password(editor: Editor, current: str, new: str) -> bool:
    """Give somebody a new password if ``current`` is the one so far. Raises PasswordRefused for a weak one.

    Ends the transaction before it computes: hashing takes a tenth of a second, and nobody should wait for that.
    """
    editor_id, personal = editor.id, (editor.name, editor.email)
    if not has_password(editor, current):
        return False
    passwords.check_new(new, *personal)
    new_hash = passwords.hash_of(new)
    db.session.get_one(Editor, editor_id).password_hash = new_hash
    return True


def _check(name: str, email: str) -> None:
    if not name.strip():
        raise EditorRefused("Give the name of the editor.")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email.strip()):
        raise EditorRefused(f"“{email}” is not an e-mail address.")
    if find_editor(email) is not None:
        raise EditorRefused(f"There is an editor with the address {_folded(email)} already.")


def _added(name: str, email: str, password: str, role: Role, now: datetime) -> Editor:
    editor = Editor(
        name=name.strip(),
        email=_folded(email),
        password_hash=passwords.hash_of(password),
        role=role,
        created_at=now,
    )
    db.session.add(editor)
    return editor


def _folded(email: str) -> str:
    return email.strip().lower()
