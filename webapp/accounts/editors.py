"""Editors' accounts: find, add and authenticate."""

import re
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from webapp.accounts import passwords
from webapp.db.session import db
from webapp.models import Editor, Role, SignIn


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


def _folded(email: str) -> str:
    return email.strip().lower()
