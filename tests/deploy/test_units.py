"""The systemd units start what exists, may do as little as possible, and report failures."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from tests.drills.site import ROOT
from webapp import gunicorn_conf, jobs

DEPLOY = ROOT / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))


def commands(unit: Path) -> list[list[str]]:
    return [
        shlex.split(line)
        for line in re.findall(r"^Exec(?:Start|StartPre)=(.+)$", unit.read_text("utf-8"), re.M)
    ]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_command_of_a_unit_is_one_of_ours(unit: Path, app: Flask) -> None:
    assert commands(unit)
    for program, *arguments in commands(unit):
        assert program in ("/usr/local/bin/scrh", "/srv/scrh/.venv/bin/gunicorn")
        if program.endswith("/scrh"):
            told = app.test_cli_runner().invoke(args=[*arguments, "--help"])
            assert told.exit_code == 0, told.output


def test_every_timer_has_a_service_and_the_runbook_starts_it() -> None:
    runbook = (DEPLOY / "README.md").read_text("utf-8")
    for timer in DEPLOY.glob("*.timer"):
        assert timer.with_suffix(".service").exists()
        assert timer.name in runbook


def test_every_unit_that_fails_is_reported() -> None:
    for unit in SERVICES:
        reports = "OnFailure=scrh-failed@%p.service" in unit.read_text("utf-8")
        assert reports == (unit.stem not in ("scrh-web", "scrh-failed@")), unit.name
    check = (DEPLOY / "scrh-check.service").read_text("utf-8")
    assert "Requisite=scrh-web.service" in check  # reports the site itself, which starts again and again


def test_the_site_listens_where_nginx_looks_for_it() -> None:
    (address,) = re.findall(r"^ListenStream=(.+)$", (DEPLOY / "scrh-web.socket").read_text("utf-8"), re.M)
    assert f"server {address};" in (DEPLOY / "nginx.conf").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", ["scrh-web", "scrh-backup"])
def test_a_unit_may_do_little(unit: str, tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "units")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", f"{unit}.service"],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path / 'units'}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_a_site_that_is_stopped_may_finish_the_mail_on_its_way() -> None:
    unit = (DEPLOY / "scrh-web.service").read_text("utf-8")
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    assert jobs.PATIENCE < gunicorn_conf.graceful_timeout < int(patience)
