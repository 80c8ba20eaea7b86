"""Dockerfile and compose.yaml without a Docker daemon: everything that they name exists, and what they start starts.

With DRILL=full the packages of the image are installed as its lines say; otherwise those of the tests stand in for them.
"""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from flask import Flask

from deploy.rehearse import block
from tests.conftest import KEY
from tests.deploy.machine import open_folder
from tests.deploy.test_nginx import nginx_program
from tests.drills.site import IS_FULL, ROOT, free_port, is_listening
from tests.postgres.server import Server, find_programs
from tests.waiting import wait_until
from webapp import gunicorn_conf
from webapp.config import Config

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SHELLS = {
    name: service["command"][-1].replace("$$", "$")
    for name, service in SERVICES.items()
    if service.get("command", [""])[0] == "sh"
}
OWNER = "-o 10001 -g 10001"  # only root can give a folder to another user
Stage = list[tuple[str, str]]


def stages() -> list[Stage]:
    """The instructions of each stage of the Dockerfile, in order."""
    found: list[Stage] = [[]]
    for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append((name, rest))
    return found


def of(name: str, stage: Stage) -> list[str]:
    return [rest for instruction, rest in stage if instruction == name]


@dataclass
class Image:
    """The last stage of the Dockerfile as a folder, with the environment that it sets."""

    root: Path
    environment: dict[str, str]

    def moved(self, text: str) -> str:
        """The text with the folders of this image, which belong to whoever runs the test."""
        return re.sub(r"/(srv|var/lib)/scrh", rf"{self.root}/\1/scrh", text).replace(f"{OWNER} ", "")

    @property
    def site(self) -> Path:
        return self.root / "srv/scrh"

    def build(self) -> None:
        """Carry out the instructions."""
        _, packages, last = stages()[0], *stages()[1:]
        (self.site / "requirements").parent.mkdir(parents=True)
        for stage in (packages, last):
            for name, rest in stage:
                if name == "COPY" and not rest.startswith("--from"):
                    self._copy(rest)
                elif name == "RUN":
                    self._run(rest.replace("${PACKAGES}", "runtime"))
                elif name == "ENV":
                    self.environment |= dict(
                        part.partition("=")[::2] for part in shlex.split(self.moved(rest))
                    )

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        for name in sources:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.site / target)  # compiled files too, which saves seconds
            else:
                shutil.copy(source, self.site / target)

    def _run(self, command: str) -> None:
        if ".venv" in command and not IS_FULL:
            if not (self.site / ".venv").exists():
                (self.site / ".venv").symlink_to(sys.prefix)
            return
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        subprocess.run(
            ["sh", "-c", self.moved(command)], cwd=self.site, env=os.environ | {"PATH": path}, check=True
        )

    @contextmanager
    def started(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """What CMD starts, as ``web`` of compose.yaml."""
        (command,) = of("CMD", stages()[-1])
        environment = self.environment | settings
        program, *arguments = json.loads(command)
        process = subprocess.Popen(
            [self.site / ".venv/bin" / program, *arguments],
            cwd=self.site, env=environment,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def is_healthy(self, port: int) -> bool:
        """What HEALTHCHECK finds out."""
        (check,) = of("HEALTHCHECK", stages()[-1])
        program, *arguments = json.loads(check.partition(" CMD ")[2].replace("8000", str(port)))
        command = [self.site / ".venv/bin" / program, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with open_folder() as root:
        image = Image(root, {"PYTHONDONTWRITEBYTECODE": "1"})
        image.build()
        yield image


def secrets_in(folder: Path) -> dict[str, str]:
    """The environment of ``web``, its secrets in this folder."""
    given: dict[str, str] = SERVICES["web"]["environment"]
    return {name: value.replace("/run/secrets", str(folder)) for name, value in given.items()}


def test_what_is_copied_into_the_image_exists_and_nothing_else_can_be() -> None:
    copied = {
        name
        for stage in stages()
        for rest in of("COPY", stage) if not rest.startswith("--from")
        for name in rest.split()[:-1]
    }  # fmt: skip
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_installs_locked_packages_only() -> None:
    (install,) = [command for stage in stages() for command in of("RUN", stage) if "pip install" in command]
    assert "--require-hashes --only-binary :all:" in install
    for name in ("runtime", "extras"):
        assert (ROOT / install.split(" -r ")[1].replace("${PACKAGES}", name)).exists()


def test_the_user_of_the_image_has_no_privileges() -> None:
    assert of("USER", stages()[-1]) == ["10001:10001"]


def test_the_image_starts_is_healthy_and_writes_into_its_data_folder_only(
    image: Image, tmp_path: Path
) -> None:
    port = free_port()
    for name, value in (
        ("database_url", f"sqlite:///{tmp_path}/x.sqlite3"),
        ("secret_key", KEY),
        ("smtp_url", "smtp://localhost"),
    ):
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    before = set(image.site.rglob("*"))
    with image.started(**secrets_in(tmp_path), PORT=str(port), WEB_CONCURRENCY="1") as process:
        wait_until(lambda: process.poll() is not None or is_listening(port))
        assert process.poll() is None
        wait_until(lambda: image.is_healthy(port))  # on a busy machine not within the seconds of one check
        with urlopen(f"http://127.0.0.1:{port}/favicon.ico") as answer:
            assert answer.status == 200
    assert not image.is_healthy(port)
    assert set(image.site.rglob("*")) == before


def test_the_services_are_those_that_a_site_needs() -> None:
    assert SERVICES.keys() == {"database", "prepare", "web", "jobs", "backup", "nginx"}
    assert SERVICES["web"]["deploy"]["replicas"] == 2
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_and_what_it_needs_is_there(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert name == "database" or (service["cap_drop"], service["security_opt"]) == (
        ["ALL"],
        ["no-new-privileges:true"],
    )
    used = set(re.findall(r"/run/secrets/(\w+)", str(service)))
    assert used == set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
    for needed, condition in service.get("depends_on", {}).items():
        has_check = "healthcheck" in SERVICES[needed] or needed in OURS
        assert condition["condition"] == "service_completed_successfully" or has_check


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_has_settings_and_commands_that_exist(name: str, app: Flask) -> None:
    settings = {setting.name.upper() for setting in fields(Config)}
    assert {setting.removesuffix("_FILE") for setting in OURS[name]["environment"]} <= settings
    command = OURS[name].get("command", [])
    lines = (
        [command]
        if command[:1] == ["flask"]
        else map(str.split, re.findall(r"flask [a-z -]+", SHELLS.get(name, "")))
    )
    for _, *arguments in lines:
        told = app.test_cli_runner().invoke(args=[*arguments, "--help"])
        assert told.exit_code == 0, told.output


def test_a_container_that_is_stopped_may_finish_the_mail_on_its_way() -> None:
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > gunicorn_conf.graceful_timeout


def test_nginx_finds_the_web_containers(tmp_path: Path) -> None:
    line = (
        SHELLS["nginx"].replace("/etc/scrh/nginx.conf", str(ROOT / "deploy/nginx.conf")).partition("exec")[0]
    )
    subprocess.run(
        ["sh", "-euc", line.replace("/etc/nginx/conf.d/default.conf", str(tmp_path / "site.conf"))],
        check=True,
    )
    conf = (tmp_path / "site.conf").read_text("utf-8")
    found = "zone scrh 64k; resolver 127.0.0.11 valid=5s; server web:8000 resolve;"
    assert found in conf and "/var/log" not in conf
    conf = conf.replace(found, "server 127.0.0.1:8000;").replace("/run/scrh-pages", str(tmp_path / "pages"))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{ }} http {{ {conf} }}", "utf-8")
    subprocess.run([nginx_program(), "-t", "-q", "-c", tmp_path / "nginx.conf"], check=True)


def test_the_backup_is_whole_and_its_owners_alone(
    postgresql: Server, postgresql_url: str, tmp_path: Path
) -> None:
    (tmp_path / "database_password").write_text("unused", "utf-8")
    host, port, name = re.findall(r"@([\d.]+):(\d+)/(\w+)", postgresql_url)[0]
    script = "sleep() { exit 0; }\n" + SHELLS["backup"]
    for written, own in (
        ("/run/secrets", str(tmp_path)), ("/backups", str(tmp_path)), ("--host=database", f"--host={host}"),
        ("--username=scrh", "--username=postgres"), (" scrh\n", f" {name}\n"),
    ):  # fmt: skip
        assert written in script
        script = script.replace(written, own)
    environment = os.environ | {"PGPORT": port, "PATH": f"{find_programs()}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-euc", script], env=environment, check=True)
    (made,) = tmp_path.glob("site-*.dump")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    contents = subprocess.run(
        ["pg_restore", "--list", made], env=environment, capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public article" in contents.stdout


def test_each_day_the_jobs_do_what_timers_do_elsewhere(tmp_path: Path) -> None:
    stand_ins = 'date() { echo 7; }\nsleep() { exit 0; }\nflask() { echo "$*"; }\n'
    done = subprocess.run(
        ["sh", "-c", stand_ins + SHELLS["jobs"]], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "papers check-retractions",
        "search update",
        "export-site",
        "backup /backups --made-elsewhere --keep 14",
    ]


def test_the_jobs_can_read_and_remove_the_backups() -> None:
    (user,) = of("USER", stages()[-1])
    assert SERVICES["backup"]["user"] == user
    assert "-o {} -g {}".format(*user.split(":")) == OWNER
    assert f"install -d -m 0700 {OWNER} backups\n" in block("In containers", "cp .env.example").text
    for name in ("backup", "jobs"):
        assert "./backups:/backups" in SERVICES[name]["volumes"]
    assert SERVICES["jobs"]["build"]["args"] == {"PACKAGES": "extras"}  # obstore, for BACKUP_TO


def test_nginx_shows_the_copy_that_the_jobs_make() -> None:
    folder = Path(SERVICES["jobs"]["environment"]["SITE_COPY"]).parent
    # A new volume takes its owner from the folder in the image.
    assert f"install -d -m 0755 {OWNER} {folder}" in of("RUN", stages()[-1])
    for name in ("jobs", "web"):
        assert f"copy:{folder}" in SERVICES[name]["volumes"]
    assert f"copy:{folder}:ro" in SERVICES["nginx"]["volumes"]
    assert f"root {folder}/site;" in (ROOT / "deploy/nginx.conf").read_text("utf-8")


def test_the_lines_of_the_runbook_make_settings_that_can_be_used(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".env.example", tmp_path)
    lines = block("In containers", "cp .env.example").text
    subprocess.run(["sh", "-euc", lines.replace(OWNER, "")], cwd=tmp_path, check=True)
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == COMPOSE["secrets"].keys()
    (tmp_path / "secrets/smtp_url").write_text("smtp://user:secret@mail.example.org:587\n", "utf-8")
    config = Config.from_environ(secrets_in(tmp_path / "secrets"))
    password = (tmp_path / "secrets/database_password").read_text("utf-8").strip()
    assert config.database == f"postgresql+psycopg://scrh:{password}@database/scrh"
    assert len(config.secret_key) >= 32 and config.smtp_url.endswith(":587")
    assert config.trusted_proxies == 1
