"""Column types: aware UTC times, fixed lists of words, and lists of value objects stored as JSON."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import JSON, DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite stores no zone, so it is removed on the way in and added on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("give an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value is not None else None


def enum_text(kind: type[StrEnum]) -> Enum:
    """A StrEnum stored as its value, so that adding a member needs no migration."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [one.value for one in members]
    )


class JsonList(TypeDecorator[list[Any]]):
    """An ordered list of value objects (``msgspec.Struct`` or plain strings) stored in one JSON column.

    They are always read and written together with their row, and never queried one by one.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return msgspec.to_builtins(list(value or []))

    def process_result_value(self, value: Any, dialect: Dialect) -> list[Any]:  # noqa: ARG002
        return msgspec.convert(value or [], list[self.kind])  # type: ignore[name-defined]


class JsonStruct(TypeDecorator[Any]):
    """A value object (``msgspec.Struct``) stored in one JSON column; one that says nothing is stored as NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return msgspec.to_builtins(value) or None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return msgspec.convert(value or {}, self.kind)
