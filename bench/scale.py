"""How cost grows with the number of articles: prints a table.

    python bench/scale.py [--articles 100 1000 10000] [--abstracts FILE] [--without-import]

For each size, in a folder of its own:

- import: so many TOML files into an empty database, with all checks: the starter library over and over, under other names;
- rebuild: the search index of so many articles made from real abstracts;
- the size of that database and of that index;
- memory of the site's two workers with its default settings, after 200 searches, 200 articles and the lists: what each of
  them can reach, and the share of both, in which what they have in common counts once;
- what an answer costs that no cache helps with: an article, a category, a search, a late page of all summaries, and a file of
  the sitemap;
- the slowest first search after one more article was published and is in the index (five articles, queries of two to five words).

Seconds and milliseconds are processor time, so other work on the machine matters little; only the last is time of the clock.
100,000 articles take an hour, most of it for the import, which --without-import leaves out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from http.client import HTTPConnection
from math import isnan, nan
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import library  # noqa: E402
import msgspec  # noqa: E402
from pages import PAGES, build  # noqa: E402
from serving import Page, Server, children_of, free_port, load, memory_of, serving, site_command  # noqa: E402

from webapp import create_app  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.content.article_content import ArticleContent, from_toml, to_toml  # noqa: E402
from webapp.db import engine  # noqa: E402
from webapp.db.session import Base, db  # noqa: E402
from webapp.publishing.library import import_library  # noqa: E402
from webapp.search.index import SearchIndex  # noqa: E402

STARTER = ROOT / "webapp" / "starter"
ASKED = 200  # searches, and articles
SECONDS = 2.0  # for each page
PUBLISHED = 5  # articles, one after the other
FOLLOW_TRIES = 300


@dataclass(frozen=True)
class Cost:
    """What a library of ``articles`` articles costs. Seconds and milliseconds of processor time; megabytes."""

    articles: int
    import_s: float
    rebuild_s: float
    database_mb: float
    index_mb: float
    worker_mb: float
    two_workers_mb: float
    article_ms: float
    category_ms: float
    search_ms: float
    late_ms: float
    sitemap_ms: float
    publish_ms: float


HEADS = ("articles", "import s", "rebuild s", "database MB", "index MB", "a worker MB", "two workers MB", "article ms",
         "category ms", "search ms", "late ms", "sitemap ms", "search after a publish ms")  # fmt: skip


def main() -> None:
    """Measure each size and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--abstracts", type=Path, default=library.ABSTRACTS)
    parser.add_argument("--without-import", action="store_true")
    options = parser.parse_args()
    print(f"| {' | '.join(HEADS)} |\n|{' ---: |' * len(HEADS)}")
    for count in sorted(options.articles):
        with tempfile.TemporaryDirectory() as folder:
            imported = nan if options.without_import else _import(Path(folder), count)
            cost = measure(Path(folder), count, options.abstracts, imported)
        print(f"| {' | '.join(_shown(getattr(cost, one.name)) for one in fields(Cost))} |", flush=True)


def measure(folder: Path, count: int, abstracts: Path, imported: float) -> Cost:
    """All there is to know of one size, but for the seconds of its import."""
    environ = {
        "INSTANCE_PATH": str(folder / "instance"),
        "SEARCH_INDEX": str(folder / "index"),
        "LOG_LEVEL": "ERROR",
        "MALLOC_ARENA_MAX": "2",  # as deploy/ serves the site
    }
    rebuilt = build(environ, abstracts, count)
    worker, both = _memory(environ, abstracts, count)
    late = Page("late", f"/research?page={max(1, count // 30)}")
    pages = _pages(environ, (*PAGES, late, Page("sitemap", "/sitemap-1.xml")))
    return Cost(
        articles=count,
        import_s=imported,
        rebuild_s=rebuilt,
        database_mb=_megabytes(folder / "instance"),
        index_mb=_megabytes(folder / "index"),
        worker_mb=worker,
        two_workers_mb=both,
        article_ms=pages["article"],
        category_ms=pages["category"],
        search_ms=pages["search"],
        late_ms=pages["late"],
        sitemap_ms=pages["sitemap"],
        publish_ms=_after_publishing(environ, abstracts, folder / "published"),
    )


def write_files(files: Path, count: int, first: int = 0) -> None:
    """So many TOML files of articles, numbered from ``first``: the starter library over and over, under other names."""
    (files / "articles").mkdir(parents=True)
    for name in ("categories.toml", "glossary.toml"):
        (files / name).write_bytes((STARTER / name).read_bytes())
    models = [
        from_toml(file.read_text(encoding="utf-8"), ArticleContent)
        for file in sorted((STARTER / "articles").glob("*.toml"))
    ]
    for number in range(first, first + count):
        model = models[number % len(models)]
        paper = msgspec.structs.replace(
            model.paper, doi=f"10.5555/imported.{number}", pmid="", pmcid="", url=""
        )
        name = f"imported-{number}"  # in the title, too: no other text there has this word
        content = msgspec.structs.replace(
            model, paper=paper, plain_title=f"{model.plain_title} {name}", slug=name
        )
        (files / "articles" / f"{number}.toml").write_text(to_toml(content), encoding="utf-8")


