"""How fast search is, beside SQLite FTS5 in the same run.

    python bench/search_speed.py --articles 10000 [--abstracts FILE]

Articles are made up from real abstracts (FILE: jsonl.xz with id, title, text; from the first one again where there are too
few, under other titles). Measured: the time to build the index, its size, memory of a server; then the same 200 queries,
taken from titles, as whole words and cut short as somebody types them, each

- inside the engines: ten results and facet counts, without HTTP;
- as whole HTTP answers of gunicorn with one worker: the fragment of the search page, and the instant panel, beside a plain
  Flask page over FTS5 that shows ten results with snippets, without and with facet counts.

Figures are milliseconds p50 / p95 / p99; ratios are ours divided by FTS5's.
"""

import argparse
import http.client
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import library  # noqa: E402
import search_fts5  # noqa: E402
from serving import children_of, free_port, memory_of, plain_command, serving, settle, site_command  # noqa: E402

from webapp import create_app  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.search import indexing  # noqa: E402
from webapp.search.index import search_index  # noqa: E402
from webapp.search.query import SearchQuery  # noqa: E402
from webapp.search.understanding import understand  # noqa: E402


def main() -> None:
    """Build both, ask both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--abstracts", type=Path, default=library.ABSTRACTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        environ = {
            "INSTANCE_PATH": str(folder / "instance"),
            "SEARCH_INDEX": str(folder / "index"),
            "LOG_LEVEL": "ERROR",
            "PAGE_CACHE_MB": "0",  # each answer is made
        }
        (folder / "instance").mkdir()
        app = create_app(Config.from_environ(environ))
        with app.app_context():
            library.make_tables()
            library.fill(options.abstracts, options.articles, library.BARE)
            rows = list(library.rows(options.abstracts, options.articles))
            started = time.perf_counter()
            indexing.rebuild()
            print(f"articles {options.articles:,}")
            print(
                f"index built in {time.perf_counter() - started:.1f} s, {search_index().byte_count() / 1e6:.1f} MB"
            )
            started = time.perf_counter()
            search_fts5.build(folder / "fts5.sqlite3", _plain(rows))
            size = (folder / "fts5.sqlite3").stat().st_size
            print(
                f"FTS5  built in {time.perf_counter() - started:.1f} s, {size / 1e6:.1f} MB (holds the text as well)"
            )
            full = library.queries(rows)
            typed = _typed(full)
            _engines(folder, full, typed)
        _servers(folder, environ, full, typed)


def _plain(rows: list[library.Row]) -> Iterator[tuple[object, ...]]:
    return ((number, title, text, *library.facets(number)) for number, title, text in rows)


def _typed(queries: list[str]) -> list[str]:
    """The same, cut inside the last word."""
    chance = random.Random(2)
    return [query[: query.rindex(" ") + 1 + chance.randint(2, 4)] for query in queries]


def _engines(folder: Path, full: list[str], typed: list[str]) -> None:
    connection = sqlite3.connect(folder / "fts5.sqlite3", isolation_level=None)
    search_index().snapshot().completions("a", 1)

    def ours(query: str) -> None:
        library = search_index().snapshot()
        library.search(understand(SearchQuery(text=query, is_exact=True), library).clauses)

    def theirs(is_typed: bool) -> Callable[[str], None]:
        def ask(query: str) -> None:
            match = search_fts5.match_of(query, is_typed)
            search_fts5.best(connection, match)
            search_fts5.counts(connection, match)

        return ask

    print("inside the engines, with facet counts")
    _compare("whole words", _times(ours, full), _times(theirs(False), full))
    _compare("as typed", _times(ours, typed), _times(theirs(True), typed))


def _servers(folder: Path, environ: dict[str, str], full: list[str], typed: list[str]) -> None:
    port, other = free_port(), free_port()
    site = environ | {"PORT": str(port), "WEB_CONCURRENCY": "1"}
    plain = {"FTS5_DATABASE": str(folder / "fts5.sqlite3"), "PYTHONPATH": str(ROOT / "bench")}
    beside = plain_command("search_fts5:create_app()", other)
    with (
        serving(site_command(), site, port, ROOT) as own,
        serving(beside, plain, other, ROOT / "bench") as fts5,
    ):
        settle(children_of(own))
        ours, theirs = _client(port, {"HX-Request": "true"}), _client(other, {})
        print("whole HTTP answers")
        page, facets = (
            _times(lambda q: ours({"q": q}), full),
            _times(lambda q: theirs({"q": q, "facets": "1"}), full),
        )
        bare = _times(lambda q: theirs({"q": q}), full)
        _compare("search page, whole words, both with facets", page, facets)
        _compare("search page, whole words, FTS5 without facets", page, bare)
        page, facets = (
            _times(lambda q: ours({"q": q}), typed),
            _times(lambda q: theirs({"q": q, "typed": "1", "facets": "1"}), typed),
        )
        bare = _times(lambda q: theirs({"q": q, "typed": "1"}), typed)
        _compare("search page, as typed, both with facets", page, facets)
        _compare("search page, as typed, FTS5 without facets", page, bare)
        _compare(
            "instant panel, as typed, FTS5 without facets",
            _times(lambda q: ours({"q": q, "panel": "1"}), typed),
            bare,
        )
        print(
            f"memory of a worker: {memory_of(children_of(own)[0]).resident:.0f} MB, FTS5 page {memory_of(children_of(fts5)[0]).resident:.0f} MB"
        )


def _client(port: int, headers: dict[str, str]) -> Callable[[dict[str, str]], None]:
    """A function that asks a server, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(arguments: dict[str, str]) -> None:
        try:
            connection.request("GET", "/search?" + urlencode(arguments), headers=headers)
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # it was idle for too long
            connection.close()
            connection.request("GET", "/search?" + urlencode(arguments), headers=headers)
            answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    ask({"q": "warm"})
    return ask


def _times(ask: Callable[[str], object], queries: list[str]) -> list[float]:
    """Milliseconds of each query, asked once."""
    times = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _compare(name: str, ours: list[float], theirs: list[float]) -> None:
    def three(times: list[float]) -> list[float]:
        cuts = statistics.quantiles(times, n=100)
        return [cuts[49], cuts[94], cuts[98]]

    own, other = three(ours), three(theirs)
    ratios = " / ".join(f"{mine / its:.2f}" for mine, its in zip(own, other, strict=True))
    shown = [" / ".join(f"{value:.2f}" for value in values) for values in (own, other)]
    print(f"  {name}: {shown[0]} ms, FTS5 {shown[1]} ms, ratio {ratios}")


if __name__ == "__main__":
    main()
