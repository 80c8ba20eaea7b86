"""How fast pages are answered, beside an uncached render of the same page and a constant of equal size in the same run.

    python bench/pages.py [--articles 100 10000 100000] [--seconds 5] [--abstracts FILE]

Served by gunicorn with one worker: the site as it is, the site with ``PAGE_CACHE_MB=0``, and a Flask application that
returns a constant of the same size. If nginx is there: the site behind it (`deploy/nginx.conf` keeps pages for a second),
beside a static file of equal size. Requests per second are per second of the server's processor time, that is per core.

The lines to read: ``article 100 8.9 x uncached, 1.4 x constant`` and ``article 100 0.93 x a static file, both by nginx``.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import front  # noqa: E402
import library  # noqa: E402
from serving import (  # noqa: E402
    Load,
    Page,
    Server,
    children_of,
    free_port,
    load,
    plain_command,
    serving,
    site_command,
)

from webapp import create_app  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.search import indexing  # noqa: E402

PAGES = (
    Page("home", "/"),
    Page("article", "/research/article-7"),
    Page("category", "/categories/pain-management"),
    Page("latest", "/research"),
    Page("search", "/search?q=pain+after+injury"),
    Page("fragment", "/search?q=pain+after+injury", "HX-Request: true\r\n"),
)
CONNECTIONS = (1, 16)
ROUNDS = 25  # short ones: their median is steadier on a busy machine than that of a few long ones
Rounds = dict[str, list[dict[int, Load]]]  # by server, then for each round by connections


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--abstracts", type=Path, default=library.ABSTRACTS)
    options = parser.parse_args()
    for count in options.articles:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), count, options.abstracts, options.seconds)


def _measure(folder: Path, count: int, abstracts: Path, seconds: float) -> None:
    environ = {
        "INSTANCE_PATH": str(folder / "instance"),
        "SEARCH_INDEX": str(folder / "index"),
        "WEB_CONCURRENCY": "1",
        "LOG_LEVEL": "ERROR",
    }
    build(environ, abstracts, count)
    program = front.nginx()
    with ExitStack() as running:
        cached = _start(running, environ)
        plain = _start(running, environ | {"PAGE_CACHE_MB": "0"})
        for page in PAGES:
            _compare(page, count, cached, plain, seconds)
        if program is None:
            print(front.MISSING)
            return
        before = running.enter_context(front.front(program, folder, cached.port))
        for page in PAGES:
            _compare_with_file(page, count, before, seconds)


def _compare(page: Page, count: int, cached: Server, plain: Server, seconds: float) -> None:
    """Print a page's ratios, then what they come from."""
    with ExitStack() as running:
        byte_count = load(cached, page, 1, 0.1).byte_count
        constant = _constant(running, byte_count), Page("constant", "/")
        found = _in_turn(
            {"finished": (cached, page), "uncached": (plain, page), "constant": constant}, seconds
        )
    times = ", ".join(
        f"{_ratio(found['finished'], found[other]):.1f} x {other}" for other in ("uncached", "constant")
    )
    _print(f"{page.name} {count} {times}", found)


def _compare_with_file(page: Page, count: int, before: front.Front, seconds: float) -> None:
    """The same for the page as nginx keeps it, beside a file of equal size that needs none of our rules."""
    assert before.is_kept(page), page.path
    other = before.file_of(load(before.site, page, 1, 0.1).byte_count)
    found = _in_turn({"kept": (before.site, page), "static": (before.bare, other)}, seconds)
    ratio = _ratio(found["kept"], found["static"])
    _print(f"{page.name} {count} {ratio:.2f} x a static file, both by nginx", found)


def _print(line: str, found: Rounds) -> None:
    print(line)
    for label, loads in found.items():
        print(f"    {label:9} {_shown(loads)}", flush=True)


def _in_turn(asked: dict[str, tuple[Server, Page]], seconds: float) -> Rounds:
    """Each server for a short while, over and over: what slows the machine down for a moment slows down all of them."""
    found: Rounds = {label: [] for label in asked}
    for _ in range(ROUNDS):
        for label, (server, page) in asked.items():
            found[label].append({at: load(server, page, at, seconds / ROUNDS) for at in CONNECTIONS})
    return found


def _ratio(ours: list[dict[int, Load]], theirs: list[dict[int, Load]]) -> float:
    """The middle one of the rounds' ratios of requests per core."""
    return statistics.median(
        one[16].per_core / other[16].per_core for one, other in zip(ours, theirs, strict=True)
    )


def _shown(loads: list[dict[int, Load]]) -> str:
    times = {at: [time for one in loads for time in one[at].times] for at in CONNECTIONS}
    spread = " · ".join(
        f"{at} connections p50 {statistics.median(all_):.2f} p95 {statistics.quantiles(all_, n=20)[18]:.2f} ms"
        for at, all_ in times.items()
    )
    per_core = statistics.median(one[16].per_core for one in loads)
    return f"{per_core:8,.0f}/s per core, {loads[0][16].byte_count:6,} bytes · {spread}"


def build(environ: dict[str, str], abstracts: Path, count: int) -> float:
    """Make the site's database and index; returns the seconds of processor time that the index took."""
    Path(environ["INSTANCE_PATH"]).mkdir()
    with create_app(Config.from_environ(environ)).app_context():
        library.fill(abstracts, count, library.make_tables())
        started = time.process_time()
        indexing.rebuild()
        return time.process_time() - started


def _start(running: ExitStack, environ: dict[str, str]) -> Server:
    port = free_port()
    pid = running.enter_context(serving(site_command(), environ | {"PORT": str(port)}, port, ROOT))
    return Server(port, children_of(pid))


def _constant(running: ExitStack, byte_count: int) -> Server:
    port = free_port()
    command = plain_command(f"pages:constant({byte_count})", port)
    pid = running.enter_context(serving(command, {}, port, ROOT / "bench"))
    return Server(port, children_of(pid))


def constant(byte_count: int) -> object:
    """A Flask application that answers with so many bytes, for the comparison."""
    from flask import Flask  # noqa: PLC0415

    app, body = Flask("constant"), os.urandom(byte_count)
    app.add_url_rule("/", view_func=lambda: body)
    return app


if __name__ == "__main__":
    main()
