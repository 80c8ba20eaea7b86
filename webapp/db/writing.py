"""The writer's turn: a unit of work that changes the database says so, and waits its turn before it reads anything.

A transaction that reads first and writes later can fail at once when somebody else wrote in between. So ``writing()``
takes the one write lock at its start: on SQLite with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock that every
process of every node shares and that the commit releases. Readers never wait.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import BoundedSemaphore

from flask import has_request_context
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from webapp.db.session import db

WRITER_LOCK = 7_266_001  # any number that nothing else in the database uses as an advisory lock
BUSY_TIMEOUT = 5_000  # milliseconds that a page waits for its turn on SQLite
JOBS_TIMEOUT = 60_000  # milliseconds that jobs and commands wait; on PostgreSQL, that each statement may take
OPTION = "writers_turn"  # of the connection whose next transaction takes the turn
TAKE, _TRY = "take", "try"
# Milliseconds after which a wait begins anew. SQLite looks for the lock ever more rarely, in the end each 100 ms: then it could be
# free, and taken by others, between two looks.
EAGERNESS = 200
MOST_WAITING = 4  # requests of a process that wait for their turn; its other threads go on answering readers
PLACE_TIMEOUT = 0.5  # seconds that a further request waits to become one of them
_places = BoundedSemaphore(MOST_WAITING)


class TurnTaken(Exception):
    """Somebody else is writing at this moment."""


@contextmanager
def writing(*, wait: bool = True) -> Iterator[datetime]:
    """Take the writer's turn, give the time at which it came, and commit; an exception rolls everything back.

    What was read before is read again: others may have written while this one waited. Keep slow work (hashing passwords,
    asking other servers, rendering) outside, since nobody else can write meanwhile.
    Raises RuntimeError inside another ``writing()``, or when changes were made before it, and TurnTaken if too many requests
    wait already. With ``wait=False`` it raises TurnTaken instead of waiting: for notes that may be left out.
    """
    session = db.session()
    if session.info.get(OPTION):
        raise RuntimeError("writing() inside writing(): the outer one commits")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed before writing()")
    session.rollback()  # ends the reading transaction and expires what it read
    needs_place = wait and has_request_context()
    if needs_place and not _places.acquire(timeout=PLACE_TIMEOUT):
        raise TurnTaken
    session.info[OPTION] = True
    try:
        try:
            session.connection(execution_options={OPTION: TAKE if wait else _TRY})
        finally:
            if needs_place:
                _places.release()
        yield datetime.now(UTC)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[OPTION]


def stop_reading() -> None:
    """End the reading transaction, before slow work outside the database or after an error.

    Otherwise SQLite keeps its log growing meanwhile, and PostgreSQL ends the connection after a while.
    Raises RuntimeError inside ``writing()``, where slow work would keep everybody else from writing.
    """
    if db.session.info.get(OPTION):
        raise RuntimeError("slow work inside writing()")
    db.session.rollback()


def begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; take the write lock at once where ``writing()`` asks for it."""
    turn = connection.get_execution_options().get(OPTION)
    if turn is None:
        connection.exec_driver_sql("BEGIN")
        return
    deadline = time.monotonic() + (BUSY_TIMEOUT if has_request_context() else JOBS_TIMEOUT) / 1000
    connection.exec_driver_sql(f"PRAGMA busy_timeout={EAGERNESS if turn == TAKE else 0}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise  # such as a database that cannot be written at all
                if turn == _TRY:
                    raise TurnTaken from error
                if time.monotonic() >= deadline:
                    raise
            else:
                return
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")


def begin_postgresql(connection: Connection) -> None:
    """Take the advisory lock where ``writing()`` asks for it. Jobs and commands may take longer than pages."""
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return  # one statement, which is a transaction of its own
    if not has_request_context():
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {JOBS_TIMEOUT}")
    turn = options.get(OPTION)
    if turn == TAKE:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
    elif turn == _TRY:
        is_free = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({WRITER_LOCK})").scalar()
        if not is_free:
            raise TurnTaken
