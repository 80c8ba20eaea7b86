"""What somebody typed into a form since the last save: kept on the side, overwritten each time, no part of the history.

Each opening of a form is a tab of its own, so two tabs never overwrite each other. A form that was opened with what was
typed elsewhere *adopts* it: it takes the other's place, unless more was typed there since.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import and_, delete, or_, select

from webapp.db.session import db
from webapp.models import Autosave, Draft
from webapp.parsing import datetime_from

Fields = list[tuple[str, str]]
NEW_KEY = re.compile(r"new-[0-9a-f]{16}")
KEY = re.compile(rf"draft-[0-9]{{1,9}}|{NEW_KEY.pattern}")
TAB = re.compile(r"[0-9a-f]{16}")
_NOT_TYPED = ("csrf_token", "tab", "adopts")


@dataclass(frozen=True)
class FormTab:
    """Which form somebody types into: whose, the form's key, its tab, and the mark of what it was opened with."""

    editor_id: int
    form_key: str
    name: str
    adopts: str = ""


@dataclass(frozen=True)
class Typed:
    """What was typed into one tab, and since when it is kept."""

    tab: str
    fields: Fields
    saved_at: datetime

    @property
    def mark(self) -> str:
        """Names exactly this text: what is typed in that tab later has another mark."""
        return f"{self.tab}@{self.saved_at.isoformat()}"


def keep(tab: FormTab, title: str, fields: Fields, now: datetime) -> None:
    """Keep a form's fields in the place of those kept before for this tab, and of those it was opened with."""
    forget(tab)
    kept = [[name, value] for name, value in fields if name not in _NOT_TYPED]
    db.session.add(
        Autosave(
            editor_id=tab.editor_id,
            form_key=tab.form_key,
            tab=tab.name,
            title=title[:200],
            fields=kept,
            saved_at=now,
        )
    )


def new_key() -> str:
    """Names the form of one new text."""
    return f"new-{token_hex(8)}"


def form_key(draft: Draft, asked: str = "") -> str:
    """Names the form for what is typed into it; a new text has the key it was ``asked`` for, or gets one."""
    if draft.id:
        return f"draft-{draft.id}"
    return asked if NEW_KEY.fullmatch(asked) else new_key()


def typed(editor_id: int, form_key: str) -> list[Typed]:
    """What is kept under this key, by tab, newest first."""
    query = select(Autosave).where(Autosave.editor_id == editor_id, Autosave.form_key == form_key)
    rows = db.session.scalars(query.order_by(Autosave.saved_at.desc(), Autosave.id.desc()))
    return [Typed(row.tab, [(name, value) for name, value in row.fields], row.saved_at) for row in rows]


def forget(tab: FormTab) -> None:
    """The text has been saved, or is not wanted any more."""
    adopted, _, at = tab.adopts.partition("@")
    is_own = and_(Autosave.form_key == tab.form_key, Autosave.tab == tab.name)
    is_adopted = and_(Autosave.tab == adopted, Autosave.saved_at == _time(at))
    own = delete(Autosave).where(Autosave.editor_id == tab.editor_id, or_(is_own, is_adopted))
    db.session.execute(own)


def new_texts(editor_id: int) -> list[tuple[str, str, datetime]]:
    """Key, title and time of texts that were never saved as a draft, newest first."""
    query = (
        select(Autosave.form_key, Autosave.title, Autosave.saved_at)
        .where(Autosave.editor_id == editor_id, Autosave.form_key.startswith("new-"))
        .order_by(Autosave.saved_at)
    )
    newest = {key: (key, title, saved_at) for key, title, saved_at in db.session.execute(query)}
    return sorted(newest.values(), key=lambda text: text[2], reverse=True)


def _time(text: str) -> datetime | None:
    at = datetime_from(text)
    return at if at and at.tzinfo else None