def _import(folder: Path, count: int) -> float:
    """Seconds of a whole import, commit and all."""
    files = folder / "files"
    write_files(files, count)
    place = folder / "imported"
    place.mkdir()
    config = Config.from_environ(
        {"INSTANCE_PATH": str(place), "SEARCH_INDEX": str(place / "index"), "LOG_LEVEL": "ERROR"}
    )
    with create_app(config).app_context():
        engine.create_file(db.engine)
        Base.metadata.create_all(db.engine)
        started = time.process_time()
        report = import_library(files, library.NOW)
        db.session.commit()
        seconds = time.process_time() - started
        assert report.added == count
        db.session.remove()
        db.engine.dispose()
    return seconds


def _memory(environ: dict[str, str], abstracts: Path, count: int) -> tuple[float, float]:
    """Megabytes that the larger worker can reach, and the share of both, after some use."""
    port = free_port()
    paths = [page.path for page in PAGES]
    paths += [
        "/search?" + urlencode({"q": query})
        for query in library.queries(list(library.rows(abstracts, min(count, 10_000))))[:ASKED]
    ]
    paths += [f"/research/article-{1 + number * count // ASKED % count}" for number in range(ASKED)]
    with serving(site_command(), environ | {"PORT": str(port), "WEB_CONCURRENCY": "2"}, port, ROOT) as pid:
        for path in paths:
            _get(port, path)  # a new connection each, so that both workers have their part
        found = [memory_of(one) for one in children_of(pid)]
    return max(one.resident for one in found), sum(one.share for one in found)


def _pages(environ: dict[str, str], pages: Sequence[Page]) -> dict[str, float]:
    """Milliseconds of processor time for one answer, by the page's name."""
    port = free_port()
    alone = {"PORT": str(port), "WEB_CONCURRENCY": "1", "PAGE_CACHE_MB": "0"}
    with serving(site_command(), environ | alone, port, ROOT) as pid:
        server = Server(port, children_of(pid))
        for page in pages:
            load(server, page, 1, SECONDS / 4)  # a fresh worker has other work besides
        return {page.name: 1000 / load(server, page, 1, SECONDS).per_core for page in pages}


def _after_publishing(environ: dict[str, str], abstracts: Path, folder: Path) -> float:
    """Milliseconds of the slowest first search after an article is published and indexed, which opens the new commit."""
    port = free_port()
    index = SearchIndex(Path(environ["SEARCH_INDEX"]))
    queries = library.queries(list(library.rows(abstracts, 10_000)))
    slowest = 0.0
    with serving(site_command(), environ | {"PORT": str(port), "WEB_CONCURRENCY": "1"}, port, ROOT):
        for query in queries[:-PUBLISHED]:
            _get(port, f"/search?{urlencode({'q': query})}")
        for number, query in enumerate(queries[-PUBLISHED:]):
            files = folder / str(number)
            write_files(files, 1, first=number)
            before = index.cursor()
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "articles", "import", str(files)]
            subprocess.run(command, cwd=ROOT, env=os.environ | environ, check=True, stdout=subprocess.DEVNULL)
            _wait_for_cursor(index, before)
            started = time.perf_counter()
            _get(port, f"/search?{urlencode({'q': query})}")
            slowest = max(slowest, 1000 * (time.perf_counter() - started))
            content = from_toml(
                (files / "articles" / f"{number}.toml").read_text(encoding="utf-8"), ArticleContent
            )
            path = f"/search?{urlencode({'q': content.plain_title})}"
            if f"/research/{content.slug}".encode() not in _get(port, path, encoding="identity"):
                sys.exit(f"No search finds what was published: {path}")
    return slowest


def _wait_for_cursor(index: SearchIndex, before: int | None) -> None:
    for _ in range(FOLLOW_TRIES):
        if index.cursor() != before:
            return
        time.sleep(0.1)
    sys.exit("The index did not follow.")


def _get(port: int, path: str, encoding: str = "br") -> bytes:
    """The body of a page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Accept": "text/html", "Accept-Encoding": encoding})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, (path, answer.status)
    return body


def _megabytes(folder: Path) -> float:
    return (
        sum((Path(where) / name).stat().st_size for where, _, names in os.walk(folder) for name in names)
        / 1e6
    )


def _shown(value: float) -> str:
    if isnan(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
