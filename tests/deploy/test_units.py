"""The systemd units start what exists."""

import re
import shlex
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


def test_a_site_that_is_stopped_may_finish_the_mail_on_its_way() -> None:
    unit = (DEPLOY / "scrh-web.service").read_text("utf-8")
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    assert jobs.PATIENCE < gunicorn_conf.graceful_timeout < int(patience)
