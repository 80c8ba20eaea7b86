"""Texts that readers see as soon as they are saved: their history, and what happens if two people save at once."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from webapp.db.session import db
from webapp.models import SavedText
from webapp.publishing.revisions import SavedMeanwhile
from webapp.web.errors import SiteError

OneText = TypeVar("OneText", bound=SavedText)


def history(kind: type[OneText], **of: str) -> Sequence[OneText]:
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
