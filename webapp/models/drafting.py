"""Work on a draft that readers never see: the texts of its paper, facts confirmed in them, what AI wrote, who has it, and comments."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.config import LONGEST_MODEL
from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.editor import Editor
from webapp.models.values import ReadFrom


class PaperPart(StrEnum):
    """Where in the paper a section stands. A statement is what JATS marks as funding, interests and the like."""

    TITLE = "title"
    ABSTRACT = "abstract"
    FULL_TEXT = "full text"
    TABLE = "table"
    STATEMENT = "statement"


class PaperSection(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a paper. A blank line ends each paragraph, or each row of a table, whose cells are between ``CELL``.

    The heading of a statement is the field that it answers, that of a table its caption.
    """

    source: PaperPart
    text: str
    heading: str = ""


CELL = " | "


class StoredText(Base):
    """The text of a draft's paper beyond title and abstract, for editors only: it is in no page, export or mail."""

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ReadFrom] = mapped_column(enum_text(ReadFrom))
    sections: Mapped[list[PaperSection]] = mapped_column(JsonList(PaperSection))
    source: Mapped[str] = mapped_column(String(200))  # the name of a file or service, or "Pasted"
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))


class FoundBy(StrEnum):
    """Who found a fact: a rule that an editor agreed with, or the editor alone."""

    RULE = "rule"
    PERSON = "person"


class Fact(Base):
    """What an editor decided about a fact of a draft's paper, with the sentence it stands in, if there is one.

    ``quote`` is that sentence, from ``start`` to ``end`` of its section. The section is in the stored text with ``text_id``, or
    else it is the title or abstract of the draft.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(Text)
    source: Mapped[PaperPart | None] = mapped_column(enum_text(PaperPart))  # None: not read in the text
    text_id: Mapped[int | None] = mapped_column(ForeignKey("stored_text.id", ondelete="SET NULL"), index=True)
    start: Mapped[int | None]
    end: Mapped[int | None]
    quote: Mapped[str] = mapped_column(Text, default="")
    found_by: Mapped[FoundBy] = mapped_column(enum_text(FoundBy))
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("draft_id", "field"),)


class AiDraft(Base):
    """A first draft that an editor asked a language model for; ``problem`` says why there is none.

    ``written`` is what the model wrote into the draft: fields of ``ArticleContent`` as JSON, empty until then.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    model: Mapped[str] = mapped_column(String(LONGEST_MODEL))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    problem: Mapped[str] = mapped_column(Text, default="")
    written: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AiConfirmation(Base):
    """Somebody read what the model wrote in one part of a draft, and found it right as it stands.

    ``part`` is named by its first field; ``texts`` are the paragraphs that stood there, by field.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(40))
    texts: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Assignment(Base):
    """Who has a draft, and who gave it to them. A draft that nobody has is not in this table."""

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    assigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    editor: Mapped[Editor] = relationship(foreign_keys=editor_id, lazy="joined", innerjoin=True)
    assigned_by: Mapped[Editor | None] = relationship(foreign_keys=assigned_by_id)


class DraftComment(Base):
    """What an editor wrote to colleagues at a field of a draft, or in reply to such a comment.

    ``field`` is the name of the field, or of a list as a whole: its rows move. Only a comment that begins a conversation, without
    ``reply_to_id``, is marked as done. Without an editor, their account was erased.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(40))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("draft_comment.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"), index=True)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"))
    editor: Mapped[Editor | None] = relationship(foreign_keys=editor_id, lazy="joined")

    @property
    def name(self) -> str:
        """Who wrote it, as colleagues see it."""
        return self.editor.name if self.editor else "A former colleague"
