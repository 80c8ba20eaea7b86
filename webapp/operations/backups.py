"""Backup and restore of the database, and of nothing else: the search index is derived, and keys are kept elsewhere."""

import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, delete, inspect, text, update
from sqlalchemy.exc import DatabaseError

from webapp.db.session import db
from webapp.models import MailState, OutboxMessage, SignIn, SiteState
from webapp.operations import migrations
from webapp.operations.files import CannotRestore, DatabaseFiles, keep_on_disk
from webapp.operations.postgres_files import PostgresFiles
from webapp.operations.sqlite_files import SqliteFiles

STAMP = "%Y%m%dT%H%M%SZ"
STAMP_OF_ITS_OWN = "%Y%m%dT%H%M%S.%fZ"  # what was kept must not be written over by the next restore
UNFINISHED = ".part"
COUNTED_FROM = datetime(2026, 1, 1, tzinfo=UTC)
BOOKKEEPING = (
    "alembic_version",
    "site_state",
    "search_state",
)  # rows that a database has from its first minute


def back_up(folder: Path, now: datetime, keep: int | None = None) -> Path:
    """Write a backup named after the time into the folder; with ``keep``, remove all but so many of the newest.

    Under its name a file is whole, checked and on disk; a backup that was broken off leaves a ``.part`` behind, which
    the next one removes. Raises CannotBackUp.
    """
    files = _files(db.engine)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for unfinished in folder.glob(f"site-*{UNFINISHED}*"):
        unfinished.unlink()
    made = folder / f"site-{now.strftime(STAMP)}.{files.ending}"
    part = made.with_name(made.name + UNFINISHED)
    part.touch(mode=0o600)
    try:
        files.write(part)
        part.replace(made)
    finally:
        part.unlink(missing_ok=True)
    keep_on_disk(folder)
    if keep is not None:
        for old in _backups(folder, files.ending)[:-keep]:
            old.unlink()
    return made


def restore(file: Path, now: datetime, *, may_replace: bool) -> Path:
    """Put a backup in place of the database; returns where what was there is kept.

    Raises CannotRestore, and changes nothing, if the file is not a whole backup of this version or an older one, if
    rows would be lost without ``may_replace``, or if a server runs.
    """
    files = _files(db.engine)
    revision = files.revision_in(file)
    if revision not in migrations.known():
        raise CannotRestore(
            f"{file.name} is from a newer version of the site (migration {revision}). Update first."
        )
    if _holds_anything() and not may_replace:
        raise CannotRestore("The database here is not empty. To replace it, add --yes; it is kept beside.")
    db.session.remove()
    if files.is_in_use():
        raise CannotRestore("A server works with this database. Stop it first.")
    folder = Path(str(db.engine.url.database)).parent if files.ending == "sqlite3" else Path.cwd()
    beside = folder / f"before-restore-{now.strftime(STAMP_OF_ITS_OWN)}.{files.ending}"
    files.replace(file, beside)
    db.engine.dispose()
    return beside


def mistrust_what_is_old(now: datetime) -> int:
    """After a restore: end all sign-ins, and have mails that were waiting settled; returns how many those are.

    What was still queued in the backup may have gone out since, and somebody may have been signed out since. Finished
    pages were kept under generations that would be counted through a second time, so the count goes on far above them.
    """
    seconds = int((now - COUNTED_FROM).total_seconds())
    db.session.execute(update(SiteState).values(generation=SiteState.generation + seconds))
    db.session.execute(delete(SignIn))
    waiting = OutboxMessage.state.in_((MailState.QUEUED, MailState.SENDING))
    doubtful = (
        update(OutboxMessage).where(waiting).values(state=MailState.UNCERTAIN).returning(OutboxMessage.id)
    )
    return len(db.session.execute(doubtful).all())


def _holds_anything() -> bool:
    """Is there a row that a restore would take away? A database that cannot be read counts as full."""
    engine = db.engine
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return False
    try:
        with engine.connect() as connection:
            names = [name for name in inspect(connection).get_table_names() if name not in BOOKKEEPING]
            questions = [text(f'SELECT 1 FROM "{name}" LIMIT 1') for name in names]  # noqa: S608 - names from the catalog
            return any(connection.execute(question).first() for question in questions)
    except DatabaseError:
        return True


def _backups(folder: Path, ending: str) -> list[Path]:
    """The backups in a folder, oldest first."""
    name = re.compile(rf"site-\d{{8}}T\d{{6}}Z\.{ending}")
    return sorted(path for path in folder.iterdir() if name.fullmatch(path.name))


def _files(engine: Engine) -> DatabaseFiles:
    if engine.dialect.name == "postgresql":
        return PostgresFiles(engine)
    return SqliteFiles(Path(str(engine.url.database)))
