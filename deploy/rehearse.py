"""Rehearse the runbook: run each command of deploy/README.md on machines that boot systemd, and compare every table.

A machine is this one once more: an overlay of its files, whose changes are thrown away, in namespaces of its own. Needs root,
systemd, nginx, PostgreSQL, and the network for pip. Installs the release before this one, upgrades to this one under load,
to a made-up newer one and back, restores here and on an empty machine, and moves to PostgreSQL. Ten minutes.

    python deploy/rehearse.py
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent
ORIGIN = "/srv/scrh.git"  # on a machine: the repository that it clones
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MARK = re.compile(r"<!-- not rehearsed: (.+) -->\n\Z")
LEAST_REQUESTS = 600
ABOUT_ITSELF = {"alembic_version", "heartbeat"}  # what the site writes without anybody changing it
NOTED_BY_JOBS = {"digest_on", "digest_until"}  # columns of editors, which the mail of the day changes
Tables = dict[str, dict[str, Any]]

BOOT = """
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys  # the kernel is everybody's
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
rm -rf etc/systemd/system/*.wants usr/lib/systemd/system/timers.target.wants etc/scrh srv/scrh var/lib/scrh var/backups/scrh
cp -r "$1/origin.git" srv/scrh.git
mkdir -p /root/.cache root/.cache && mount --bind /root/.cache root/.cache  # what pip has downloaded once
ip link set lo up
mkdir -p former && pivot_root . former && umount -l former  # units may make user namespaces, which chroot forbids
export container=rehearsal
exec /lib/systemd/systemd --unit=basic.target
"""
READ = """
import json, sqlite3
opened = sqlite3.connect("file:/var/lib/scrh/site.sqlite3?mode=ro", uri=True)
names = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
def table(name):
    rows = opened.execute(f'SELECT * FROM "{name}"')
    return {"columns": [column[0] for column in rows.description], "rows": [list(map(repr, row)) for row in rows]}
print(json.dumps({name: table(name) for name in names}))
"""
LOAD = """
import json, os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
def read(_):
    answers = []
    while len(answers) < %d or not os.path.exists("/run/over"):
        asked = HTTPConnection("127.0.0.1", timeout=60)
        asked.request("GET", ("/about", "/search?q=pain", "/livez")[len(answers) %% 3], headers={"Host": "example.org"})
        answers.append(asked.getresponse().status)
        asked.close()
    return answers
with ThreadPoolExecutor(6) as readers:
    answers = [answer for own in readers.map(read, range(6)) for answer in own]
print(json.dumps(Counter(answers)))
"""
NEWER = '''"""A migration of a made-up newer release."""

import sqlalchemy as sa
from alembic import op

revision = "made_up"
down_revision = "{head}"


def upgrade():
    op.create_table("made_up", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("category", sa.Column("made_up", sa.String(20), nullable=True))
'''


@dataclass(frozen=True)
class Block:
    """Commands of the runbook that stand together; ``reason``: why they are not rehearsed."""

    section: str
    text: str
    reason: str


def blocks() -> list[Block]:
    """Every block of commands of the runbook."""
    runbook = (ROOT / "deploy" / "README.md").read_text("utf-8")
    found = []
    for section in re.split(r"^## ", runbook, flags=re.M)[1:]:
        title = section.partition("\n")[0]
        for match in re.finditer(r"(?:^    .+\n)+", section, re.M):
            mark = MARK.search(section[: match.start()])
            text = re.sub(r"^    ", "", match.group(), flags=re.M)
            found.append(Block(title, text, mark.group(1) if mark else ""))
    return found


def block(section: str, first: str) -> Block:
    """The block of a section that begins so."""
    (found,) = [block for block in blocks() if block.section == section and block.text.startswith(first)]
    return found


class BootedMachine:
    """A machine that runs systemd, and follows the runbook."""

    followed: ClassVar[set[Block]] = set()

    def __init__(self, folder: Path) -> None:
        for name in ("root", "upper", "work"):
            (folder / name).mkdir()
        namespaces = ("--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--net")
        boot = ["unshare", *namespaces, "--kill-child", "bash", "-ec", BOOT, "boot", str(folder)]
        self._boot = subprocess.Popen(boot, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        children = Path(f"/proc/{self._boot.pid}/task/{self._boot.pid}/children")
        while not (own := children.read_text().split()):
            time.sleep(0.1)
        self._pid = own[0]
        while self._run("systemctl is-system-running --wait").stdout.strip() not in ("running", "degraded"):
            time.sleep(0.5)

    def stop(self) -> None:
        """Switch it off."""
        self._boot.kill()
        self._boot.wait()

    def follow(
        self, section: str, first: str, typed: str = "", *, online: bool = False, **values: str
    ) -> str:
        """Run a block of the runbook as it stands, with ``<name>`` replaced; returns what it printed."""
        found = block(section, first)
        self.followed.add(found)
        text = found.text.replace("<this repository>", ORIGIN)
        for name, value in values.items():
            text = text.replace(f"<{name}>", value)
        print(f"## {section}\n{text}", flush=True)
        return self.ok(text, typed, online=online)

    def ok(self, script: str, typed: str = "", *, online: bool = False) -> str:
        """Run a script of the administrator; it must end well."""
        done = self._run(f"set -e; cd /root\n{script}", typed, online=online)
        if done.returncode:
            log = self._run("journalctl --no-pager -n 60 -o cat -u 'scrh-*'").stdout
            sys.exit(f"{log}\n{done.stdout}{done.stderr}\nThis failed:\n{script}")
        return done.stdout

    def tables(self) -> Tables:
        """Every row of the SQLite database."""
        tables: Tables = json.loads(self.ok(f"python3 - <<'END'\n{READ}\nEND"))
        return tables

    def is_ready(self) -> bool:
        """Whether the site is up, and lacks nothing: its jobs have built the search index."""
        ask = (
            "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/readyz', timeout=60).read())"
        )
        return "ok" in self._run(f'python3 -c "{ask}"').stdout

    def wait(self) -> None:
        """Return when the site is ready, and nothing differs from how it must be."""
        deadline = time.monotonic() + 120
        while not self.is_ready():
            if time.monotonic() > deadline:
                self.ok("scrh check; false")
            time.sleep(1)
        self.ok("scrh check")

    @contextmanager
    def load(self) -> Iterator[None]:
        """Read pages through nginx meanwhile; every request must be answered."""
        self.ok("rm -f /run/over")
        command = [*self._inside(online=False), "python3", "-c", LOAD % (LEAST_REQUESTS // 6)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as readers:
            time.sleep(2)
            try:
                yield
            finally:
                self._run("touch /run/over")
            told, _ = readers.communicate()
        print(f"answers by status: {told}", flush=True)
        assert list(json.loads(told)) == ["200"], told

    def _inside(self, *, online: bool) -> list[str]:
        own_network = [] if online else ["-n"]
        namespaces = ["-m", "-p", "-u", "-i", "-C", *own_network]
        return [
            "nsenter",
            "-t",
            self._pid,
            *namespaces,
            "-r",
            "-w",
            "env",
            "-u",
            "PYTHONPATH",
            f"PATH={PATH}",
        ]

    def _run(self, script: str, typed: str = "", *, online: bool = False) -> subprocess.CompletedProcess[str]:
        command = [*self._inside(online=online), "bash", "-c", script]
        return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)


@contextmanager
def booted(origin: Path) -> Iterator[BootedMachine]:
    """A machine with nginx, without the site."""
    folder = Path(
        tempfile.mkdtemp(prefix="scrh-rehearsal-", dir="/dev/shm")
    )  # in memory: twenty thousand files
    shutil.copytree(origin, folder / "origin.git")
    machine = BootedMachine(folder)
    try:
        machine.ok("systemctl start nginx")
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(folder)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def add_migration(site: Path) -> str:
    """Add a migration of a made-up newer release; returns the one that it follows."""
    versions = site / "webapp" / "migrations" / "versions"
    newest = sorted(versions.glob("*.py"))[-1].read_text("utf-8")
    (head,) = re.findall(r'^revision = "(.+)"$', newest, re.M)
    (versions / "9999_made_up.py").write_text(NEWER.format(head=head), encoding="utf-8")
    return str(head)


def make_origin(folder: Path) -> dict[str, str]:
    """A repository whose branch main is the release before this one, and which has this one and a newer one."""
    origin = folder / "origin.git"
    git(ROOT, "clone", "--quiet", "--bare", str(ROOT), str(origin))
    this = git(ROOT, "rev-parse", "HEAD")
    releases = git(ROOT, "tag", "--merged", "HEAD~1", "--sort=-creatordate", "v*").split()
    before = git(ROOT, "rev-parse", releases[0] if releases else "HEAD~1")
    work = folder / "newer"
    git(origin, "worktree", "add", "--quiet", "--detach", str(work), this)
    add_migration(work)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "Add a made-up migration")
    newer = git(work, "rev-parse", "HEAD")
    git(origin, "tag", "newer", newer)
    git(origin, "tag", "this", this)
    git(origin, "worktree", "remove", str(work))
    git(origin, "update-ref", "refs/heads/main", before)
    git(origin, "symbolic-ref", "HEAD", "refs/heads/main")
    return {"before": before, "this": this, "newer": newer}


def compare(before: Tables, after: Tables) -> None:
    """Every row of every table is there, as it was. A newer release may have added tables and columns."""
    for name in before.keys() - ABOUT_ITSELF:
        columns = [column for column in before[name]["columns"] if column not in NOTED_BY_JOBS]
        assert _rows(after[name], columns) == _rows(before[name], columns), name


def _rows(table: dict[str, Any], columns: Sequence[str]) -> list[list[Any]]:
    places = [table["columns"].index(column) for column in columns]
    return sorted([row[place] for place in places] for row in table["rows"])


def install(machine: BootedMachine) -> None:
    """Install what the branch main is, and let mail go into a folder, for lack of a mail server."""
    machine.follow("Install", "adduser", online=True)
    machine.follow("Install", "install -m 0640")
    machine.ok("sed -i '/^SMTP_URL=/d' /etc/scrh/environment")
    machine.follow("Install", "cp /srv/scrh", typed="a long enough passphrase\n" * 2)
    machine.wait()


def newest_backup(machine: BootedMachine) -> str:
    return machine.ok("systemctl start scrh-backup; ls -t /var/backups/scrh | head -1").strip()


def upgrade(machine: BootedMachine, version: str) -> None:
    """Upgrade, or go back, while readers read; nothing may be lost."""
    before = machine.tables()
    with machine.load():
        machine.follow("Upgrade and go back", "systemctl start", version=version, online=True)
    machine.wait()
    compare(before, machine.tables())


def first_machine(machine: BootedMachine) -> tuple[str, Tables]:
    """Install, upgrade twice, go back, upgrade again, restore; returns the newest backup and what it holds."""
    install(machine)
    for version in ("this", "newer", "this", "newer"):
        upgrade(machine, version)
    file, saved = newest_backup(machine), machine.tables()
    machine.ok("scrh editors add 'Bo Li' bo@example.org", typed="a long enough passphrase\n" * 2)
    machine.follow("Back up and restore", "systemctl stop", file=file)
    machine.wait()
    compare(saved, machine.tables())
    machine.follow("When everything is down", "systemctl start scrh-copy")
    machine.ok("systemctl start scrh-verify scrh-drill")
    machine.follow("A new secret key", "sed -i '/^SECRET_KEY_FALLBACKS=/d; s")
    machine.follow("A new secret key", "sed -i '/^SECRET_KEY_FALLBACKS=/d'")
    machine.wait()
    machine.ok("systemctl stop scrh-web.socket; ! systemctl start scrh-check")
    machine.ok(
        "timeout 120 sh -c 'until grep -qs \"scrh-check failed\" /var/lib/scrh/mail/*.eml; do sleep 1; done'"
    )
    machine.ok("systemctl start scrh-web")
    return file, saved


def to_postgresql(machine: BootedMachine) -> None:
    """Move, back up and restore."""
    machine.ok("systemctl start postgresql@15-main")
    machine.follow("Move to PostgreSQL", "runuser")
    machine.wait()
    machine.follow("Back up and restore PostgreSQL", "install -d")
    dump = "runuser -u scrh -- pg_dump --data-only --inserts --exclude-table=heartbeat | grep ^INSERT | sort"
    file, saved = newest_backup(machine), machine.ok(dump)
    machine.ok("systemctl start scrh-verify")
    machine.ok("runuser -u scrh -- psql -c 'DELETE FROM article_category'")
    machine.follow("Back up and restore PostgreSQL", "systemctl stop", file=file)
    machine.wait()
    assert machine.ok(dump) == saved


def main() -> None:
    """Rehearse."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    folder = Path(tempfile.mkdtemp(prefix="scrh-origin-"))
    try:
        versions = make_origin(folder)
        print(versions)
        with booted(folder / "origin.git") as machine:
            file, saved = first_machine(machine)
            backup = machine.ok(f"base64 /var/backups/scrh/{file}")
            to_postgresql(machine)
        git(folder / "origin.git", "update-ref", "refs/heads/main", versions["newer"])
        with booted(folder / "origin.git") as other:
            install(other)
            other.ok(f"base64 -d >/root/{file}", typed=backup)
            other.follow("Back up and restore", "install -m 0600", file=file)
            other.follow("Back up and restore", "systemctl stop", file=file)
            other.wait()
            compare(saved, other.tables())
    finally:
        shutil.rmtree(folder)
    left = [found.text for found in blocks() if not found.reason and found not in BootedMachine.followed]
    if left:
        sys.exit(f"Not rehearsed:\n{left}")
    print(f"Every line works: {len(BootedMachine.followed)} blocks of commands. Every table was as before.")


if __name__ == "__main__":
    main()
