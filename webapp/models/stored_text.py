"""The texts of papers that editors have, which are private, and the facts that they confirmed in them."""

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.values import ReadFrom


class Source(StrEnum):
    """Where in the paper a section stands. A statement is what JATS marks as funding, interests and the like."""

    TITLE = "title"
    ABSTRACT = "abstract"
    FULL_TEXT = "full text"
    TABLE = "table"
    STATEMENT = "statement"


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a paper. A blank line ends each paragraph, or each row of a table, whose cells are between ``CELL``.

    The heading of a statement is the field that it answers, that of a table its caption.
    """

    source: Source
    text: str
    heading: str = ""


CELL = " | "


class StoredText(Base):
    """The text of a draft's paper beyond title and abstract, for editors only: it is in no page, export or mail."""

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ReadFrom] = mapped_column(enum_text(ReadFrom))
    sections: Mapped[list[Section]] = mapped_column(JsonList(Section))
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
    source: Mapped[Source | None] = mapped_column(enum_text(Source))  # None: not read in the text
    text_id: Mapped[int | None] = mapped_column(ForeignKey("stored_text.id", ondelete="SET NULL"), index=True)
    start: Mapped[int | None]
    end: Mapped[int | None]
    quote: Mapped[str] = mapped_column(Text, default="")
    found_by: Mapped[FoundBy] = mapped_column(enum_text(FoundBy))
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("draft_id", "field"),)
