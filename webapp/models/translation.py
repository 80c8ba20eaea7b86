"""The texts of summaries and answers in other languages, and who checked them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.models.editor import Editor
from webapp.models.saved_text import SavedText
from webapp.models.values import Labeled, ReviewerKind


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
