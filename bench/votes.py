"""How long votes take while `flask articles import` runs: prints the answers, and how long they took.

    python bench/votes.py [--articles 10000] [--files 2000] [--abstracts FILE]

Two workers serve a made-up library. Four readers vote on any of its articles, each about four times a second, first alone
and then during an import of so many files. Seconds are those of the clock: on a busy machine, compare the two lines.
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import library  # noqa: E402
from pages import build  # noqa: E402
from scale import write_files  # noqa: E402
from serving import free_port, serving, site_command  # noqa: E402

VOTERS, PAUSE, ALONE = 4, 0.25, 20  # seconds between votes, and without an import

Vote = tuple[int, float]  # status of the answer, and seconds until it came


def main() -> None:
    """Build the site, vote, import, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--abstracts", type=Path, default=library.ABSTRACTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environ = {
            "INSTANCE_PATH": str(folder / "instance"),
            "SEARCH_INDEX": str(folder / "index"),
            "LOG_LEVEL": "ERROR",
            "PORT": str(port),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "TRUSTED_PROXIES": "1",  # a voter has another address each time, for votes are limited by address
            "WEB_CONCURRENCY": "2",
        }
        build(environ, options.abstracts, options.articles)
        write_files(folder / "files", options.files)
        with serving(site_command(), environ, port, ROOT):
            votes: list[Vote] = []
            stop = Event()
            threads = [
                Thread(target=_vote, args=(port, options.articles, votes, stop, number))
                for number in range(VOTERS)
            ]
            for thread in threads:
                thread.start()
            time.sleep(ALONE)
            alone = votes.copy()
            started = time.monotonic()
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "articles", "import"]
            subprocess.run([*command, folder / "files"], cwd=ROOT, env=os.environ | environ, check=True)
            seconds = time.monotonic() - started
            stop.set()
            for thread in threads:
                thread.join()
    _print("alone", alone)
    _print(f"during an import of {seconds:.0f} s", votes[len(alone) :])


def _vote(port: int, article_count: int, votes: list[Vote], stop: Event, number: int) -> None:
    chance = random.Random(number)
    page = _answer(port, "GET", "/research/article-1", chance)[1]
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    form = urlencode({"token": found[1], "answer": "yes"})
    while not stop.is_set():
        started = time.monotonic()
        path = f"/research/article-{chance.randint(1, article_count)}/feedback"
        status, _ = _answer(port, "POST", path, chance, form)
        votes.append((status, time.monotonic() - started))
        time.sleep(PAUSE)


def _answer(port: int, method: str, path: str, chance: random.Random, form: str = "") -> tuple[int, str]:
    address = ".".join(str(chance.randrange(1, 250)) for _ in range(4))
    headers = {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"}
    if form:
        headers |= {"HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, form, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def _print(label: str, votes: list[Vote]) -> None:
    times = [seconds for _, seconds in votes]
    p95 = statistics.quantiles(times, n=20)[18]
    answers = ", ".join(
        f"{count} × {status}" for status, count in Counter(status for status, _ in votes).items()
    )
    print(f"{label}: {answers}; p50 {statistics.median(times):.2f} p95 {p95:.2f} slowest {max(times):.2f} s")


if __name__ == "__main__":
    main()
