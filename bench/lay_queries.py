"""How well everyday searches find the right summaries, in the library of the running configuration.

    python bench/lay_queries.py FILE

FILE is a tsv with a first line of names: query, wanted medical concepts (separated by ``;``), kind. For each query the
first ten results of the search page are taken, through the site's own query understanding and ranking.

A result is right if it is *about* one of the wanted concepts, which is decided from its text alone, before any search and
without a look at ranks: every word of the concept (by stem, in any order, hyphens and case ignored) stands together in
one of its titles, its main message, one of its key findings, one of its MeSH terms, one sentence of its simple
explanation or research summary. Because our texts say "walking" where the list says "ambulation", the name and the main
medical terms that the concept table gives for a wanted concept count as that concept; everyday words never do. A query
for which no published article is about any wanted concept is left out and counted at the end.

Prints hit@5 (share of queries with a right result among the first five) and MRR (mean of 1 / rank of the first right one
among ten) for each kind and overall; before the last line, the same overall where only the wanted words themselves count
("to the letter"), without the table.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from webapp import create_app
from webapp.catalog.queries import published
from webapp.content.readability import sentences
from webapp.db.session import db
from webapp.models import Article
from webapp.search import results
from webapp.search.query import SearchQuery
from webapp.search.synonyms import table
from webapp.search.words import stems

DEPTH, HIT_DEPTH, MAIN = 10, 5, 3


def main(file: Path) -> None:
    """Measure and print."""
    app = create_app()
    with app.app_context():
        texts = {article.id: list(_texts(article)) for article in db.session.scalars(published())}
        ranks: dict[str, list[int | None]] = defaultdict(list)
        to_the_letter: list[int | None] = []
        rows = list(_rows(file))
        for query, wanted, kind in rows:
            literal = [frozenset(stems(concept)) for concept in wanted.split(";") if stems(concept)]
            right = _about(
                texts, literal + [form for concept in wanted.split(";") for form in _same(concept)]
            )
            found = _found(query)
            if right:
                ranks[kind].append(_rank(found, right))
            if strict := _about(texts, literal):
                to_the_letter.append(_rank(found, strict))
            if right and "-v" in sys.argv:
                print(f"{ranks[kind][-1] or '-':>3} of {len(right):2}  {query}")
    for kind, own in sorted(ranks.items()):
        print(_line(kind, own))
    every = [rank for own in ranks.values() for rank in own]
    print(f"{_line('to the letter', to_the_letter)} ({len(to_the_letter)} queries)")
    without = len(rows) - len(every)
    print(f"{_line('overall', every)} ({len(rows)} queries, {without} without a published article)")


def _rows(file: Path) -> Iterator[tuple[str, str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows):
            if number == 0 and row[0].strip().lower() == "query":
                continue
            if len(row) > 1:
                yield row[0], row[1], row[2] if len(row) > 2 else "all"


def _texts(article: Article) -> Iterator[frozenset[str]]:
    """The parts of an article that say what it is about, as sets of stems."""
    parts = [article.title, article.paper.title, article.main_message, *article.paper.mesh_terms]
    parts += [finding.text for finding in article.findings]
    parts += sentences(article.simple_explanation) + sentences(article.research_summary)
    for part in parts:
        yield frozenset(stems(part))


def _same(wanted: str) -> list[frozenset[str]]:
    """The name and the main medical terms of the table's concepts that have this one as name or main term."""
    asked = frozenset(stems(wanted))
    forms = [[frozenset(stems(form)) for form in (one.name, *one.medical[:MAIN])] for one in table().concepts]
    return [form for own in forms if asked in own for form in own if form]


def _about(texts: dict[int, list[frozenset[str]]], wanted: list[frozenset[str]]) -> set[int]:
    return {key for key, own in texts.items() if any(concept <= text for concept in wanted for text in own)}


def _found(query: str) -> list[int]:
    answer = results.search(SearchQuery(text=query[:200]), DEPTH)
    return [hit.article.id for hit in (*answer.page.rows, *answer.animals.rows)][:DEPTH]


def _rank(found: list[int], right: set[int]) -> int | None:
    return next((rank for rank, key in enumerate(found, start=1) if key in right), None)


def _line(name: str, ranks: list[int | None]) -> str:
    hits = sum(1 for rank in ranks if rank is not None and rank <= HIT_DEPTH)
    mrr = sum(1 / rank for rank in ranks if rank is not None)
    count = len(ranks) or 1
    return f"{name} hit@5 {100 * hits / count:.1f} % MRR {mrr / count:.2f}"


if __name__ == "__main__":
    files = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if len(files) != 1:
        sys.exit("usage: python bench/lay_queries.py FILE [-v]")
    main(Path(files[0]))
