"""Finished pages as files (``PAGE_DIR``), for a web server in front to serve without asking us.

The files of one generation of the database are in a folder of its number; the link ``current`` leads to the folder that is
right. It is taken away after each public change, before whoever made the change is answered, and made again by the first page
of the new generation. Both happen under one lock and the generation is asked again under it, so a page that was under
way during the change cannot bring an old folder back. For one machine: the link follows the changes made on it.
"""

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.db.change_log import GenerationReader, GenerationUnknown
from webapp.web.compression import compressed, decompressed

CURRENT = "current"
# One part of a path, or none for the start page: what the site's own addresses look like, and nothing that climbs.
SAFE_PATH = re.compile(r"(/[a-z0-9][a-z0-9_-]*)+|/")
ENDINGS = {".html": None, ".html.gz": "gzip", ".html.br": "br"}


class PageFiles:
    """The folder of finished pages, shared by all workers of this machine."""

    def __init__(self, folder: Path, generations: GenerationReader) -> None:
        self._folder = folder
        self._generations = generations
        folder.mkdir(parents=True, exist_ok=True)
        self.follow()

    def write(self, path: str, generation: int, body: bytes, encoding: str | None) -> None:
        """Write a page of a generation in every encoding, unless it is out of date by now."""
        if not SAFE_PATH.fullmatch(path):
            return
        file = self._folder / str(generation) / (path.strip("/") or "index")
        file.parent.mkdir(parents=True, exist_ok=True)
        plain = decompressed(body, encoding)
        for ending, wanted in ENDINGS.items():
            made = file.with_name(f"{file.name}{ending}.{id(body)}")
            made.write_bytes(compressed(plain, wanted) if wanted else plain)
            made.replace(file.with_name(file.name + ending))
        self._lead_to(generation)

    def follow(self) -> None:
        """Take the link away if it leads to pages that are out of date."""
        with self._locked():
            link = self._folder / CURRENT
            if link.is_symlink() and link.readlink().name != self._now():
                link.unlink(missing_ok=True)

    def _lead_to(self, generation: int) -> None:
        link = self._folder / CURRENT
        if link.is_symlink() and link.readlink().name == str(generation):
            return
        with self._locked():
            if self._now() != str(generation):
                return
            made = self._folder / f"{CURRENT}.new"
            made.unlink(missing_ok=True)
            made.symlink_to(str(generation))
            made.replace(link)
            for folder in self._folder.iterdir():
                if folder.name.isdigit() and int(folder.name) < generation:
                    shutil.rmtree(folder, ignore_errors=True)

    def _now(self) -> str | None:
        try:
            return str(self._generations.current())
        except GenerationUnknown:
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
