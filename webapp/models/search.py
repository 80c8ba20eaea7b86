"""Searches without results: only the words and how often."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.session import Base


class SearchMiss(Base):
    """A search that found nothing: folded words, how often, first and last day. No reader, no time of day."""

    __tablename__ = "search_miss"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(80), unique=True)
    count: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]
