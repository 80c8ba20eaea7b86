"""Counts of attempts, so that all workers share one limit."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import UtcDateTime
from webapp.db.session import Base


class Attempt(Base):
    """How often one hashed key was tried in one window of time. Old windows are deleted within a day."""

    __tablename__ = "attempt"

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int]
