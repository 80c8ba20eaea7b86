"""gunicorn settings and hooks."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import KEY

BEFORE_FORK = """
import gc
import os
from webapp import gunicorn_conf
from webapp.search import synonyms
gunicorn_conf.on_starting(None)
assert synonyms._forms_by_stem.cache_info().currsize == 1
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
