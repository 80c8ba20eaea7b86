"""What admins and editors change of the site apart from its summaries and answers, with its history."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.editor import Editor
from webapp.models.values import Labeled


class SavedText(Base):
    """An immutable text of something that readers see as soon as it is saved: the text with the highest number.

    Before number 1, what came with the site counts.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SitePart(Labeled):
    """What a text of the site is for."""

    SETTINGS = "settings", "Site settings"
    WORD = "word", "Word"
    PAGE = "page", "Page"
    CATEGORIES = "categories", "Categories"


class SiteText(SavedText):
    """A text of the site itself: its settings, what it knows of one word, one of its pages, or the list of its categories."""

    part: Mapped[SitePart] = mapped_column(enum_text(SitePart))
    key: Mapped[str] = mapped_column(
        String(80)
    )  # the address of the word or page; empty for the settings and the categories
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # None: deleted
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))  # None: a command of the site
    editor: Mapped[Editor | None] = relationship(lazy="joined")

    __table_args__ = (UniqueConstraint("part", "key", "number"),)
