"""When tasks that have to happen again and again last did, in the database, so that each node sees those of all."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base, db


class Task(StrEnum):
    """A task that monitors want to know about."""

    JOBS = "jobs"
    BACKUP = "backup"
    RESTORE_DRILL = "restore drill"


class Heartbeat(Base):
    """The last time of a task, in processes that sign with one SECRET_KEY."""

    task: Mapped[Task] = mapped_column(enum_text(Task), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(task: Task, key_hash: str, now: datetime) -> None:
    """Note that a task was done."""
    db.session.merge(Heartbeat(task=task, key_hash=key_hash, at=now))


def latest() -> dict[Task, datetime]:
    """The last time of each task that was done before."""
    query = select(Heartbeat.task, func.max(Heartbeat.at)).group_by(Heartbeat.task)
    return dict(db.session.execute(query).all())
