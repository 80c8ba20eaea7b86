"""A short run of the mail drill: real mailers and a real, difficult mail server, killed at random moments."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.proves("Promise 1: a mailer killed before or after the server took a mail sends one copy")
def test_no_mail_is_lost_or_doubled_when_everything_is_killed() -> None:
    drill = [sys.executable, "bench/mail_drill.py", "--mails", "30", "--kills", "2"]
    run = subprocess.run(drill, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert run.stdout.splitlines()[-1:] == ["30 mails, 2 kills: 0 lost, 0 doubled"], (
        run.stdout[-2000:] + run.stderr[-2000:]
    )
    assert run.returncode == 0
