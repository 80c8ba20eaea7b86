"""Ranking quality on a test collection, through the site's own words, index and query understanding.

    python bench/search_quality.py DIR

DIR holds corpus.jsonl (id, title, text), queries.tsv (id, text) and qrels.tsv (query, document, relevance). The collection
is indexed in a temporary folder with the weights of the site (title as a title, text as text). The table of lay words is
left out: it is about spinal cord injury. Prints nDCG@10, Recall@100 and MAP, means over the queries that have judgments.
nDCG takes the relevance itself as gain (Järvelin and Kekäläinen 2002); the other two count any relevance above 0.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from math import log2
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from webapp.search.documents import PLAIN_TITLE, TEXT, IndexDocument, Passage
from webapp.search.index import SearchIndex
from webapp.search.posting_arrays import Snapshot
from webapp.search.query import QueryTerm, SearchQuery
from webapp.search.understanding import clauses_of

DEPTH, RECALL_DEPTH, GAIN_DEPTH = 1000, 100, 10


def main() -> None:
    """Index, search, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as place:
        index = SearchIndex(Path(place))
        names: list[str] = []
        replacement = index.create_replacement()
        replacement.apply(_documents(folder / "corpus.jsonl", names), ())
        index.replace_with(replacement)
        for name, value in measured(index.snapshot(), folder, names).items():
            print(f"{name} {value:.4f}")


def measured(library: Snapshot, folder: Path, names: list[str]) -> dict[str, float]:
    """Ask all queries; the means by name. ``names``: the collection's own names of the documents."""
    judged = _judgments(folder / "qrels.tsv")
    scores = [
        _scores(_ranked(text, library, names), judged[key])
        for key, text in _rows(folder / "queries.tsv")
        if any(judged[key].values())
    ]
    means = (sum(values) / len(values) for values in zip(*scores, strict=True))
    return dict(zip(("nDCG@10", "Recall@100", "MAP"), means, strict=True))


def _documents(file: Path, names: list[str]) -> Iterator[IndexDocument]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            names.append(str(row["id"]))
            passages = (Passage(row.get("title") or "", PLAIN_TITLE), Passage(row.get("text") or "", TEXT))
            yield IndexDocument(number, 1, 0, passages, {})


def _judgments(file: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for line in file.read_text(encoding="utf-8").splitlines():
        query, document, relevance = line.split()
        judged[query][document] = int(relevance)
    return judged


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, text = line.partition("\t")
        if text:
            yield key, text


def _ranked(text: str, library: Snapshot, names: list[str]) -> list[str]:
    """The whole text is asked, however long: the limits of the page protect the site, not the measure."""
    clauses = clauses_of([QueryTerm(word) for word in SearchQuery(text=text).text.split()], library)
    return [names[number] for number in library.search(clauses, limit=DEPTH).article_ids]


def _scores(found: list[str], judged: dict[str, int]) -> tuple[float, float, float]:
    right = {document for document, relevance in judged.items() if relevance > 0}
    gains = [judged.get(document, 0) for document in found[:GAIN_DEPTH]]
    best = sorted(judged.values(), reverse=True)[:GAIN_DEPTH]
    hits = [place for place, document in enumerate(found, start=1) if document in right]
    precision = sum(count / place for count, place in enumerate(hits, start=1)) / len(right)
    return (
        _discounted(gains) / _discounted(best),
        sum(place <= RECALL_DEPTH for place in hits) / len(right),
        precision,
    )


def _discounted(gains: list[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, start=1))


if __name__ == "__main__":
    main()
