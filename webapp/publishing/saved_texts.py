"""Texts that readers see as soon as they are saved: their history, and what happens if two people save at once."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select

from webapp.db.session import db
from webapp.models import Editor, SavedText, SitePart, SiteText
from webapp.parsing import clean_texts
from webapp.publishing.revisions import SavedMeanwhile
from webapp.web.errors import SiteError

OneText = TypeVar("OneText", bound=SavedText)
Content = TypeVar("Content")


class TextRefused(ValueError):
    """A text, or a file of texts, cannot be used; the message says why."""


def history(kind: type[OneText], **of: object) -> Sequence[OneText]:
    """All texts of one thing, newest first."""
    return db.session.scalars(select(kind).filter_by(**of).order_by(kind.number.desc())).all()


def newest_number(saved: Sequence[SavedText]) -> int:
    """The number of the text that readers see, by its history: 0 for the one that came with the site."""
    return saved[0].number if saved else 0


def refuse_outdated(saved: Sequence[SavedText], base: int) -> None:
    """Raise SavedMeanwhile if the text that somebody worked on is not the newest any more."""
    if newest_number(saved) != base:
        raise SavedMeanwhile


def get_text(saved: Sequence[OneText], number: int) -> OneText:
    """The text with this number; raises SiteError 404."""
    found = next((one for one in saved if one.number == number), None)
    if found is None:
        raise SiteError(404)
    return found


def store(
    part: SitePart, key: str, content: Any, number: int, *, editor: Editor | None, now: datetime
) -> None:
    """Add a text of the site to the history of what it is for."""
    text = SiteText(part=part, key=key, number=number, content=content, saved_at=now, editor=editor)
    db.session.add(text)
    db.session.flush()


def decoded(source: bytes) -> str:
    """The text of a file; raises TextRefused."""
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextRefused("This file isn’t text in UTF-8.") from error


def from_toml(source: bytes, kind: type[Content], **given: Any) -> Content:
    """Read a TOML file into this type, with what is ``given`` beside it; raises TextRefused."""
    text = decoded(source)
    try:
        table = clean_texts(tomllib.loads(text))
        return msgspec.convert(table | given, kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TextRefused(f"We can’t use this file: {error}.") from error
