"""The people who may write: find one, add one, check a password."""

import re
from datetime import datetime

from sqlalchemy import select

from webapp.accounts import passwords
from webapp.extensions import db
from webapp.models import Editor, Role


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
    if not name.strip():
        raise EditorRefused("Give the name of the editor.")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email.strip()):
        raise EditorRefused(f"“{email}” is not an e-mail address.")
    if find_editor(email) is not None:
        raise EditorRefused(f"There is an editor with the address {_folded(email)} already.")
    passwords.check_new(password, name, email)
    editor = Editor(
        name=name.strip(),
        email=_folded(email),
        password_hash=passwords.hash_of(password),
        role=role,
        created_at=now,
    )
    db.session.add(editor)
    return editor


def find_by_password(email: str, password: str) -> Editor | None:
    """The editor with this address and password. Takes the same time whether or not there is one."""
    editor = find_editor(email)
    editor_id, password_hash = (editor.id, editor.password_hash) if editor else (None, None)
    db.session.rollback()  # checking takes a tenth of a second: hold no lock meanwhile
    if not passwords.matches(password_hash, password):
        return None
    return db.session.get(Editor, editor_id)


def change_password(editor: Editor, current: str, new: str) -> bool:
    """Give somebody a new password if ``current`` is the one so far. Raises PasswordRefused for a weak one.

    Ends the transaction before it computes: hashing takes a tenth of a second, and nobody should wait for that.
    """
    editor_id, kept, personal = editor.id, editor.password_hash, (editor.name, editor.email)
    db.session.rollback()
    if not passwords.matches(kept, current):
        return False
    passwords.check_new(new, *personal)
    new_hash = passwords.hash_of(new)
    db.session.get_one(Editor, editor_id).password_hash = new_hash
    return True


def _folded(email: str) -> str:
    return email.strip().lower()
