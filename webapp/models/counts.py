"""Counts that name no reader: views of texts, searches without results, and attempts, so that all workers share one limit."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import UtcDateTime
from webapp.db.session import Base


class SearchMiss(Base):
    """A search that found nothing: folded words, how often, first and last day. No reader, no time of day."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(80), unique=True)
    count: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]


class DailyViews(Base):
    """How often the page of a text, given by its draft, was opened on one day. Who opened it is not known."""

    viewed_on: Mapped[date] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(
        ForeignKey("draft.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    count: Mapped[int]


class Attempt(Base):
    """How often one hashed key was tried in one window of time. Old windows are deleted within a day."""

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int]
