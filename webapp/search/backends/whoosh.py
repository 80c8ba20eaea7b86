"""The search engine on disk: Whoosh as index, writer and lexicon, read into arrays. No other module knows its names.

One field holds the stems of an article with their weights and places, a second one its whole words (for completion and
correction), a third its filter values. Folders: ``<root>/CURRENT`` names the folder in use; a rebuild fills another one and
switches. Files are read into memory whole, so a file that is cut short or removed under a running process cannot hurt it.

Damaged files raise almost anything, a bare Exception included ("Block tag error"), so this boundary catches Exception and
raises SearchUnavailable. Whoosh 2.7.4 is frozen, so its inner names used here (``_data``, ``_next_block``) will not move.
"""

import fcntl
import json
import logging
import os
import shutil
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from whoosh import columns as whoosh_columns
from whoosh import fields
from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Existence, Positions
from whoosh.index import FileIndex
from whoosh.reading import TermNotFound
from whoosh.util.numeric import byte_to_length

from webapp.search.backends.answering import (
    CACHE_BYTES,
    WRITE_PATIENCE,
    Answering,
    SearchUnavailable,
    wait_for_turn,
)
from webapp.search.backends.document_words import document_words, facet_terms
from webapp.search.backends.posting_arrays import (
    NO_VALUE,
    NOWHERE,
    Collection,
    Columns,
    FacetCodes,
    Numbers,
    PostingCache,
    Postings,
)
from webapp.search.plan import FacetName, IndexDocument

log = logging.getLogger(__name__)

VERSION = 1  # of what is in a folder; a folder of another version counts as missing
CURRENT = "CURRENT"
OPEN_TRIES, OPEN_PAUSE = 10, 0.02  # opening during another process's commit fails now and then
LENGTHS = np.array([byte_to_length(number) for number in range(256)], np.float64)
SEAL = ".seal"
MISSING = -1  # in a column: every document has a value, so one without it was lost


T = TypeVar("T")


