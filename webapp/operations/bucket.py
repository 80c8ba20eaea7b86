"""Backups in an S3 bucket. Each has its SHA-256 as metadata.

obstore is the extra ``s3``, so it is imported only where a bucket is used.
"""
# ruff: noqa: PLC0415

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from webapp.config import Config
from webapp.operations.sqlite_files import CannotBackUp

CHECKSUM = "sha256"


class Bucket:
    """The backups below an address like ``s3://bucket/prefix``. Every method raises CannotBackUp."""

    def __init__(self, address: str, config: Config) -> None:
        self.address = address.rstrip("/")
        try:
            from obstore.store import S3Store
        except ImportError:
            raise CannotBackUp("Backups to S3 need the package obstore. Run: make extras") from None
        if not (config.s3_access_key_id and config.s3_secret_access_key):
            raise CannotBackUp("Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.")
        with self.reporting():
            self.store = S3Store.from_url(
                self.address,
                endpoint=config.s3_endpoint or f"https://s3.{config.s3_region}.amazonaws.com",
                region=config.s3_region,
                access_key_id=config.s3_access_key_id,
                secret_access_key=config.s3_secret_access_key,
                client_options={"allow_http": True, "timeout": "10m"},
                retry_config={"max_retries": 3, "retry_timeout": timedelta(minutes=1)},
            )

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Raise CannotBackUp in place of what obstore raises."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            reason = str(error).partition("\n")[0].partition(": <?xml")[0]
            raise CannotBackUp(f"{self.address} could not be used: {reason}") from error

    def names(self) -> list[str]:
        """The names of all files, in order."""
        with self.reporting():
            return sorted(file["path"] for files in self.store.list() for file in files)

    def upload(self, path: Path) -> None:
        """Store a file, and compare what arrived with it."""
        with path.open("rb") as opened:
            checksum = hashlib.file_digest(opened, "sha256").hexdigest()
        with self.reporting():
            self.store.put(path.name, path, attributes={CHECKSUM: checksum})
        self.verify(path.name)

    def verify(self, name: str) -> None:
        """Read a file and compare it with its checksum."""
        for _ in self.read(name):
            pass

    def read(self, name: str) -> Iterator[bytes]:
        """The content of a file in parts; raises CannotBackUp after the last one if it differs from the checksum."""
        digest = hashlib.sha256()
        with self.reporting():
            found = self.store.get(name)
            for part in found.stream():
                digest.update(part)
                yield bytes(part)
        if digest.hexdigest() != found.attributes.get(CHECKSUM):
            raise CannotBackUp(f"{self.address}/{name} is damaged: its checksum differs.")

    def download(self, name: str, folder: Path) -> Path:
        """Write a file to a folder, for its owner only, once it is complete; returns its path."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f"{name}.part"
        part.touch(mode=0o600)
        with part.open("wb") as opened:
            opened.writelines(self.read(name))
        return part.replace(folder / name)

    def delete(self, names: list[str]) -> None:
        """Delete files."""
        with self.reporting():
            self.store.delete(names)
