"""Processor seconds for what is made to take long: small files that nest and repeat, and odd searches of a small library.

    python bench/patience.py

None should take more than a second: a reader, or an editor with a broken export, would hold a thread of a worker for it.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.factories import NOW, STARTER  # noqa: E402
from tests.papers.test_files import SLOW_FILES  # noqa: E402
from tests.search.test_fuzz import made_up  # noqa: E402
from webapp import create_app  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.db import engine  # noqa: E402
from webapp.db.session import Base, db  # noqa: E402
from webapp.papers.file_formats import read  # noqa: E402
from webapp.papers.records import Unreadable  # noqa: E402
from webapp.publishing.library import import_library  # noqa: E402
from webapp.search import indexing  # noqa: E402

SEARCHES = 500


def main() -> None:
    """Measure both and print the slowest of each."""
    print(f"slowest of {len(SLOW_FILES)} files: {max(seconds_of(read, file) for file in SLOW_FILES):.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        environ = {"INSTANCE_PATH": folder, "SEARCH_INDEX": f"{folder}/index", "LOG_LEVEL": "ERROR"}
        app = create_app(Config.from_environ(environ))
        with app.app_context():
            engine.create_file(db.engine)
            Base.metadata.create_all(db.engine)
            import_library(STARTER, NOW)
            db.session.commit()
            indexing.catch_up()
            db.session.remove()
        chance, client = random.Random(1), app.test_client()
        slowest = max(seconds_of(client.get, made_up(chance)) for _ in range(SEARCHES))
    print(f"slowest of {SEARCHES} searches: {slowest:.2f} s")


def seconds_of(act: Callable[[str], object], text: str) -> float:
    """Processor seconds of one call."""
    started = time.process_time()
    with suppress(Unreadable):
        act(text)
    return time.process_time() - started


main()
