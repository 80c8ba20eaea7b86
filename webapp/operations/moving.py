"""Moving a site from one database to another, such as from SQLite to PostgreSQL, and proving that nothing was lost."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from webapp.db.session import Base
from webapp.operations import migrations

AT_ONCE = 1_000  # rows
BOOKKEEPING = ("site_state",)  # a row that a database has from its first minute; it is replaced
CHECKSUM_BITS = 128


class CannotCopy(Exception):
    """Nothing was copied; the message says why and what to do."""


@dataclass(frozen=True)
class Sum:
    """What a table holds: how many rows, and a checksum over all values of all rows, in whatever order they come."""

    table: str
    count: int
    checksum: str


def copy(source: str, target: str, report: Callable[[int, int], None]) -> list[Sum]:
    """Copy every table from one SQLAlchemy address to another, in one transaction of the target.

    Both sides are counted and summed at the end; if they differ all is rolled back. ``report`` is told (rows done, rows
    in all). The search index is not copied: it is derived. Raises CannotCopy.
    """
    engines = _engine(source), _engine(target)
    try:
        with engines[0].connect() as reading, engines[1].begin() as writing:
            _hold_still(reading)
            _check(reading, writing)
            _copy_rows(reading, writing, report)
            _set_sequences(writing)
            return [_compared(reading, writing, table) for table in Base.metadata.sorted_tables]
    except DBAPIError as error:
        raise CannotCopy(f"A database refused: {error.orig}") from error
    finally:
        for engine in engines:
            engine.dispose()


def _engine(address: str) -> Engine:
    engine = create_engine(address)
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
        raise CannotCopy(f"There is no file {engine.url.database}.")
    return engine


def _hold_still(reading: Connection) -> None:
    """Read one moment of the source, whatever is written meanwhile."""
    if reading.dialect.name == "postgresql":
        reading.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        reading.exec_driver_sql("BEGIN")


def _check(reading: Connection, writing: Connection) -> None:
    revisions = migrations.current(reading), migrations.current(writing)
    if None in revisions or revisions[0] != revisions[1]:
        raise CannotCopy(
            f"The source is at migration {revisions[0]} and the target at {revisions[1]}. "
            "Set DATABASE_URL to each in turn and run: flask db upgrade"
        )
    tables = [table for table in Base.metadata.sorted_tables if table.name not in BOOKKEEPING]
    full = [table.name for table in tables if _count(writing, table)]
    if full:
        raise CannotCopy(f"The target has rows already, in {', '.join(full)}. Give an empty database.")


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _copy_rows(reading: Connection, writing: Connection, report: Callable[[int, int], None]) -> None:
    """What is referred to comes before what refers to it."""
    total = sum(_count(reading, table) for table in Base.metadata.sorted_tables)
    done = 0
    for table in Base.metadata.sorted_tables:
        if table.name in BOOKKEEPING:
            writing.execute(table.delete())
        rows = reading.execution_options(yield_per=AT_ONCE).execute(select(table)).mappings()
        for some in rows.partitions():
            writing.execute(table.insert(), [dict(row) for row in some])
            done += len(some)
            report(done, total)


def _compared(reading: Connection, writing: Connection, table: Table) -> Sum:
    """What a table holds on both sides; raises CannotCopy where they differ."""
    here, there = _sum(reading, table), _sum(writing, table)
    if here != there:
        raise CannotCopy(f"The table {table.name} came out different: {here} became {there}.")
    return here


def _sum(connection: Connection, table: Table) -> Sum:
    count = total = 0
    for row in connection.execution_options(yield_per=AT_ONCE).execute(select(table)):
        count += 1
        total += int.from_bytes(hashlib.sha256(msgspec.json.encode(tuple(row))).digest())
    return Sum(table.name, count, f"{total % 2**CHECKSUM_BITS:032x}")


def _set_sequences(writing: Connection) -> None:
    """PostgreSQL goes on counting after the highest number that was copied."""
    if writing.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        highest = writing.scalar(select(func.max(column))) if column is not None else None
        if column is not None and highest is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            writing.execute(select(func.setval(sequence, highest)))
