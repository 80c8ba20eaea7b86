"""The files of an index: read into memory whole, and checked against what their writer left.

So a file that is cut short or removed under a running process cannot hurt it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.index import FileIndex

from webapp.search.backends.whoosh.schema import SCHEMA

SEAL = ".seal"


class Storage(FileStorage):
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


def _sum(content: bytes) -> list[int]:
    """Size and checksum of a file."""
    return [len(content), crc32(content)]


def check(seal: Path, sums: Mapping[str, list[int]]) -> None:
    """Raise ValueError if files are not as the writer left them. Just after a commit there is no seal yet."""
    if not seal.exists():
        return
    written = json.loads(seal.read_bytes())
    wrong = [name for name, own in sums.items() if written.get(name) != own]
    if wrong:
        raise ValueError(f"files were damaged: {', '.join(wrong)}")


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
