"""What editors arrange among themselves about a draft: who has it, and comments at its fields. Readers never see any of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime
from webapp.db.session import Base
from webapp.models.editor import Editor


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
