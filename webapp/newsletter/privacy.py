"""The privacy page: every stored field about readers, in plain words. A test compares it with the database tables."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class StoredTable(msgspec.Struct, frozen=True):
    """A table in plain words: why it exists, until when a row stays, and what each column holds."""

    table: str
    title: str
    why: str
    until: str
    fields: Mapping[str, str]


STORED_TABLES = msgspec.toml.decode(
    Path(__file__).with_name("privacy.toml").read_bytes(), type=dict[str, list[StoredTable]]
)["tables"]
