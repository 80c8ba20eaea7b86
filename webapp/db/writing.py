"""The writer's turn: a unit of work that changes the database says so, and waits its turn before it reads anything.

A transaction that reads first and writes later can fail at once when somebody else wrote in between. So ``writing()``
takes the one write lock at its start: on SQLite with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock that every
process of every node shares and that the commit releases. Readers never wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection

from webapp.db.session import db

WRITER_LOCK = 7_266_001  # any number that nothing else in the database uses as an advisory lock
_OPTION = "writers_turn"
_TAKE, _TRY = "take", "try"


class TurnTaken(Exception):
    """Somebody else is writing at this moment."""


@contextmanager
def writing(*, wait: bool = True) -> Iterator[datetime]:
    """Take the writer's turn, give the time at which it came, and commit; an exception rolls everything back.

    What was read before is read again: others may have written while this one waited. Keep slow work (hashing passwords,
    asking other servers, rendering) outside, since nobody else can write meanwhile.
    Raises RuntimeError inside another ``writing()``, or when changes were made before it. With ``wait=False`` it raises
    TurnTaken instead of waiting: for notes that may be left out.
    """
    session = db.session()
    if session.info.get(_OPTION):
        raise RuntimeError("writing() inside writing(): the outer one commits")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed before writing()")
    session.rollback()  # ends the reading transaction and expires what it read
    session.info[_OPTION] = True
    try:
        session.connection(execution_options={_OPTION: _TAKE if wait else _TRY})
        yield datetime.now(UTC)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_OPTION]


def stop_reading() -> None:
    """End the reading transaction, before slow work outside the database or after an error.

    Otherwise SQLite keeps its log growing meanwhile, and PostgreSQL ends the connection after a while.
    """
    db.session.rollback()


def takes_turn(connection: Connection) -> bool:
    """Is a transaction about to begin that was announced by ``writing()``?"""
    return _OPTION in connection.get_execution_options()


def waits_for_turn(connection: Connection) -> bool:
    """Does that transaction wait until nobody else is writing?"""
    return connection.get_execution_options().get(_OPTION) == _TAKE
