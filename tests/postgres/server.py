"""A PostgreSQL server of the tests' own, in a temporary folder, and empty migrated databases on it in a moment."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import flask_migrate
import psycopg
import pytest

from tests.drills.site import free_port
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db

SETTINGS = (
    "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "synchronous_commit=off",
    "full_page_writes=off", "shared_buffers=32MB", "max_connections=60", "wal_level=minimal", "max_wal_senders=0",
    "dynamic_shared_memory_type=mmap",  # the server is stopped at once, which would leave its files in /dev/shm
)  # fmt: skip

Command = tuple[str | Path, ...]


class Server:
    """A server with one template: a database with all migrations done."""

    def __init__(self, port: int) -> None:
        self._address = f"postgresql://postgres@127.0.0.1:{port}"

    def url(self, name: str) -> str:
        return f"{self._address}/{name}"

    def run(self, statement: str, name: str = "postgres") -> None:
        """One statement outside a transaction."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """The address of a new database, which is gone afterwards."""
        name = f"test_{uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running() -> Iterator[Server]:
    """A server, as long as it is needed. Skips where PostgreSQL is not installed, unless it is required."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="scrh-postgresql-"))
    port = free_port()
    as_user: Command = _unprivileged(folder)
    try:
        _run(*as_user, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"port={port}"))
        control: Command = (*as_user, programs / "pg_ctl", "-D", folder / "data", "-w")
        _run(*control, "-l", folder / "data" / "server.log", "-o", options, "start")
        try:
            server = Server(port)
            _make_template(server, folder)
            yield server
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    program = shutil.which("initdb") or (found[-1] if found else None)
    if program is None:
        missing("PostgreSQL", "postgresql", "REQUIRE_POSTGRESQL")
    return Path(program).parent


def missing(program: str, package: str, variable: str) -> NoReturn:
    """Skip a test that needs a server which is not installed; where it is required the test fails."""
    reason = f"{program} is not installed (apt-get install {package})"
    if os.environ.get(variable):
        pytest.fail(reason)
    pytest.skip(reason)


def _unprivileged(folder: Path) -> tuple[str, ...]:
    """What to put before a command, for the server refuses to be run by root; the folder then belongs to its user."""
    if os.geteuid() != 0:
        return ()
    user = next(row for row in map(_find_user, ("postgres", "nobody")) if row)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_template(server: Server, folder: Path) -> None:
    server.run("CREATE DATABASE migrated TEMPLATE template0")
    environ = {
        "DATABASE_URL": server.url("migrated"),
        "INSTANCE_PATH": str(folder / "instance"),
        "SECRET_KEY": "t" * 40,
    }
    with create_app(Config.from_environ(environ)).app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


def _run(*command: str | Path) -> None:
    result = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{command}: {result.stderr}")
