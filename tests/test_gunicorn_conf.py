"""gunicorn settings and hooks."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

from flask import Flask
from gunicorn.config import Config as GunicornConfig

from tests.conftest import KEY
from webapp import gunicorn_conf, jobs

BEFORE_FORK = """
import gc
import os
from webapp import gunicorn_conf
from webapp.search import synonyms
gunicorn_conf.on_starting(None)
assert '_forms_by_stem' in vars(synonyms.table())
assert gc.get_freeze_count()
for name in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink(f"/proc/self/fd/{name}"))
    except FileNotFoundError:
        pass
"""


def test_nothing_is_opened_before_the_fork(tmp_path: Path) -> None:
    environ = {
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "SEARCH_INDEX": str(tmp_path / "index"),
        "SECRET_KEY": KEY,
    }
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_FORK],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) not in done.stdout
    assert "socket:" not in done.stdout
    assert not any(tmp_path.iterdir())


def test_a_worker_stops_its_jobs_at_the_signal_and_not_after_its_last_request(app: Flask) -> None:
    worker = gunicorn_conf.Worker(1, os.getppid(), [], None, 10, GunicornConfig(), logging.getLogger())
    worker.method_queue.init()
    worker.running = jobs.Running(app, Event(), ())
    try:
        worker.handle_exit(signal.SIGTERM, None)
        assert worker.running.stop.is_set()
        assert not worker.alive
    finally:
        worker.method_queue.close()
        worker.tmp.close()
