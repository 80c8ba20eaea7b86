"""Values in JSON from outside, of which none is trusted to have the documented type."""

from typing import Any


def value_at(value: Any, *path: str) -> Any:
    """Return what an object has under names, each inside the one before; None if it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text_at(value: Any, *path: str) -> str:
    """Return a text or a number as text, and "" for anything else."""
    found = value_at(value, *path)
    return str(found).strip() if isinstance(found, str | int) else ""


def list_at(value: Any, *path: str) -> list[Any]:
    """Return a list, and an empty one for anything else."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []
