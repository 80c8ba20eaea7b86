"""A site of a test's own: folders, a port, gunicorn with two workers, and kill -9 whenever the test wants it.

Its processes are forks of one that has the site imported already (`tests/drills/loaded.py`), for that is what takes long.
"""

import io
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import flask.cli
from flask import Flask
from gunicorn.app import wsgiapp

from tests.waiting import wait_until
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db

ROOT = Path(__file__).resolve().parent.parent.parent
GUNICORN = ("gunicorn", "-c", "python:webapp.gunicorn_conf", "wsgi:app")
FIRST_HELD = 3  # the number that systemd gives the first socket it passes on
IS_FULL = os.environ.get("DRILL") == "full"  # the long version of each drill; `make test` runs the short one
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__, "tests.drills.loaded", "gunicorn.workers.gthread"])


class Site:
    """A site in ``folder``; ``settings`` are added to its environment. It has a database after ``flask("db", "upgrade")``."""

    def __init__(self, folder: Path, **settings: str) -> None:
        port = free_port()
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.environment = os.environ | {
            "PORT": str(port),
            "SITE_URL": self.url,
            "INSTANCE_PATH": str(folder / "instance"),
            "SEARCH_INDEX": str(folder / "search_index"),
            "WEB_CONCURRENCY": "2",
            "LOG_LEVEL": "INFO",
            **settings,
        }
        self.before: tuple[str, ...] = ()  # what to put before gunicorn's command
        self._server: ForkServerProcess | None = None

    @property
    def log(self) -> str:
        """What every server that was started here has logged."""
        return (self.folder / "server.log").read_text(encoding="utf-8")

    def flask(self, *arguments: str, typed: str = "") -> str:
        """Run one of the site's commands; returns what it printed. It must end well."""
        output = self.folder / "command.log"
        output.unlink(missing_ok=True)
        command = self.start_command(output, *arguments, typed=typed)
        command.join()
        printed = output.read_text(encoding="utf-8")
        assert command.exitcode == 0, printed
        return printed

    def start_command(self, output: Path, *arguments: str, typed: str = "") -> ForkServerProcess:
        """Start one of the site's commands, which adds what it prints to a file, and do not wait for it."""
        command = processes.Process(target=_run_command, args=(self.environment, output, arguments, typed))
        command.start()
        return command

    def mails(self) -> list[str]:
        """The mails that were written so far, oldest first."""
        folder = Path(self.environment["INSTANCE_PATH"]) / "mail"
        return [
            path.read_text(encoding="utf-8")
            for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime)
        ]

    def launch(self, held: socket.socket | None = None) -> None:
        """Start gunicorn and do not wait for it; ``held``: a socket that listens already, as a socket unit of systemd passes it on."""
        log = self.folder / "server.log"
        server = processes.Process(target=_serve, args=(self.environment, log, self.before, held))
        server.start()
        wait_until(
            lambda: os.getpgid(server.pid or 0) == server.pid
        )  # can be killed with all its workers from now on
        self._server = server

    def start(self, path: str = "/livez", seconds: float = 30) -> float:
        """Start gunicorn and wait until a page answers; returns after how many seconds it did."""
        begun = time.monotonic()
        self.launch()
        self.wait_for(path, seconds)
        return time.monotonic() - begun

    def stop(self) -> None:
        """End it as an operator does."""
        if self._server is not None:
            self._server.terminate()
            self._server.join()
            self._server = None

    def workers(self) -> list[int]:
        """The process ids of the workers that live now."""
        assert self._server is not None, "not started"
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        return [int(pid) for pid in children.read_text(encoding="ascii").split()]

    def kill_worker(self, pid: int) -> bool:
        """kill -9 one worker; gunicorn starts another. False if it was gone already."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill_everything(self) -> None:
        """kill -9 gunicorn and all its workers at once, as a power cut would."""
        if self._server is not None:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(self._server.pid or 0, signal.SIGKILL)
            self._server.join()
            self._server = None

    def wait_for(self, path: str, seconds: float = 120) -> None:
        """Until a page answers 200."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urlopen(self.url + path, timeout=5):
                    return
            except (HTTPError, URLError, OSError):
                if time.monotonic() > deadline:
                    raise AssertionError(f"{path} did not answer:\n{self.log[-3000:]}") from None
                time.sleep(0.1)


def _enter(environment: Mapping[str, str], output: Path) -> None:
    """In the process itself: lead a group of processes, with the environment, folder and output of a command."""
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with output.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())


def _run_command(
    environment: Mapping[str, str], output: Path, arguments: tuple[str, ...], typed: str
) -> None:
    _enter(environment, output)
    sys.stdin = io.TextIOWrapper(io.BytesIO(typed.encode()))
    sys.argv = ["flask", "--app", "wsgi", *arguments]
    flask.cli.main()


def _serve(
    environment: Mapping[str, str], log: Path, before: tuple[str, ...], held: socket.socket | None
) -> None:
    _enter(environment, log)
    if held is not None:
        os.dup2(held.detach(), FIRST_HELD)
        os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    if before:
        os.execvp(before[0], [*before, sys.executable, "-m", *GUNICORN])
    sys.argv = [*GUNICORN]
    wsgiapp.run()


@contextmanager
def inside(site: Site) -> Iterator[Flask]:
    """An application of the test's own on the site's files; what is not committed at the end is."""
    app = create_app(Config.from_environ(site.environment))
    with app.app_context():
        try:
            yield app
            db.session.commit()
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def running(site: Site) -> Iterator[Site]:
    """The site, started; whatever happens, nothing of it lives on afterwards."""
    try:
        site.start()
        yield site
    finally:
        site.kill_everything()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say(text: str) -> None:
    """A figure of the drill, for who runs it with ``-s``."""
    print(text)  # noqa: T201
