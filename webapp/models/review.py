"""Reviews: what somebody was asked to check, and what they said of it."""

from datetime import datetime
from typing import ClassVar

import msgspec
from sqlalchemy import ColumnElement, ForeignKey, String, Text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.article import Draft
from webapp.models.editor import Editor
from webapp.models.saved_text import SafetyRevision
from webapp.models.values import Labeled, ReviewerKind


class Opinion(Labeled):
    """What a reviewer says of one part of a text."""

    AGREE = "agree", "Agree"
    CHANGE = "change", "Change this"
    NOT_MY_FIELD = "not-my-field", "Not my field"


class PartReview(msgspec.Struct, frozen=True):
    """The opinion about one part, named by its first field; ``text`` says what should change."""

    part: str
    opinion: Opinion
    text: str = ""
    is_done: bool = False


class ReviewRequest(Base):
    """A request to review one revision, and the answer.

    A review with ``signed_at`` and without ``undone_at`` is a sign-off. ``replaced_at``: the same person was asked again.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReviewerKind] = mapped_column(enum_text(ReviewerKind))
    name: Mapped[str] = mapped_column(String(120))  # these two as printed
    role: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"))
    question: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parts: Mapped[list[PartReview]] = mapped_column(JsonList(PartReview), default=list)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @hybrid_property
    def is_signed(self) -> bool:
        """Is it a sign-off? Pages, mail and queries all ask here."""
        return self.signed_at is not None and self.undone_at is None

    @is_signed.inplace.expression
    @classmethod
    def _is_signed(cls) -> ColumnElement[bool]:
        return cls.signed_at.is_not(None) & cls.undone_at.is_(None)


class Review(ReviewRequest):
    """A review of a summary or an answer. Somebody without an account has no ``reviewer`` and answers by a link."""

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    revision_number: Mapped[int]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"), index=True)
    keeps_name: Mapped[bool] = mapped_column(default=False)  # also without an account, or once it is closed
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that it is time to check again
    draft: Mapped[Draft] = relationship(lazy="joined", innerjoin=True)
    reviewer: Mapped[Editor | None] = relationship(foreign_keys=reviewer_id, lazy="joined")
    asked_by: Mapped[Editor | None] = relationship(foreign_keys="Review.asked_by_id", lazy="joined")

    @property
    def title(self) -> str:
        return self.draft.title

    @property
    def what(self) -> str:
        """What is reviewed, in a word."""
        return str(self.draft.kind)

    @property
    def is_of_deleted(self) -> bool:
        return self.draft.deleted_at is not None


class SafetyReview(ReviewRequest):
    """A review of a safety card by somebody without an account, who answers by a link; others sign the card in the editor."""

    revision_id: Mapped[int] = mapped_column(ForeignKey("safety_revision.id", ondelete="CASCADE"), index=True)
    revision: Mapped[SafetyRevision] = relationship(lazy="joined", innerjoin=True)
    asked_by: Mapped[Editor | None] = relationship(lazy="joined")

    what: ClassVar = "safety card"

    @property
    def reviewer_id(self) -> None:
        return None

    @property
    def is_of_deleted(self) -> bool:
        return False

    @property
    def revision_number(self) -> int:
        return self.revision.number

    @property
    def title(self) -> str:
        return str(self.revision.content["label"])
