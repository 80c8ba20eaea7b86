"""Texts that are saved under a number, and who checked them: those of the site itself, safety cards, and translations."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.editor import Editor
from webapp.models.values import Labeled, ReviewerKind


class SavedText(Base):
    """An immutable text of something. Readers see the one with the highest number, of translations the highest published one.

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


class SafetyRevision(SavedText):
    """A text of a safety card."""

    card_id: Mapped[str] = mapped_column(String(40))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # as in the starter file, its sources written out
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    editor: Mapped[Editor] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("card_id", "number"),)


class SafetySignOff(Base):
    """Somebody checked one text of a safety card. Taking that back deletes the row; the audit log keeps both."""

    revision_id: Mapped[int] = mapped_column(
        ForeignKey("safety_revision.id", ondelete="CASCADE"), primary_key=True
    )
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"), primary_key=True)
    kind: Mapped[ReviewerKind] = mapped_column(enum_text(ReviewerKind))
    role: Mapped[str] = mapped_column(String(120))  # as printed
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TranslationState(Labeled):
    """Where a text stands in a language."""

    MISSING = "missing", "Not translated"
    DRAFT = "draft", "Draft"
    CHANGED = "changed", "The English text changed"
    UNCHECKED = "unchecked", "Published, not checked"
    CHECKED = "checked", "Published and checked"


class Translation(SavedText):
    """A saved text of an article or an answer in one language. Readers see the published one with the highest number.

    ``words`` are the paragraphs by name, and ``made_from`` the marks of the English ones that they were made from (see
    ``webapp/content/translation.py``). ``of_revision`` is the published revision that the text was
    compared with, if it says all that this had. Without an editor, it came with the site.
    """

    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(8))
    words: Mapped[dict[str, str]] = mapped_column(JSON)
    made_from: Mapped[dict[str, str]] = mapped_column(JSON)
    phrasings: Mapped[list[str]] = mapped_column(JsonList(str))  # of an answer
    made_by: Mapped[str] = mapped_column(Text)  # a sentence for readers, in the language
    of_revision: Mapped[int | None]
    is_published: Mapped[bool]
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))
    editor: Mapped[Editor | None] = relationship(foreign_keys=editor_id, lazy="joined")

    # Who signed that it says what the original says; readers see the name, and the kind and role as of then.
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))
    checked_by: Mapped[Editor | None] = relationship(foreign_keys=checked_by_id, lazy="joined")
    checked_kind: Mapped[ReviewerKind | None] = mapped_column(enum_text(ReviewerKind))
    checked_role: Mapped[str | None] = mapped_column(String(120))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("article_id", "language", "number"),
        UniqueConstraint("answer_id", "language", "number"),
    )
