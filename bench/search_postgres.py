"""Search on PostgreSQL: ranking on a test collection, and speed beside PostgreSQL's own ranking in the same run.

    python bench/search_postgres.py [DIR] [--articles 10000] [--abstracts FILE]

DIR is a collection as in search_quality.py. Needs PostgreSQL's server programs; a server is started in a temporary folder.
Speed: 200 queries of words from titles, whole, ten results and facet counts, through the site's engine; and ten results
without facets by ``ts_rank_cd`` over the same texts with PostgreSQL's own English words and a GIN index. Each query is asked
twice: first with nothing in memory, then again. Figures are milliseconds p50 / p95; ratios are ours divided by theirs.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import library  # noqa: E402
import search_quality  # noqa: E402
from sqlalchemy import Engine, create_engine, text  # noqa: E402

from tests.postgres import server  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.search.backends.postgres import PostgresBackend  # noqa: E402
from webapp.search.plan import FacetName, IndexDocument, Passage, Plan  # noqa: E402
from webapp.search.query import SearchQuery  # noqa: E402
from webapp.search.reading import groups_of  # noqa: E402

PLAIN = """
    CREATE TABLE plain (id integer PRIMARY KEY, found tsvector);
    CREATE INDEX plain_found ON plain USING gin (found)
"""
ADD = "INSERT INTO plain VALUES (:id, setweight(to_tsvector('english', :title), 'A') || to_tsvector('english', :text))"
ASK = (
    "SELECT id FROM plain, CAST(replace(CAST(plainto_tsquery('english', :words) AS text), '&', '|') AS tsquery) q "
    "WHERE found @@ q ORDER BY ts_rank_cd(found, q) DESC LIMIT 10"
)


def main() -> None:
    """Measure what was asked for, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collection", type=Path, nargs="?")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--abstracts", type=Path, default=library.ABSTRACTS)
    options = parser.parse_args()
    with server.running() as running:
        if options.collection:
            with running.database() as url:
                _quality(_engine(url), options.collection)
        with running.database() as url:
            _speed(_engine(url), list(library.rows(options.abstracts, options.articles)))


def _engine(url: str) -> Engine:
    return create_engine(Config.from_environ({"DATABASE_URL": url}).database)


def _quality(engine: Engine, folder: Path) -> None:
    for name, value in search_quality.measured(PostgresBackend(engine), folder).items():
        print(f"{name} {value:.4f}")
    engine.dispose()


def _speed(engine: Engine, rows: list[library.Row]) -> None:
    backend = PostgresBackend(engine)
    print(f"articles {len(rows):,}")
    print(f"built in {_seconds(lambda: _fill(backend, rows)):.1f} s, {backend.byte_count() / 1e6:.0f} MB")
    print(f"plain built in {_seconds(lambda: _fill_plain(engine, rows)):.1f} s")
    queries = library.queries(rows)
    print(f"first search after a change: {_seconds(lambda: backend.find(Plan())) * 1000:.0f} ms")
    with engine.connect() as connection:
        theirs = _times(lambda query: connection.execute(text(ASK), {"words": query}).all(), queries)
    for name in ("nothing in memory", "again"):
        _compare(name, _times(lambda query: _ask(backend, query), queries), theirs)
    engine.dispose()


def _ask(backend: PostgresBackend, query: str) -> None:
    backend.find(Plan(groups_of(SearchQuery(text=query).terms(), backend)))


def _fill(backend: PostgresBackend, rows: list[library.Row]) -> None:
    beside = backend.start_beside()
    beside.apply(_documents(rows), ())
    backend.switch_to(beside)


def _documents(rows: list[library.Row]) -> Iterator[IndexDocument]:
    for number, title, body in rows:
        facets = {name: (value,) for name, value in zip(FacetName, library.facets(number), strict=True)}
        yield IndexDocument(number, 1, number, (Passage(title, 2.0), Passage(body, 1.0)), facets)


def _fill_plain(engine: Engine, rows: list[library.Row]) -> None:
    with engine.begin() as connection:
        connection.execute(text(PLAIN))
        connection.execute(
            text(ADD), [{"id": number, "title": title, "text": body} for number, title, body in rows]
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _times(ask: Callable[[str], object], queries: list[str]) -> list[float]:
    """Milliseconds of each query."""
    return [_seconds(lambda query=query: ask(query)) * 1000 for query in queries]  # type: ignore[misc]


def _compare(name: str, ours: list[float], theirs: list[float]) -> None:
    own, other = ([statistics.quantiles(times, n=100)[cut] for cut in (49, 94)] for times in (ours, theirs))
    shown = [" / ".join(f"{value:.2f}" for value in values) for values in (own, other)]
    ratios = " / ".join(f"{mine / its:.2f}" for mine, its in zip(own, other, strict=True))
    print(f"  {name}, with facets: {shown[0]} ms, plain ts_rank_cd {shown[1]} ms, ratio {ratios}")


if __name__ == "__main__":
    main()
