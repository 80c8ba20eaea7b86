"""Whoosh's files: the schema, the segments of an index as arrays, and commits. No other module knows Whoosh's names,
but for ``last_commit`` in ``index.py``, which every search asks.

Whoosh 2.7.4 is frozen, so its inner names used here (``_data``, ``_next_block``, ``_perdoc``) will not move.
"""

import json
import logging
import os
import weakref
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from whoosh import columns, fields
from whoosh.codec.whoosh3 import LENGTHS_COLUMN, W3Codec, W3LeafMatcher
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Existence
from whoosh.index import FileIndex
from whoosh.reading import TermNotFound
from whoosh.util.numeric import byte_to_length

from webapp.search.documents import IndexDocument
from webapp.search.words import STOP_WORDS, letter_names, stem, words

log = logging.getLogger(__name__)

Numbers = NDArray[np.int32]
Floats = NDArray[np.float32]

MISSING = -1  # in a column: every document has a value, so one without it was lost
SEAL = ".seal"
PIECE = 1_000_000  # bytes
ON_DISK = (".pst", ".frequent.col", ".sequence.col")  # most of an index; each piece has a checksum of its own
SHORTEST_WORD = 3  # that is completed and corrected
FREQUENT_COUNT = 20  # stems of a document for the relevance model
EMPTY_BYTES = 500  # of a posting list of nothing, with its place in a cache
POSTINGS_IN_BLOCK = 2_048  # lists are read whole; Whoosh's own 128 let it skip inside them
LENGTHS = np.array([byte_to_length(number) for number in range(256)], np.float64)


class SearchUnavailable(Exception):
    """The index is missing, damaged or busy; the database has to answer."""


