"""Copying a whole site into another database, such as from SQLite to PostgreSQL, with checksums of every table."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from webapp.config import command_line
from webapp.db.session import Base
from webapp.operations import migrations

BATCH_SIZE = 1_000  # rows
CHECKSUM_BITS = 128


class CannotCopyDatabase(Exception):
    """Nothing was copied; the message says why and what to do."""


@dataclass(frozen=True)
class TableChecksum:
    """The row count of a table and a checksum over all its values, independent of the order of the rows."""

    table: str
    count: int
    checksum: str


def copy(source: str, target: str, report: Callable[[int, int], None]) -> list[TableChecksum]:
    """Copy every table from one SQLAlchemy URL to another, in one transaction of the target.

    The rows on both sides are counted and summed before the commit; a difference rolls everything back. ``report`` is
    called with the rows copied and the total. The search index is derived and not copied. Raises CannotCopyDatabase.
    """
    engines = _engine(source), _engine(target)
    try:
        with engines[0].connect() as reading, engines[1].begin() as writing:
            # One snapshot of the source: otherwise rows written meanwhile would make the checksums differ.
            snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            reading.exec_driver_sql(snapshot if reading.dialect.name == "postgresql" else "BEGIN")
            revisions = migrations.current(reading), migrations.current(writing)
            if None in revisions or revisions[0] != revisions[1]:
                raise CannotCopyDatabase(
                    f"The source is at migration {revisions[0]} and the target at {revisions[1]}. "
                    f"Set DATABASE_URL to each in turn and run: {command_line('db upgrade')}"
                )
            if full := [table.name for table in Base.metadata.sorted_tables if _count(writing, table)]:
                raise CannotCopyDatabase(
                    f"The target has rows already, in {', '.join(full)}. Give an empty database."
                )
            _copy_rows(reading, writing, report)
            checksums = []
            for table in Base.metadata.sorted_tables:
                original, copied = _checksum(reading, table), _checksum(writing, table)
                if original != copied:
                    raise CannotCopyDatabase(
                        f"The table {table.name} came out different: {original} became {copied}."
                    )
                checksums.append(original)
            return checksums
    except DBAPIError as error:
        raise CannotCopyDatabase(f"A database refused: {error.orig}") from error
    finally:
        for engine in engines:
            engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
        raise CannotCopyDatabase(f"There is no file {engine.url.database}.")
    return engine


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _copy_rows(reading: Connection, writing: Connection, report: Callable[[int, int], None]) -> None:
    tables = Base.metadata.sorted_tables  # in the order of their foreign keys
    total = sum(_count(reading, table) for table in tables)
    done = 0
    for table in tables:
        rows = reading.execution_options(yield_per=BATCH_SIZE).execute(select(table)).mappings()
        for batch in rows.partitions():
            writing.execute(table.insert(), [dict(row) for row in batch])
            done += len(batch)
            report(done, total)
        column = table.autoincrement_column
        highest = writing.scalar(select(func.max(column))) if column is not None else None
        if writing.dialect.name == "postgresql" and column is not None and highest is not None:
            # Inserting explicit ids leaves the sequence at 1: the next insert would collide.
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            writing.execute(select(func.setval(sequence, highest)))


def _checksum(connection: Connection, table: Table) -> TableChecksum:
    count = total = 0
    for row in connection.execution_options(yield_per=BATCH_SIZE).execute(select(table)):
        count += 1
        total += int.from_bytes(hashlib.sha256(msgspec.json.encode(tuple(row))).digest())
    return TableChecksum(table.name, count, f"{total % 2**CHECKSUM_BITS:032x}")