class _WeightedWords(fields.FieldType):
    """A field that is given its terms ready-made: (term, weight, places)."""

    def __init__(self) -> None:
        super().__init__(Positions(), analyzer=None, scorable=True)

    def index(
        self, value: Iterable[tuple[str, float, list[int]]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, weight, places in value:
            yield term.encode(), len(places), weight, self.format.encode(places)


class _Terms(fields.FieldType):
    """A field of terms that are there or not."""

    def __init__(self, unique: bool = False) -> None:
        super().__init__(Existence(), analyzer=None, unique=unique)

    def index(self, value: Iterable[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term in sorted(value):
            yield term.encode(), 1, 1.0, b""


SCHEMA = fields.Schema(
    key=_Terms(unique=True),
    stem=_WeightedWords(),
    word=_Terms(),
    facet=_Terms(),
    article=fields.COLUMN(whoosh_columns.NumericColumn("i", default=MISSING)),
    revision=fields.COLUMN(whoosh_columns.NumericColumn("i", default=MISSING)),
    published=fields.COLUMN(whoosh_columns.NumericColumn("I")),
)


class _Storage(FileStorage):
    """Files that are read into memory when opened and closed at once; ``opened`` notes their sizes and checksums."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), supports_mmap=False)
        self.opened: dict[str, list[int]] = {}
        self._absent: set[str] = set()

    def open_file(self, name: str, **_: Any) -> BufferFile:
        content = Path(self.folder, name).read_bytes()
        self.opened[name] = _sum(content)
        return BufferFile(content, name=name)

    def file_exists(self, name: str) -> bool:
        """Whoosh asks for the lengths of fields that have none with every posting it writes: asked of the disk once."""
        if name in self._absent:
            return False
        exists: bool = super().file_exists(name)
        if not exists and name.endswith("_len.col"):
            self._absent.add(name)
        return exists


@dataclass(frozen=True)
class _Lexicon:
    """The whole words of a segment in order, and in how many documents each stands."""

    words: list[str]
    frequencies: list[int]


class _Segment:
    """One immutable part of an index, with what was read from it."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.size: int = reader.doc_count_all()
        self.lengths = LENGTHS[
            _column(reader._perdoc._cached_reader("_stem_len", LENGTHS_COLUMN), "B", self.size)
        ]
        self.article_ids = self._numbers("article", ">i4").astype(np.int32)
        self.revisions = self._numbers("revision", ">i4").astype(np.int32)
        self.published = self._numbers("published", ">u4").astype(np.uint32)
        if (self.article_ids == MISSING).any():
            raise ValueError("articles are missing from a column")
        sums = reader.storage().opened  # everything there is to read was read by now
        _check(Path(reader.storage().folder, f"{reader.segment().segment_id()}{SEAL}"), sums)
        self.file_sizes = {name: size for name, (size, _) in sums.items()}
        self._lexicon: _Lexicon | None = None
        self._lock = Lock()

    def postings(self, field: str, term: str) -> Postings:
        """Where a term stands in this segment, deleted documents included."""
        with self._lock:
            matcher = self._matcher(field, term)
            if matcher is None:
                return NOWHERE
            numbers, weights = [], []
            while True:
                matcher._read_data()
                numbers.append(np.cumsum(np.asarray(matcher._data[0], np.int64)))
                matcher._read_weights()
                weights.append(np.asarray(matcher._weights, np.float32))
                matcher._next_block()
                if matcher._atend:
                    break
        documents = np.concatenate(numbers).astype(np.int32)
        if len(documents) and not 0 <= documents[0] <= documents[-1] < self.size:
            raise ValueError(f"{field}:{term} stands in documents that are not there")
        return Postings(documents, np.concatenate(weights))

    def positions(self, term: str, documents: Sequence[int]) -> dict[int, list[int]]:
        """The places of a stem in these documents."""
        places = {}
        with self._lock:
            matcher = self._matcher("stem", term)
            for document in documents if matcher is not None else ():
                matcher.skip_to(document)
                if not matcher.is_active():
                    break
                if matcher.id() == document:
                    places[document] = matcher.value_as("positions")
        return places

    def lexicon(self) -> _Lexicon:
        with self._lock:
            if self._lexicon is None:
                pairs = [(text.decode(), info.doc_frequency()) for text, info in self._terms("word")]
                self._lexicon = _Lexicon([word for word, _ in pairs], [count for _, count in pairs])
            return self._lexicon

    def terms(self, field: str) -> list[str]:
        with self._lock:
            return [text.decode() for text, _ in self._terms(field)]

    def _terms(self, field: str) -> Iterator[tuple[bytes, Any]]:
        for (name, text), info in self.reader._terms.items_from(field, b""):
            if name != field:
                break
            yield text, info

    def _matcher(self, field: str, term: str) -> Any:
        try:
            return self.reader._terms.matcher(field, term.encode(), SCHEMA[field].format)
        except TermNotFound:
            return None

    def _numbers(self, field: str, dtype: str) -> Any:
        column = self.reader.column_reader(field, translate=False)
        if not hasattr(column, "_dbfile"):
            raise ValueError(f"the column {field} is missing")
        return _column(column, dtype, self.size)


def _column(reader: Any, dtype: str, size: int) -> Any:
    """A numeric column as an array; documents at the end that have the default value are not stored."""
    if not hasattr(reader, "_dbfile"):
        return np.zeros(size, dtype)
    width = np.dtype(dtype).itemsize
    count = min(reader._count, size)
    values = np.full(size, reader._default, dtype)
    values[:count] = np.frombuffer(reader._dbfile.get(reader._basepos, count * width), dtype, count=count)
    return values


class _Generation:
    """The whole index as of one commit."""

    def __init__(self, folder: Path, number: int, segments: list[_Segment], deleted: list[set[int]], cache: PostingCache) -> None:  # fmt: skip
        self.folder = folder
        self.number = number
        self.file_sizes = {name: size for segment in segments for name, size in segment.file_sizes.items()}
        self._segments = segments
        self._starts = list(np.cumsum([0, *[segment.size for segment in segments]])[:-1]) if segments else []
        self._cache = cache
        self.collection = Collection(self, self._columns(deleted), cache, (folder.name, number))
        self.completions = lru_cache(maxsize=2_000)(self._completions)
        self.near = lru_cache(maxsize=2_000)(self._near)

    def postings(self, term: str) -> Postings:
        return self._whole("stem", term)

    def positions(self, term: str, documents: Numbers) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for segment, start in zip(self._segments, self._starts, strict=True):
            first, last = np.searchsorted(documents, [start, start + segment.size])
            own = (documents[first:last] - start).tolist()
            found |= {
                document + int(start): places for document, places in segment.positions(term, own).items()
            }
        return found

    def frequency(self, word: str) -> int:
        """In how many documents a whole word stands, deleted ones included."""
        total = 0
        for lexicon in self._lexicons():
            place = bisect_left(lexicon.words, word)
            if place < len(lexicon.words) and lexicon.words[place] == word:
                total += lexicon.frequencies[place]
        return total

    def _completions(self, start: str, count: int) -> tuple[str, ...]:
        totals: dict[str, int] = defaultdict(int)
        for lexicon in self._lexicons():
            for place in range(bisect_left(lexicon.words, start), len(lexicon.words)):
                if not lexicon.words[place].startswith(start):
                    break
                totals[lexicon.words[place]] += lexicon.frequencies[place]
        return tuple(sorted(totals, key=lambda word: (-totals[word], word))[:count])

    def _near(self, word: str, most: int) -> tuple[tuple[str, int, int], ...]:
        totals: dict[str, tuple[int, int]] = {}
        for lexicon in self._lexicons():
            matches = process.extract(word, lexicon.words, scorer=OSA.distance, score_cutoff=most, limit=50)
            for text, distance, place in matches:
                totals[text] = (int(distance), totals.get(text, (0, 0))[1] + lexicon.frequencies[place])
        return tuple((text, distance, count) for text, (distance, count) in totals.items())

    def read_whole(self) -> None:
        """Read every posting list there is."""
        for segment in self._segments:
            for field in ("key", "stem", "word", "facet"):
                for term in segment.terms(field):
                    segment.postings(field, term)

    def _lexicons(self) -> Iterator[_Lexicon]:
        return (segment.lexicon() for segment in self._segments)

    def _whole(self, field: str, term: str) -> Postings:
        parts = [
            (
                start,
                self._cache.get((segment.reader._segid, field, term), partial(segment.postings, field, term)),
            )
            for segment, start in zip(self._segments, self._starts, strict=True)
        ]
        found = [(start, part) for start, part in parts if len(part.documents)]
        if not found:
            return NOWHERE
        return Postings(
            np.concatenate([part.documents + np.int32(start) for start, part in found]),
            np.concatenate([part.weights for _, part in found]),
        )

    def _columns(self, deleted: list[set[int]]) -> Columns:
        def joined(name: str, dtype: Any) -> Any:
            parts = [getattr(segment, name) for segment in self._segments]
            return np.concatenate(parts) if parts else np.empty(0, dtype)

        alive = np.ones(sum(segment.size for segment in self._segments), np.bool_)
        for start, gone in zip(self._starts, deleted, strict=True):
            alive[[start + number for number in gone]] = False
        return Columns(
            article_ids=joined("article_ids", np.int32),
            revisions=joined("revisions", np.int32),
            published=joined("published", np.uint32),
            lengths=joined("lengths", np.float64),
            total_length=sum(segment.reader.field_length("stem") for segment in self._segments),
            is_alive=alive,
            facets={name: self._facet(name, len(alive)) for name in FacetName},
        )

    def _facet(self, name: FacetName, size: int) -> FacetCodes:
        values = sorted({
            term.removeprefix(f"{name}:")
            for segment in self._segments for term in segment.terms("facet") if term.startswith(f"{name}:")
        })  # fmt: skip
        columns = np.full((size, 1), NO_VALUE, np.int16)
        for place, value in enumerate(values):
            rest = self._whole("facet", f"{name}:{value}").documents
            for column in range(columns.shape[1]):
                free = columns[rest, column] == NO_VALUE
                columns[rest[free], column] = place
                rest = rest[~free]
            if len(rest):
                columns = np.hstack([columns, np.full((size, 1), NO_VALUE, np.int16)])
                columns[rest, -1] = place
        return FacetCodes(tuple(values), columns)


class WhooshBackend(Answering):
    """The index under one root folder. Readers never wait for the writer; every method raises only SearchUnavailable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cache = PostingCache(CACHE_BYTES)
        self._lock = Lock()
        self._generation: _Generation | None = None
        self._segments: dict[str, _Segment] = {}
        self._is_suspect = False

    def byte_count(self) -> int:
        """Size of the index on disk."""
        return self._guarded(lambda: sum(file.stat().st_size for file in self._folder().iterdir()))

    def is_intact(self) -> bool:
        """Can the index be opened, and are its files as they were when they were read?

        After a search failed the whole index is read once, which takes seconds: for a thread in the background.
        """
        try:
            generation = self._newest()
        except SearchUnavailable:
            return False
        if self._is_suspect:
            self._is_suspect = False
            if not WhooshBackend(self.root).reads_whole():
                return False
        for _ in range(OPEN_TRIES):
            if all(_size(generation.folder / name) == size for name, size in generation.file_sizes.items()):
                return True
            time.sleep(OPEN_PAUSE)  # a commit may be replacing files just now
            if self._name_now() != (generation.folder, generation.number):
                return True
        return False

    def reads_whole(self) -> bool:
        """Can everything in the index be read?"""
        try:
            self._newest().read_whole()
        except Exception as error:
            log.warning("the search index is damaged", exc_info=error)
            return False
        return True

    # Writing: one process at a time, held by the caller through ``writing``

    @contextmanager
    def writing(self, patience: float = WRITE_PATIENCE) -> Iterator[None]:
        """Hold the right to write, across processes; raises SearchBusy if another keeps it for longer."""
        with self._locked("writer.lock", patience):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Hold the right to build a new index beside the live one; raises SearchBusy if it is being done."""
        with self._locked("rebuild.lock", patience=0):
            yield

    def apply(self, changed: Iterable[IndexDocument], removed: Iterable[int]) -> None:
        """Bring these articles up to date and take those out, in one commit."""
        self._guarded(lambda: _write(self._folder(), changed, removed, optimize=False))

    def start_beside(self) -> "WhooshBackend":
        """An empty index in a new folder beside the live one, to be filled with ``apply`` and then ``switch_to``.

        What rebuilds that were broken off left behind is removed, so ask only while holding ``rebuilding``.
        """
        name = f"v{VERSION}-{token_hex(6)}"

        def make() -> "WhooshBackend":
            folder = self.root / name
            self._keep_only(self._named())
            folder.mkdir(parents=True, mode=0o700)
            _Storage(folder).create_index(SCHEMA)
            return _Fixed(self.root, folder)

        return self._guarded(make)

    def switch_to(self, beside: "WhooshBackend") -> None:
        """Make the index beside the live one, and remove all others."""

        def switch() -> None:
            folder = beside._folder()
            made = self.root / f"{CURRENT}.{os.getpid()}"
            with made.open("w", encoding="ascii") as file:
                file.write(folder.name)
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.root / CURRENT)
            self._keep_only(folder)

        self._guarded(switch)

    def _named(self) -> Path | None:
        """The folder that CURRENT names, if there is one."""
        try:
            return self._folder()
        except (OSError, ValueError):
            return None

    def _keep_only(self, folder: Path | None) -> None:
        for other in self.root.glob("v*-*"):
            if other != folder and other.is_dir():
                shutil.rmtree(other, ignore_errors=True)

    def _reading(self, answer: Callable[[_Generation], T]) -> T:
        generation = self._newest()
        try:
            return answer(generation)
        except Exception as error:
            log.warning("the search index cannot be read", exc_info=error)
            self._forget(generation)
            raise SearchUnavailable(f"the index cannot be read: {error!r}") from error

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:
            raise SearchUnavailable(f"the index cannot be used: {error!r}") from error

    def _newest(self) -> _Generation:
        """The generation of the last commit, opened if this process has not seen it yet."""
        error: BaseException | None = None
        for _ in range(OPEN_TRIES):
            try:
                folder, number = self._name_now()
                kept = self._generation
                if kept is not None and (kept.folder, kept.number) == (folder, number):
                    return kept
                with self._lock:
                    if self._generation is None or (self._generation.folder, self._generation.number) != (
                        folder,
                        number,
                    ):
                        self._generation = self._open(folder)
                    return self._generation
            except Exception as problem:
                error = problem
                if not (self.root / CURRENT).exists():
                    break
                time.sleep(OPEN_PAUSE)
        raise SearchUnavailable(f"the index cannot be opened: {error!r}") from error

    def _name_now(self) -> tuple[Path, int]:
        folder = self._folder()
        numbers = [
            int(name[6:-4])
            for name in os.listdir(folder)  # noqa: PTH208 - names are enough
            if name.startswith("_MAIN_") and name.endswith(".toc")
        ]
        return folder, max(numbers)

    def _open(self, folder: Path) -> _Generation:
        info = FileIndex(_Storage(folder), schema=SCHEMA)._read_toc()
        kept, deleted = [], []
        for part in info.segments:
            own = self._segments.get(part.segid)
            if own is None:
                reader = FileIndex._reader(_Storage(folder), SCHEMA, [part], info.generation)
                own = _Segment(reader)
            kept.append(own)
            deleted.append(set(part.deleted_docs()))
        self._segments = {segment.reader._segid: segment for segment in kept}
        return _Generation(folder, info.generation, kept, deleted, self._cache)

    def _folder(self) -> Path:
        name = (self.root / CURRENT).read_text(encoding="ascii").strip()
        if not name.startswith(f"v{VERSION}-") or "/" in name:
            raise FileNotFoundError(f"{name!r} is not an index of version {VERSION}")
        return self.root / name

    def _forget(self, generation: _Generation) -> None:
        with self._lock:
            self._is_suspect = True
            if self._generation is generation:
                self._generation = None
                self._segments = {}

    @contextmanager
    def _locked(self, name: str, patience: float) -> Iterator[None]:
        """Hold a lock file; the system lets go of it when the process ends, however it ends."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.root / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SearchUnavailable(f"the index folder cannot be written: {error}") from error
        try:
            wait_for_turn(lambda: _takes(handle), patience)
            yield
        finally:
            os.close(handle)


class _Fixed(WhooshBackend):
    """An index in a given folder, whatever CURRENT says."""

    def __init__(self, root: Path, folder: Path) -> None:
        super().__init__(root)
        self._own = folder

    def _folder(self) -> Path:
        return self._own


def _sum(content: bytes) -> list[int]:
    """Size and checksum of a file."""
    return [len(content), crc32(content)]


def _check(seal: Path, sums: Mapping[str, list[int]]) -> None:
    """Raise ValueError if files are not as the writer left them. Just after a commit there is no seal yet."""
    if not seal.exists():
        return
    written = json.loads(seal.read_bytes())
    wrong = [name for name, own in sums.items() if written.get(name) != own]
    if wrong:
        raise ValueError(f"files were damaged: {', '.join(wrong)}")


def _put_seals(folder: Path) -> None:
    """Note size and checksum of the files of each new segment. Whoosh removes the note with the segment."""
    for part in FileIndex(_Storage(folder), schema=SCHEMA)._read_toc().segments:
        seal = folder / f"{part.segment_id()}{SEAL}"
        if not seal.exists():
            files = [file for file in folder.glob(f"{part.segment_id()}.*") if SEAL not in file.name]
            made = seal.with_name(f"{seal.name}.{os.getpid()}")
            made.write_text(
                json.dumps({file.name: _sum(file.read_bytes()) for file in files}), encoding="ascii"
            )
            made.replace(seal)


def _takes(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(folder: Path, changed: Iterable[IndexDocument], removed: Iterable[int], optimize: bool) -> None:
    index = FileIndex(_Storage(folder), schema=SCHEMA)
    writer = index.writer(timeout=WRITE_PATIENCE, compound=False, limitmb=128)
    try:
        numbers = _numbers_of(writer)
        for document in changed:
            _delete(writer, numbers, document.article_id)
            writer.add_document(**_fields_of(document))
        for article_id in removed:
            _delete(writer, numbers, article_id)
        writer.commit(optimize=optimize)
    except BaseException:
        writer.cancel()
        raise
    _put_seals(folder)


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


def _fields_of(document: IndexDocument) -> dict[str, Any]:
    found = document_words(document)
    return {
        "key": [str(document.article_id)],
        "stem": [
            (term, sum(weight for _, weight in at), [place for place, _ in at])
            for term, at in sorted(found.stems.items())
        ],
        "word": found.lexicon,
        "facet": set(facet_terms(document)),
        "article": document.article_id,
        "revision": document.revision,
        "published": document.published,
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