class _WeightedTerms(fields.FieldType):
    """A field that is given its terms ready-made: (term, how often, weight)."""

    def __init__(self) -> None:
        super().__init__(Existence(), analyzer=None, scorable=True)

    def index(
        self, value: Iterable[tuple[str, int, float]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, count, weight in value:
            yield term.encode(), count, weight, b""


class _Terms(fields.FieldType):
    """A field of terms that are there or not."""

    def __init__(self) -> None:
        super().__init__(Existence(), analyzer=None)

    def index(self, value: Iterable[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term in sorted(value):
            yield term.encode(), 1, 1.0, b""


# Phrases are looked for in the stems in order: positions stored with the weights would be read with every posting list.
SCHEMA = fields.Schema(
    stem=_WeightedTerms(),
    word=_Terms(),  # whole words, for completion and correction
    facet=_Terms(),  # filter values, like "kind:reviews"
    article=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    revision=fields.COLUMN(columns.NumericColumn("i", default=MISSING)),
    published=fields.COLUMN(columns.NumericColumn("I")),
    # after a checksum each: stems with their share of the text in thousandths; stems in order, a line for each passage
    frequent=fields.COLUMN(columns.VarBytesColumn()),
    sequence=fields.COLUMN(columns.VarBytesColumn()),
)


@dataclass(frozen=True)
class Postings:
    """The documents that have one stem, in ascending order, and its weight (or score) in each."""

    documents: Numbers
    weights: Floats

    @property
    def byte_count(self) -> int:
        """What it takes in memory, about: a list of nothing takes some, too."""
        return EMPTY_BYTES + self.documents.nbytes + self.weights.nbytes

    def only(self, chosen: NDArray[np.bool_]) -> "Postings":
        """Those of the documents that are chosen."""
        return Postings(self.documents[chosen], self.weights[chosen])


NOWHERE = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True)
class Lexicon:
    """The whole words of a segment in order, and the number of documents that have each."""

    words: list[str]
    frequencies: list[int]

    def frequency(self, word: str) -> int:
        place = bisect_left(self.words, word)
        return self.frequencies[place] if self.words[place : place + 1] == [word] else 0

    def starting_with(self, start: str) -> dict[str, int]:
        """The words that start so, and the number of documents that have each."""
        following = range(bisect_left(self.words, start), len(self.words))
        places = takewhile(lambda place: self.words[place].startswith(start), following)
        return {self.words[place]: self.frequencies[place] for place in places}


class Segment:
    """One immutable part of an index. Its documents are numbered from 0. A damaged file raises SearchUnavailable."""

    def __init__(self, folder: Path, part: Any) -> None:
        self._lock = Lock()  # Whoosh's files have one position for all threads
        self.is_damaged = False
        storage = Storage(folder)
        self._reader = FileIndex._reader(storage, SCHEMA, [part], 0)
        self.name: str = part.segment_id()
        self.size: int = self._reader.doc_count_all()
        self.total_length: int = self._reader.field_length("stem")
        lengths = self._reader._perdoc._cached_reader("_stem_len", LENGTHS_COLUMN)
        self.lengths = LENGTHS[_values(lengths, "B", self.size)]
        self.article_ids = _values(self._column("article"), ">i4", self.size).astype(np.int32)
        self.revisions = _values(self._column("revision"), ">i4", self.size).astype(np.int32)
        self.published = _values(self._column("published"), ">u4", self.size).astype(np.uint32)
        self._frequent = self._column("frequent")
        self._sequences = self._column("sequence")
        if (self.article_ids == MISSING).any():
            raise ValueError("articles are missing from a column")
        self.facets = {value: self.postings("facet", value).documents for value, _ in self._terms("facet")}
        self.file_sizes = storage.file_sizes

    def postings(self, field: str, term: str) -> Postings:
        """The documents that have a term, deleted ones included."""
        with self._reading():
            try:
                info = self._reader._terms.term_info(field, term.encode())
            except TermNotFound:
                return NOWHERE
            start, (length,) = info.extent()  # Whoosh does not unpack the length
            stored = BufferFile(self._reader._terms._postfile.get(start, length))
            matcher = W3LeafMatcher(stored, 0, length, SCHEMA[field].format)
            numbers, weights = [], []
            while not matcher._atend:
                matcher._read_data()
                numbers.append(np.cumsum(np.asarray(matcher._data[0], np.int64)))
                matcher._read_weights()
                weights.append(np.asarray(matcher._weights, np.float32))
                matcher._next_block()
            postings = Postings(np.concatenate(numbers).astype(np.int32), np.concatenate(weights))
            # The checksums of zlib cover what is in a block, but not the lengths before it.
            if not len(postings.documents) == len(postings.weights) == info.doc_frequency():
                raise ValueError(f"{field}:{term} has another number of documents")
            if not 0 <= postings.documents[0] <= postings.documents[-1] < self.size:
                raise ValueError(f"{field}:{term} is in documents that don’t exist")
            return postings

    def frequency(self, stem: str) -> int:
        """The number of documents that have a stem, deleted ones included; its posting list is not read."""
        with self._reading():
            return int(self._reader.doc_frequency("stem", stem))

    def sequence(self, document: int) -> bytes:
        """The stems of a document in order, each between blanks, a line for each passage."""
        with self._reading():
            return _checked(self._sequences[document])

    def frequent_stems(self, document: int) -> list[tuple[str, int]]:
        """The most frequent stems of a document, each with its share of the text in thousandths."""
        with self._reading():
            pairs = _checked(self._frequent[document]).decode().split()
            return list(zip(pairs[::2], map(int, pairs[1::2]), strict=True))

    @cached_property
    def lexicon(self) -> Lexicon:
        with self._reading():
            pairs = self._terms("word")
        return Lexicon([word for word, _ in pairs], [count for _, count in pairs])

    def read_whole(self) -> None:
        """Read every posting list and every sequence."""
        with self._reading():
            terms = [(field, term) for field in ("stem", "word", "facet") for term, _ in self._terms(field)]
        for field, term in terms:
            self.postings(field, term)
        for document in range(self.size):
            self.sequence(document)
            self.frequent_stems(document)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Damaged files raise almost anything, a bare Exception included ("Block tag error")."""
        try:
            with self._lock:
                yield
        except Exception as error:
            log.warning("the search index cannot be read", exc_info=error)
            self.is_damaged = True
            raise SearchUnavailable(f"the index cannot be read: {error!r}") from error

    def _terms(self, field: str) -> list[tuple[str, int]]:
        """All terms of a field, with the number of documents that have each."""
        every = self._reader._terms.items_from(field, b"")
        own = takewhile(lambda item: item[0][0] == field, every)
        return [(text.decode(), info.doc_frequency()) for (_, text), info in own]

    def _column(self, field: str) -> Any:
        column = self._reader.column_reader(field, translate=False)
        if not hasattr(column, "_dbfile"):
            raise ValueError(f"the column {field} is missing")
        return column


def read_commit(folder: Path) -> tuple[int, list[Any]]:
    """The number of the last commit, and its segments as Whoosh describes them."""
    contents = FileIndex(Storage(folder), schema=SCHEMA)._read_toc()
    return contents.generation, contents.segments


def create(folder: Path) -> None:
    """Make an empty index in a folder."""
    Storage(folder).create_index(SCHEMA)


def write(
    folder: Path, numbers: Mapping[int, int], changed: Iterable[IndexDocument], removed: Iterable[int]
) -> None:
    """Update these articles and remove those, in one commit, whole or not at all. An article in both is updated.

    ``numbers``: the document of each article in the last commit. Never builds upon files that are not as they were written.
    """
    for part in read_commit(folder)[1]:
        for name, checksum in _sealed(folder / f"{part.segment_id()}{SEAL}").items():
            if _checksum(folder / name) != checksum:
                raise ValueError(f"a file was damaged: {name}")
    # Without Whoosh's own lock: the caller holds the lock of the index, and Whoosh never releases its own when it cannot create a file.
    writer = FileIndex(Storage(folder), schema=SCHEMA).writer(
        _lk=False, compound=False, limitmb=128, codec=W3Codec(blocklimit=POSTINGS_IN_BLOCK)
    )
    try:
        for document in changed:
            if document.article_id in numbers:
                writer.delete_document(numbers[document.article_id])
            writer.add_document(**_fields_of(document))
        for article_id in removed:
            if article_id in numbers:
                writer.delete_document(numbers[article_id])
        writer.commit()
    except BaseException:
        writer.cancel()
        raise
    _put_seals(folder)


class Storage(FileStorage):
    """The files of one folder, each checked against the seal that its writer left.

    The large ones stay on disk, where all processes share them: a piece is checked when it is read. The others are read into
    memory. So no file that is truncated, overwritten or removed under a running process is taken for true, or ends the
    process (as one mapped into memory would).
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), supports_mmap=False)
        self.file_sizes: dict[str, int] = {}
        self._absent: set[str] = set()

    def open_file(self, name: str, **_: Any) -> BufferFile:
        path = Path(self.folder, name)
        if name.endswith(ON_DISK):
            file, own = _FileOnDisk(path), _checksum(path)
        else:
            content = path.read_bytes()
            file, own = BufferFile(content, name), [len(content), crc32(content)]
        sealed = _sealed(path.with_name(name.partition(".")[0] + SEAL))
        if sealed and sealed.get(name) != own:
            raise ValueError(f"a file was damaged: {name}")
        self.file_sizes[name] = own[0]
        return file

    def file_exists(self, name: str) -> bool:
        """Whoosh looks for the lengths of fields that have none with every posting it writes: the disk is asked once."""
        if name in self._absent:
            return False
        exists: bool = super().file_exists(name)
        if not exists and name.endswith("_len.col"):
            self._absent.add(name)
        return exists


class _FileOnDisk(BufferFile):
    """A file of which pieces are read when they are needed."""

    def __init__(self, path: Path) -> None:
        super().__init__(b"", path.name)
        self.file = path.open("rb")  # Whoosh reads on from a position when it merges segments
        weakref.finalize(self, self.file.close)

    def get(self, position: int, length: int) -> bytes:
        return os.pread(self.file.fileno(), length, position)


def _values(column: Any, dtype: str, size: int) -> Any:
    """A numeric column as an array; documents at the end that have the default value are not stored."""
    if not hasattr(column, "_dbfile"):
        return np.zeros(size, dtype)
    width = np.dtype(dtype).itemsize
    count = min(column._count, size)
    values = np.full(size, column._default, dtype)
    values[:count] = np.frombuffer(column._dbfile.get(column._basepos, count * width), dtype, count=count)
    return values


def _fields_of(document: IndexDocument) -> dict[str, Any]:
    """A document as the schema wants it, without stop words."""
    weights: defaultdict[str, list[float]] = defaultdict(list)
    lexicon: set[str] = set()
    lines: list[str] = []
    for passage in document.passages:
        spoken = list(words(passage.text))
        pieces = [piece for word in spoken for piece in word.pieces if piece not in STOP_WORDS]
        lexicon.update(piece for piece in pieces if len(piece) >= SHORTEST_WORD and piece.isalpha())
        lines.append(f" {' '.join(map(stem, pieces))} ")
        found = [one for word in spoken if word.folded not in STOP_WORDS for one in word.stems()]
        found += [stem(name.folded) for name in letter_names(passage.text, spoken)]
        for one in found:
            weights[one].append(passage.weight)
    total = sum(map(sum, weights.values()))
    frequent = nlargest(FREQUENT_COUNT, weights, key=lambda one: sum(weights[one]))
    shares = " ".join(f"{one} {round(1000 * sum(weights[one]) / total)}" for one in frequent)
    return {
        "stem": [(one, len(own), sum(own)) for one, own in sorted(weights.items())],
        "word": lexicon,
        "facet": {f"{name}:{value}" for name, values in document.facets.items() for value in values},
        "article": document.article_id,
        "revision": document.revision,
        "published": document.published,
        "frequent": _with_checksum(shares),
        "sequence": _with_checksum("\n".join(lines)),
    }


def _with_checksum(text: str) -> bytes:
    content = text.encode()
    return crc32(content).to_bytes(4) + content


def _checked(stored: bytes) -> bytes:
    """What was stored with its checksum; raises ValueError if it was damaged."""
    if crc32(stored[4:]).to_bytes(4) != stored[:4]:
        raise ValueError("a piece of a file was damaged")
    return stored[4:]


def _put_seals(folder: Path) -> None:
    """Note the checksums of the files of each new segment. Whoosh removes the note together with the segment."""
    for part in read_commit(folder)[1]:
        seal = folder / f"{part.segment_id()}{SEAL}"
        if not seal.exists():
            files = [file for file in folder.glob(f"{part.segment_id()}.*") if SEAL not in file.name]
            made = seal.with_name(f"{seal.name}.{os.getpid()}")
            made.write_text(json.dumps({file.name: _checksum(file) for file in files}), encoding="ascii")
            made.replace(seal)


def _sealed(seal: Path) -> dict[str, list[int]]:
    """The checksums of a segment's files; none just after a commit."""
    found: dict[str, list[int]] = json.loads(seal.read_bytes()) if seal.exists() else {}
    return found


def _checksum(path: Path) -> list[int]:
    """The size and the checksum of a file, read a piece at a time, so that the process does not grow by it."""
    size = checksum = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            size += len(piece)
            checksum = crc32(piece, checksum)
    return [size, checksum]
