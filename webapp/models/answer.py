"""Answers to the questions that people ask, built on the published summaries."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.values import ArticleStatus, Certainty, Claim, Place, SignOff, TextKind


class Answer(Base):
    """A published answer to one question.

    Summaries are cited by their slugs, which may be former ones: ``cited()`` in ``webapp/catalog/answers.py`` finds the
    articles. Which articles it rests on is in ``AnswerCitation``, too, so that a change of one finds its answers.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    status: Mapped[ArticleStatus] = mapped_column(enum_text(ArticleStatus), default=ArticleStatus.PUBLISHED)

    question: Mapped[str] = mapped_column(Text)
    phrasings: Mapped[list[str]] = mapped_column(JsonList(str))
    categories: Mapped[list[str]] = mapped_column(JsonList(str))  # slugs, the main one first
    verdict: Mapped[str] = mapped_column(Text)
    verdict_rests_on: Mapped[list[str]] = mapped_column(JsonList(str))
    certainty: Mapped[Certainty] = mapped_column(enum_text(Certainty))
    certainty_reason: Mapped[str] = mapped_column(Text)
    found: Mapped[list[Claim]] = mapped_column(JsonList(Claim))
    missing: Mapped[list[str]] = mapped_column(JsonList(str))
    would_change: Mapped[list[str]] = mapped_column(JsonList(str))
    questions: Mapped[list[str]] = mapped_column(JsonList(str))
    safety_cards: Mapped[list[str]] = mapped_column(JsonList(str))
    elsewhere: Mapped[list[Place]] = mapped_column(JsonList(Place))

    written_by: Mapped[str] = mapped_column(Text)
    # Made from reviews, like those of an article.
    sign_offs: Mapped[list[SignOff]] = mapped_column(JsonList(SignOff))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_check_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_note: Mapped[str | None] = mapped_column(Text)
    revision_number: Mapped[int]  # of the revision that readers see
    # The newest public change when an editor last published it or said that it is still right.
    checked_change: Mapped[int]

    kind: ClassVar = TextKind.ANSWER

    @property
    def path(self) -> str:
        """Where its page is on the site."""
        return f"/answers/{self.slug}"

    @property
    def key(self) -> dict[str, int]:
        """By which its draft and its public changes refer to it."""
        return {"answer_id": self.id}

    @property
    def cited_slugs(self) -> list[str]:
        """The slugs of the summaries it rests on, each once: those of its claims, then the others of its verdict."""
        claimed = (slug for claim in self.found for slug in claim.rests_on)
        return list(dict.fromkeys([*claimed, *self.verdict_rests_on]))

    @property
    def title(self) -> str:
        return self.question


class AnswerSlug(Base):
    """Every address an answer has had before; answered with a redirect to its present one."""

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), index=True)


class AnswerCitation(Base):
    """An article that an answer rests on, in its verdict or in a claim."""

    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True
    )
