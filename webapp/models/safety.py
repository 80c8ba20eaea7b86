"""The texts of safety cards that admins saved, and who checked them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.editor import Editor
from webapp.models.saved_text import SavedText
from webapp.models.values import ReviewerKind


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
