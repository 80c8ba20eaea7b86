"""Reviews: what somebody was asked to check, and what they said of it."""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, ForeignKey, String, Text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.article import Draft
from webapp.models.editor import Editor
from webapp.models.values import Labeled, ReviewerKind


class Opinion(Labeled):
    """What a reviewer says of one part of a summary."""

    AGREE = "agree", "Agree"
    CHANGE = "change", "Change this"
    NOT_MY_FIELD = "not-my-field", "Not my field"


class PartReview(msgspec.Struct, frozen=True):
    """The opinion about one part, named by its first field; ``text`` says what should change."""

    part: str
    opinion: Opinion
    text: str = ""
    is_done: bool = False


class Review(Base):
    """A request to review one revision, and the answer. Somebody without an account has no ``reviewer`` and answers by a link.

    A review with ``signed_at`` and without ``undone_at`` is a sign-off. ``replaced_at``: the same person was asked again.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    revision_number: Mapped[int]
    kind: Mapped[ReviewerKind] = mapped_column(enum_text(ReviewerKind))
    name: Mapped[str] = mapped_column(String(120))  # these two as printed
    role: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"))
    question: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parts: Mapped[list[PartReview]] = mapped_column(JsonList(PartReview), default=list)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    keeps_name: Mapped[bool] = mapped_column(default=False)  # also without an account, or once it is closed
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that it is time to check again
    draft: Mapped[Draft] = relationship(lazy="joined", innerjoin=True)
    reviewer: Mapped[Editor | None] = relationship(foreign_keys=reviewer_id, lazy="joined")
    asked_by: Mapped[Editor | None] = relationship(foreign_keys=asked_by_id, lazy="joined")

    @hybrid_property
    def is_signed(self) -> bool:
        """Is it a sign-off? Pages, mail and queries all ask here."""
        return self.signed_at is not None and self.undone_at is None

    @is_signed.inplace.expression
    @classmethod
    def _is_signed(cls) -> ColumnElement[bool]:
        return cls.signed_at.is_not(None) & cls.undone_at.is_(None)
