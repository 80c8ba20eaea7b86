"""A machine in a folder, on which the site is installed as the runbook says; the runbook's own lines run there."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.rehearse import git
from tests.deploy import preloaded
from tests.drills.site import ROOT
from tests.postgres.server import missing
from tests.waiting import wait_until
from webapp.config import Config

CODE = ("deploy", "static", "templates", "webapp", "Makefile", "wsgi.py")
# There is no systemd: to start a unit, its lines of flask are run. "runuser -u" gives the name to PostgreSQL.
SHELL = """
set -e
runuser() { PGUSER="$2" as_user "${@:4}"; }
systemctl() {
  [ "$1" != start ] && [ "$1" != restart ] || sed -nE "s#/(usr/local/bin|var/backups)#$ROOT&#g; s/^ExecStart=(.*scrh .*)/\\1/p" \\
    "$ROOT/etc/systemd/system/$2.service" | sh -e
}
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can enter: pytest's own are closed to all but one."""
    folder = Path(tempfile.mkdtemp(prefix="scrh-machine-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Machine:
    """The site in ``root``/srv/scrh, its settings and data below ``root``, and an unprivileged user who owns them."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.root = root
        self.site, self.backups = root / "srv/scrh", root / "var/backups/scrh"
        self.instance = root / "var/lib/scrh"
        self._loaded = root / "preloaded"
        is_root = os.geteuid() == 0
        user = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
        self.user = user.pw_name
        as_user = f"setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups" if is_root else ""
        self._shell = f'{SHELL}\nas_user() {{ {as_user} "$@"; }}\n'
        self.origin = root / "origin"
        self.origin.mkdir()
        for name in CODE:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, self.origin / name)
        git(self.origin, "init", "--quiet", "--initial-branch=main")
        self.release()
        git(root, "clone", "--quiet", str(self.origin), str(self.site))
        self._provide_flask(as_user)
        for folder in (self.backups, self.instance, root / "etc/scrh"):
            folder.mkdir(parents=True)
            os.chown(folder, user.pw_uid, user.pw_gid)
        self.settings = {
            "INSTANCE_PATH": str(self.instance),
            "SEARCH_INDEX": str(self.instance / "index"),
            "SECRET_KEY": "t" * 40,
            **settings,
        }
        self.configure(**self.settings)
        self.environment = {"PATH": f"{root}/usr/local/bin:{os.environ['PATH']}", "ROOT": str(root)}
        self.ok("make install")

    def configure(self, **settings: str) -> None:
        """Write the file of settings."""
        lines = ["# As in the runbook", *(f"{name}={value}" for name, value in settings.items())]
        (self.root / "etc/scrh/environment").write_text("\n".join(lines), encoding="utf-8")

    def release(self) -> str:
        """Commit what is in the origin; returns the version that the runbook can upgrade to."""
        git(self.origin, "add", ".")
        git(self.origin, "commit", "--quiet", "--allow-empty", "--message=A release")
        return git(self.origin, "rev-parse", "HEAD")

    def config(self) -> Config:
        """The settings for a test that looks into the database itself."""
        return Config.from_environ(self.settings | {"INSTANCE_PATH": str(self.root / "tester")})

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        """Run commands of the runbook in a shell of the administrator."""
        return subprocess.run(
            ["bash", "-c", self._shell + self._moved(commands)],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, commands: str) -> str:
        """Run commands that must end well; returns what they printed."""
        done = self.run(commands)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _moved(self, text: str) -> str:
        """The text with the folders of this machine."""
        make = f"make -C {self.site} -o .venv/runtime DESTDIR={self.root} SITE_USER={self.user} install"
        text = re.sub(r"make (-C \S+ )?install", make, text)
        return re.sub(
            r"(?<![\w.])/(srv/scrh|var/backups/scrh|var/lib/scrh|usr/local/bin/scrh)",
            rf"{self.root}/\1",
            text,
        )

    def _provide_flask(self, as_user: str) -> None:
        """Provide the tests' packages, with a Python that the user can run: the tests' own may be in a closed folder."""
        for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            ask = ["sh", "-c", f"{as_user} sh -c '{python} -c exit'"]
            if subprocess.run(ask, capture_output=True, check=False).returncode == 0:
                break
        else:
            missing("A Python that every user can run", "python3", "REQUIRE_POSTGRESQL")
        programs = self.site / ".venv/bin"
        programs.mkdir(parents=True)
        (self.site / ".venv/runtime").touch()
        self._python = f"PYTHONPATH={sysconfig.get_path('purelib')} exec {python}"
        _write_program(programs / "python", f'{self._python} "$@"')
        _write_program(
            programs / "flask",
            f'grep -qsxf {self.site}/.git/HEAD {self._loaded}/commit && exec {python} -IS {self._loaded}/ask.py ask {self._loaded}/socket "$@"',
            f'{self._python} -m flask "$@"',
        )

    @contextmanager
    def preloaded(self) -> Iterator[None]:
        """Commands are forks of a process that has imported the code of now, until another commit is checked out."""
        self._loaded.mkdir()
        shutil.copy(preloaded.__file__, self._loaded / "ask.py")
        command = f"{self._python} {preloaded.__file__} serve {self._loaded}/socket {self.site}"
        server = subprocess.Popen(["sh", "-c", command], env={"PYTHONDONTWRITEBYTECODE": "1"}, cwd=self.root)
        try:
            wait_until(lambda: server.poll() is not None or (self._loaded / "socket").exists())
            assert server.poll() is None
            git(self.site, "checkout", "--quiet", "--detach")  # the name of a branch says nothing of its code
            shutil.copy(self.site / ".git/HEAD", self._loaded / "commit")
            yield
        finally:
            server.terminate()
            server.wait()


def _write_program(file: Path, *lines: str) -> None:
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    file.chmod(0o755)
