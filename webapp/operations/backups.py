"""Backup and restore of a SQLite database; PostgreSQL has its own programs for that (deploy/README.md).

Nothing else is in a backup: the search index is derived, and keys are kept elsewhere.
"""

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, inspect, text, update
from sqlalchemy.exc import DatabaseError

from webapp.db.session import db
from webapp.models import MailState, OutboxMessage, SignIn
from webapp.operations import migrations, sqlite_files
from webapp.operations.sqlite_files import CannotBackUp, CannotRestore

STAMP = "%Y%m%dT%H%M%SZ"
STAMP_OF_ITS_OWN = "%Y%m%dT%H%M%S.%fZ"  # what was kept must not be written over by the next restore
UNFINISHED = ".part"
FINISHED = re.compile(r"site-\d{8}T\d{6}Z\.sqlite3")
ON_POSTGRESQL = (
    "On PostgreSQL use pg_dump and pg_restore: see “Back up and restore PostgreSQL” in deploy/README.md."
)
BOOKKEEPING = ("alembic_version",)  # rows that a database has from its first minute


def back_up(folder: Path, now: datetime, keep: int | None = None) -> Path:
    """Write a backup named after the time into the folder; with ``keep``, remove all but so many of the newest.

    Under its name a file is whole, checked and on disk; a backup that was broken off leaves a ``.part`` behind, which
    the next one removes. Raises CannotBackUp.
    """
    if db.engine.dialect.name != "sqlite":
        raise CannotBackUp(ON_POSTGRESQL)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for unfinished in folder.glob(f"site-*{UNFINISHED}*"):
        unfinished.unlink()
    made = folder / f"site-{now.strftime(STAMP)}.sqlite3"
    part = made.with_name(made.name + UNFINISHED)
    part.touch(mode=0o600)
    try:
        sqlite_files.write(part)
        part.replace(made)
    finally:
        part.unlink(missing_ok=True)
    sqlite_files.sync(folder)
    if keep is not None:
        finished = sorted(path for path in folder.iterdir() if FINISHED.fullmatch(path.name))
        for old in finished[:-keep]:
            old.unlink()
    return made


def restore(file: Path, now: datetime, *, may_replace: bool) -> Path:
    """Put a backup in place of the database; returns where what was there is kept.

    Raises CannotRestore, and changes nothing, if the file is not a whole backup of this version or an older one, if
    rows would be lost without ``may_replace``, or if a server runs.
    """
    if db.engine.dialect.name != "sqlite":
        raise CannotRestore(ON_POSTGRESQL)
    revision = sqlite_files.revision_in(file)
    if revision not in migrations.known():
        raise CannotRestore(
            f"{file.name} is from a newer version of the site (migration {revision}). Update first."
        )
    if _holds_anything() and not may_replace:
        raise CannotRestore("The database here is not empty. To replace it, add --yes; it is kept beside.")
    db.session.remove()
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    if sqlite_files.is_in_use(path):
        raise CannotRestore("A server works with this database. Stop it first.")
    former = path.with_name(f"before-restore-{now.strftime(STAMP_OF_ITS_OWN)}.sqlite3")
    sqlite_files.replace(path, file, former)
    return former


def mistrust_what_is_old() -> int:
    """After a restore: end all sign-ins, and have mails that were waiting settled; returns how many those are.

    What was still queued in the backup may have gone out since, and somebody may have been signed out since.
    """
    db.session.execute(delete(SignIn))
    waiting = OutboxMessage.state.in_((MailState.QUEUED, MailState.SENDING))
    doubtful = (
        update(OutboxMessage).where(waiting).values(state=MailState.UNCERTAIN).returning(OutboxMessage.id)
    )
    return len(db.session.execute(doubtful).all())


def _holds_anything() -> bool:
    """Is there a row that a restore would take away? A database that cannot be read counts as full."""
    engine = db.engine
    if not Path(str(engine.url.database)).exists():
        return False
    try:
        with engine.connect() as connection:
            names = [name for name in inspect(connection).get_table_names() if name not in BOOKKEEPING]
            questions = [text(f'SELECT 1 FROM "{name}" LIMIT 1') for name in names]  # noqa: S608 - names from the catalog
            return any(connection.execute(question).first() for question in questions)
    except DatabaseError:
        return True
