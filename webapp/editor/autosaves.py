"""Unsaved typing: stored apart from drafts and their history, and overwritten each time.

Each opening of a form is a tab of its own, so two tabs never overwrite each other. A form that was opened with what was
typed in another tab *adopts* that text: it replaces it, unless more was typed there since.
"""

import re
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import and_, delete, func, or_, select
from werkzeug.datastructures import MultiDict

from webapp.db.session import db
from webapp.models import Autosave, Draft, Editor
from webapp.models.values import TextKind
from webapp.parsing import datetime_from

NEW_KEY = re.compile(r"new-(?P<answer>answer-)?[0-9a-f]{16}")
KEY = re.compile(rf"draft-[0-9]{{1,9}}|{NEW_KEY.pattern}")
TYPING_FOR = timedelta(minutes=15)  # since the last change
LONGEST_TAB = 16  # characters of the random name of a tab
_NOT_TYPED = ("csrf_token", "tab", "adopts")


def store(editor_id: int, fields: MultiDict[str, str], title: str, now: datetime) -> None:
    """Store the sent fields of a form in place of those of its tab, and of the text it was opened with.

    A form with a key that we did not make counts as that of a new text.
    """
    forget(editor_id, fields)
    key = fields.get("form_key", "")
    db.session.add(
        Autosave(
            editor_id=editor_id,
            form_key=key if KEY.fullmatch(key) else new_key(),
            tab=fields.get("tab", "")[:LONGEST_TAB],
            title=title[:200],
            fields=[[name, value] for name, value in fields.items(multi=True) if name not in _NOT_TYPED],
            saved_at=now,
        )
    )


def new_key(kind: TextKind = TextKind.SUMMARY) -> str:
    """Make a key for the form of a new text."""
    return f"new-{'answer-' if kind is TextKind.ANSWER else ''}{token_hex(8)}"


def kind_of(key: str) -> TextKind:
    """The kind of the new text whose form has this key."""
    match = NEW_KEY.fullmatch(key)
    return TextKind.ANSWER if match and match["answer"] else TextKind.SUMMARY


def form_key(draft: Draft, asked: str = "") -> str:
    """Give the key of a draft's form. A new text has the key that was ``asked`` for, or gets one."""
    if draft.id:
        return f"draft-{draft.id}"
    return asked if NEW_KEY.fullmatch(asked) else new_key(draft.kind)


def typed(editor_id: int, form_key: str) -> list[Autosave]:
    """Unsaved texts under this key, one a tab, newest first."""
    query = select(Autosave).where(Autosave.editor_id == editor_id, Autosave.form_key == form_key)
    return list(db.session.scalars(query.order_by(Autosave.saved_at.desc(), Autosave.id.desc())))


def others_typing(editor_id: int, form_key: str, now: datetime) -> list[tuple[str, datetime]]:
    """Name who else typed into this form a moment ago and did not save it yet, and when."""
    query = (
        select(Editor.name, func.max(Autosave.saved_at))
        .join(Editor, Editor.id == Autosave.editor_id)
        .where(
            Autosave.form_key == form_key,
            Autosave.editor_id != editor_id,
            Autosave.saved_at > now - TYPING_FOR,
        )
        .group_by(Editor.name)
        .order_by(Editor.name)
    )
    return [(name, at) for name, at in db.session.execute(query)]


def forget(editor_id: int, fields: MultiDict[str, str]) -> None:
    """Delete the unsaved text of the tab that sent these fields, and the text that it adopted."""
    adopted, _, at = fields.get("adopts", "").partition("@")
    saved_at = datetime_from(at)
    if saved_at and saved_at.tzinfo is None:  # not one of our marks
        saved_at = None
    tab = fields.get("tab", "")[:LONGEST_TAB]
    is_own = and_(Autosave.form_key == fields.get("form_key", ""), Autosave.tab == tab)
    is_adopted = and_(Autosave.tab == adopted, Autosave.saved_at == saved_at)
    db.session.execute(delete(Autosave).where(Autosave.editor_id == editor_id, or_(is_own, is_adopted)))


def new_texts(editor_id: int, kind: TextKind) -> list[tuple[str, str, datetime]]:
    """List key, title and time of texts of a kind that were never saved as a draft, newest first."""
    query = (
        select(Autosave.form_key, Autosave.title, Autosave.saved_at)
        .where(Autosave.editor_id == editor_id, Autosave.form_key.startswith("new-"))
        .order_by(Autosave.saved_at)
    )
    rows = db.session.execute(query)
    newest = {key: (key, title, saved_at) for key, title, saved_at in rows if kind_of(key) is kind}
    return sorted(newest.values(), key=lambda text: text[2], reverse=True)
