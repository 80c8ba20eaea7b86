"""What is known of each document, from rows to arrays."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from webapp.search.backends.posting_arrays import NO_VALUE, Columns, FacetCodes
from webapp.search.plan import FacetName


def columns_of(rows: Sequence[Any]) -> Columns:
    """Rows of article id, revision, seconds since 1970, length and filter values ("kind:reviews")."""
    ids, revisions, published, lengths, facets = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Columns(
        article_ids=np.array(ids, np.int32),
        revisions=np.array(revisions, np.int32),
        published=np.array(published, np.uint32),
        lengths=np.array(lengths, np.float64),
        total_length=sum(lengths),
        is_alive=np.ones(len(ids), np.bool_),
        facets=_facets(facets),
    )


def _facets(rows: Sequence[Sequence[str]]) -> dict[FacetName, FacetCodes]:
    """The filter values of all documents ("kind:reviews") as codes, made in whole arrays: there may be many."""
    flat = list(chain.from_iterable(rows))
    every = sorted(set(flat))
    places = {value: place for place, value in enumerate(every)}
    codes = np.fromiter(map(places.__getitem__, flat), np.int32, len(flat))
    documents = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found = {}
    for name in FacetName:
        first, last = bisect_left(every, f"{name}:"), bisect_left(every, f"{name};")  # all that start so
        own = (codes >= first) & (codes < last)
        columns = np.arange(own.sum()) - np.searchsorted(
            documents[own], documents[own]
        )  # first, second … of its document
        table = np.full((len(rows), columns.max(initial=0) + 1), NO_VALUE, np.int16)
        table[documents[own], columns] = codes[own] - first
        found[name] = FacetCodes(tuple(value.removeprefix(f"{name}:") for value in every[first:last]), table)
    return found
