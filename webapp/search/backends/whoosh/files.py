"""The files of an index: read piece by piece, each piece checked against what it was when the file was opened.

So the system keeps them in memory once for all workers, and a file that is cut short, overwritten or removed under a
running process raises ValueError or goes on being read, but never answers wrongly and cannot end the process (as one that
is mapped into memory would). What a file was when it was opened is checked against the seal that its writer left.
"""

import json
import os
from array import array
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any
from zlib import crc32

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.index import FileIndex

from webapp.search.backends.whoosh.schema import SCHEMA

SEAL = ".seal"
PIECE = 8_192  # bytes


class _Pieces(RawIOBase):
    """A file whose bytes are read when asked for. ``sums`` are the checksums of what comes before each piece, and of all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.sums = array("L", [0])
        self.size = 0
        while piece := os.pread(self._handle, PIECE, self.size):
            self.sums.append(crc32(piece, self.sums[-1]))
            self.size += len(piece)
        self._place = 0
        self._last = (-1, b"")  # the piece that was read last: most reads are of a few bytes

    def between(self, start: int, end: int) -> bytes:
        """The bytes from here to there; raises ValueError if they are not what they were."""
        end = min(end, self.size)
        if end <= start:
            return b""
        first = start // PIECE
        number, piece = self._last
        if number != first or end > (first + 1) * PIECE:
            piece = self._read(first, (end - 1) // PIECE)
            self._last = first, piece[:PIECE]
        return piece[start - first * PIECE : end - first * PIECE]

    def readinto(self, buffer: Any) -> int:
        found = self.between(self._place, self._place + len(buffer))
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        self._place = place + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        return self._place

    def close(self) -> None:
        if not self.closed:
            os.close(self._handle)
        super().close()

    def _read(self, first: int, last: int) -> bytes:
        found = os.pread(self._handle, (last + 1 - first) * PIECE, first * PIECE)
        for number in range(first, last + 1):
            at = (number - first) * PIECE
            if crc32(found[at : at + PIECE], self.sums[number]) != self.sums[number + 1]:
                raise ValueError("a file is not what it was when it was opened")
        return found


class _File(BufferFile):
    """Such a file as Whoosh wants it."""

    def __init__(self, pieces: _Pieces, name: str) -> None:
        self._pieces = pieces
        self._name = name
        self.file = BufferedReader(pieces, PIECE)
        self.onclose = None
        self.is_real = self.is_closed = False

    def get(self, position: int, length: int) -> bytes:
        return self._pieces.between(position, position + length)


class Storage(FileStorage):
    """The files of one folder; ``opened`` notes their sizes and checksums."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), supports_mmap=False)
        self.opened: dict[str, list[int]] = {}
        self._absent: set[str] = set()

    def open_file(self, name: str, **_: Any) -> BufferFile:
        pieces = _Pieces(Path(self.folder, name))
        self.opened[name] = [pieces.size, pieces.sums[-1]]
        _check(Path(self.folder, f"{name.partition('.')[0]}{SEAL}"), name, self.opened[name])
        return _File(pieces, name)

    def file_exists(self, name: str) -> bool:
        """Whoosh asks for the lengths of fields that have none with every posting it writes: asked of the disk once."""
        if name in self._absent:
            return False
        exists: bool = super().file_exists(name)
        if not exists and name.endswith("_len.col"):
            self._absent.add(name)
        return exists


def _sum(content: bytes) -> list[int]:
    """Size and checksum of a file."""
    return [len(content), crc32(content)]


def _check(seal: Path, name: str, own: list[int]) -> None:
    """Raise ValueError if a file is not as its writer left it. Just after a commit there is no seal yet."""
    if seal.exists() and json.loads(seal.read_bytes()).get(name) != own:
        raise ValueError(f"a file was damaged: {name}")


def put_seals(folder: Path) -> None:
    """Note size and checksum of the files of each new segment. Whoosh removes the note with the segment."""
    for part in FileIndex(Storage(folder), schema=SCHEMA)._read_toc().segments:
        seal = folder / f"{part.segment_id()}{SEAL}"
        if not seal.exists():
            files = [file for file in folder.glob(f"{part.segment_id()}.*") if SEAL not in file.name]
            made = seal.with_name(f"{seal.name}.{os.getpid()}")
            made.write_text(
                json.dumps({file.name: _sum(file.read_bytes()) for file in files}), encoding="ascii"
            )
            made.replace(seal)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
