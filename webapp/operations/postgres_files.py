"""PostgreSQL's side of backup and restore: pg_dump and pg_restore, in the custom format."""

import os
import re
import subprocess
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from webapp.operations.files import CannotBackUp, CannotRestore, keep_on_disk


class PostgresFiles:
    """The database that DATABASE_URL names."""

    ending = "dump"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, target: Path) -> None:
        """pg_dump reads one moment; pg_restore then reads the file's list of contents."""
        try:
            self._run("pg_dump", "--format=custom", f"--file={target}")
            self._run("pg_restore", "--list", str(target))
        except CannotRestore as error:
            raise CannotBackUp(str(error)) from error
        keep_on_disk(target)

    def revision_in(self, file: Path) -> str:
        """The one row of Alembic's table, from the dump itself."""
        rows = self._run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file))
        found = re.search(r"^COPY [^\n]*alembic_version[^\n]*\n(\w+)$", rows, re.MULTILINE)
        if found is None:
            raise CannotRestore(f"{file.name} is a dump, but not of this site.")
        return found.group(1)

    def is_in_use(self) -> bool:
        """Is anybody else connected?"""
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        self._engine.dispose()
        with self._engine.connect() as connection:
            return bool(connection.scalar(others))

    def replace(self, file: Path, beside: Path) -> None:
        """All in one transaction; what was there is dumped first."""
        with self._engine.connect() as connection:
            is_new = not inspect(connection).has_table("alembic_version")
        if not is_new:
            self.write(beside)
        self._engine.dispose()
        self._run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
            f"--dbname={self._engine.url.database}", str(file),
        )  # fmt: skip

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs; raises CannotRestore with its last words."""
        url = self._engine.url
        own: dict[str, object] = {
            "PGHOST": url.host or url.query.get("host"),
            "PGPORT": url.port,
            "PGUSER": url.username,
            "PGPASSWORD": url.password,
            "PGSSLMODE": url.query.get("sslmode"),
            "PGDATABASE": url.database,
        }
        environment = os.environ | {name: str(value) for name, value in own.items() if value}
        try:
            result = subprocess.run(  # noqa: S603 - our own arguments, no shell
                [program, *arguments], env=environment, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise CannotRestore(
                f"{program} is not installed here. Install PostgreSQL's client programs (Debian: postgresql-client)."
            ) from None
        if result.returncode:
            raise CannotRestore(
                f"{program} failed: {(result.stderr.strip().splitlines() or ['no words'])[-1]}"
            )
        return result.stdout
