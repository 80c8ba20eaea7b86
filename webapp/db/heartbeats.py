"""When tasks that have to happen again and again last did, in the database, so that each node sees those of all."""

from datetime import datetime, timedelta
from enum import StrEnum
from socket import gethostname

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base, db

FORGET_AFTER = timedelta(days=1)  # a host that is gone


class Task(StrEnum):
    """A task that monitors want to know about."""

    JOBS = "jobs"
    BACKUP = "backup"


class Heartbeat(Base):
    """The last time of a task on one host, in processes that sign with one SECRET_KEY."""

    task: Mapped[Task] = mapped_column(enum_text(Task), primary_key=True)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(task: Task, key_hash: str, now: datetime) -> None:
    """Note that this host did a task."""
    db.session.merge(Heartbeat(task=task, host=gethostname(), key_hash=key_hash, at=now))


def latest(task: Task) -> datetime | None:
    """The last time that any host did a task."""
    return db.session.scalar(select(func.max(Heartbeat.at)).where(Heartbeat.task == task))


def keys_since(time: datetime) -> dict[str, str]:
    """Key hash -> a host, of the jobs that ran since then."""
    rows = select(Heartbeat.key_hash, Heartbeat.host).where(Heartbeat.task == Task.JOBS, Heartbeat.at >= time)
    return dict(db.session.execute(rows).all())


def forget_old(now: datetime) -> None:
    """Delete the jobs of hosts that are gone."""
    is_gone = Heartbeat.at < now - FORGET_AFTER
    db.session.execute(delete(Heartbeat).where(Heartbeat.task == Task.JOBS, is_gone))
