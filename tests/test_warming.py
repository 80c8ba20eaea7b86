"""What a fresh process does before its first readers come."""

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from tests.conftest import KEY
from tests.factories import add_article
from tests.pages import PageClient
from webapp import warming

BEFORE_FORK = """
import os
from webapp import gunicorn_conf
from webapp.search import synonyms
gunicorn_conf.on_starting(None)
assert synonyms._forms_by_stem.cache_info().currsize == 1
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


def test_the_first_readers_wait_for_no_template(app: Flask, client: PageClient) -> None:
    slug = add_article().slug
    warming.warm(app)
    assert app.jinja_env.cache is not None
    compiled = set(app.jinja_env.cache.keys())
    for path in ("/", f"/research/{slug}", "/research", "/search?q=pain", "/glossary", "/categories"):
        client.get(path)
    assert set(app.jinja_env.cache.keys()) == compiled
