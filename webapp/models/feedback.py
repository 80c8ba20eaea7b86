"""What readers tell us: votes with notes, what they understood, and messages to the editors."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.answer import Answer
from webapp.models.article import Article, Live
from webapp.models.values import Labeled, Result


class Reason(Labeled):
    """Why a summary did not help."""

    HARD_TO_FOLLOW = "hard-to-follow", "It was hard to follow"
    OFF_MY_QUESTION = "off-my-question", "It didn’t answer my question"
    INCOMPLETE = "incomplete", "Something is missing"
    SEEMS_WRONG = "seems-wrong", "Something seems wrong"


class Vote:
    """What is stored of a vote. ``voter_hash`` is salted by a secret that is deleted each day.

    ``box``, here and of messages: the part of the editors' inbox that its words are in.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_hash: Mapped[str] = mapped_column(String(64))
    is_helpful: Mapped[bool]
    reasons: Mapped[list[str]] = mapped_column(JsonList(str))  # values of Reason; only after "No"
    note: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Feedback(Vote, Base):
    """One answer to "Was this summary helpful?"."""

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    article: Mapped[Article] = relationship()

    box: ClassVar = "notes"
    __table_args__ = (UniqueConstraint("article_id", "voter_hash"),)

    @property
    def text(self) -> Article:
        return self.article


class AnswerFeedback(Vote, Base):
    """One answer to "Was this answer helpful?"."""

    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    answer: Mapped[Answer] = relationship()

    box: ClassVar = "answer-notes"
    __table_args__ = (UniqueConstraint("answer_id", "voter_hash"),)

    @property
    def text(self) -> Answer:
        return self.answer


class Understanding(Base):
    """One answer to "What did this study show?". Only the first one counts: the page explains it at once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    voter_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[Result] = mapped_column(enum_text(Result))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("article_id", "voter_hash"),)


class DailySalt(Base):
    """The secret of one day. Once it is deleted nobody can tell who gave an answer, not even we."""

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))


class Topic(Labeled):
    """What a message to the editors is about. ``MISTAKE`` is for the form below a text."""

    QUESTION = "question", "A question about a summary"
    SUGGESTION = "suggestion", "A study or topic to cover"
    ACCESS = "access", "Something on the site is hard to use"
    PRIVACY = "privacy", "My data or the newsletter"
    OTHER = "other", "Something else"
    MISTAKE = "mistake", "A mistake in a summary or an answer"


class ContactMessage(Base):
    """A message to the editors, from the contact form or from "Report a mistake" (then with its article or answer)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[Topic] = mapped_column(enum_text(Topic))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="SET NULL"))
    article: Mapped[Article | None] = relationship()
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id", ondelete="SET NULL"))
    answer: Mapped[Answer | None] = relationship()
    name: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    message: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    box: ClassVar = "messages"

    @property
    def text(self) -> Live | None:
        """The summary or answer that it is about, if it is about one."""
        return self.article or self.answer
