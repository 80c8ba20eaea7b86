"""Changing an index: one commit, whole or not at all. One process at a time: whoever holds ``writing``."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.index import FileIndex
from whoosh.reading import TermNotFound

from webapp.search.backends.whoosh.files import Storage, put_seals
from webapp.search.backends.whoosh.schema import SCHEMA, fields_of
from webapp.search.plan import IndexDocument

POSTINGS_IN_BLOCK = 2_048  # lists are read whole; Whoosh's own 128 let it skip inside them


def write(folder: Path, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
    """Bring these articles up to date and take those out."""
    index = FileIndex(Storage(folder), schema=SCHEMA)
    # Without Whoosh's own lock: the caller holds ``writing``, and Whoosh keeps its lock for good when it cannot make a file.
    writer = index.writer(_lk=False, compound=False, limitmb=128, codec=W3Codec(blocklimit=POSTINGS_IN_BLOCK))
    try:
        numbers = _numbers_of(writer)
        for document in changed:
            _delete(writer, numbers, document.article_id)
            writer.add_document(**fields_of(document))
        for article_id in removed:
            _delete(writer, numbers, article_id)
        writer.commit()
    except BaseException:
        writer.cancel()
        raise
    put_seals(folder)


def _numbers_of(writer: Any) -> Callable[[int], list[int]]:
    """A function from article id to the numbers of the documents that hold it, across the committed segments."""
    segments = [
        (offset, FileIndex._reader(writer.storage, SCHEMA, [part], 0))
        for offset, part in zip(writer._doc_offsets, writer.segments, strict=True)
    ]

    def numbers(article_id: int) -> list[int]:
        found = []
        for offset, reader in segments:
            try:
                matcher = reader._terms.matcher("key", str(article_id).encode(), SCHEMA["key"].format)
            except TermNotFound:
                continue
            found += [offset + number for number in matcher.all_ids()]
        return found

    return numbers


def _delete(writer: Any, numbers: Callable[[int], list[int]], article_id: int) -> None:
    for number in numbers(article_id):
        writer.delete_document(number)
