"""Repeating lists of a sent form: add, move, remove and bring back rows without touching a character of them."""

import re
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from webapp.content.merging import ROWS

Fields = MultiDict[str, str]
Row = list[tuple[str, str]]  # the end of each field's name ("-text", or nothing) and its value

LISTS = {
    "findings": "Finding",
    "implications": "Implication",
    "questions": "Question",
    "limitations": "Limitation",
    "registrations": "Registration",
    "since_then": "Event",
    "found": "Claim",
    "missing": "Gap",
    "would_change": "Change",
    "elsewhere": "Place",
}
_REMOVED = "removed-"


class Move(StrEnum):
    """The buttons of a list."""

    ADD = "add"
    UP = "up"
    DOWN = "down"
    REMOVE = "remove"
    UNDO = "undo"


class UnknownMove(ValueError):
    """The form has no such button, or nothing to do for it."""


@dataclass(frozen=True)
class Moved:
    """The form after a move: its fields, the list, the id of the control that gets the focus, and what to say."""

    fields: Fields
    list_name: str
    focus: str
    message: str


def move(fields: Fields, button: str) -> Moved:
    """Do what a button asks: "findings-2-up", "findings-add", "findings-undo". Raises UnknownMove."""
    match = re.fullmatch(rf"({'|'.join(LISTS)})(?:-([0-9]{{1,3}}))?-(\w+)", button)
    if match is None or match.group(3) not in list(Move):
        raise UnknownMove(button)
    name, at, what = match.group(1), int(match.group(2) or -1), Move(match.group(3))
    rows = [row for _, row in sorted(_rows(fields, name).items())]
    last_removed, noun = _rows(fields, _REMOVED + name), LISTS[name]
    if (at >= 0) != (what in (Move.UP, Move.DOWN, Move.REMOVE)) or at >= len(rows):
        raise UnknownMove(button)
    match what:
        case Move.ADD:
            to = len(rows)
            rows.append([(ROWS[name], "")])
            focus, message = f"{name}-{to}{ROWS[name]}", f"{noun} {to + 1} added"
        case Move.UP | Move.DOWN:
            to = max(at - 1, 0) if what is Move.UP else min(at + 1, len(rows) - 1)
            rows.insert(to, rows.pop(at))
            change = f"is now {to + 1}" if to != at else "can’t move any further"
            focus, message = f"{name}-{to}-{what}", f"{noun} {at + 1} {change}"
        case Move.REMOVE:
            last_removed = {at: rows.pop(at)}
            focus, message = f"{name}-undo", f"{noun} {at + 1} removed"
        case Move.UNDO:
            if not last_removed:
                raise UnknownMove(button)
            number, row = last_removed.popitem()
            to = min(number, len(rows))
            rows.insert(to, row)
            focus, message = f"{name}-{to}{ROWS[name]}", f"{noun} {to + 1} is back"
    return Moved(_with_rows(fields, name, rows, last_removed), name, focus, message)


def removed(fields: Fields) -> dict[str, list[tuple[str, str]]]:
    """For each list the row that was removed last, as hidden fields, so that it can be brought back."""
    return {
        name: [
            (key, value) for key, value in fields.items(multi=True) if key.startswith(f"{_REMOVED}{name}-")
        ]
        for name in LISTS
    }


def _rows(fields: Fields, name: str) -> dict[int, Row]:
    """The rows of a list by the numbers in their names, which may have gaps."""
    rows: dict[int, Row] = {}
    for key, value in fields.items(multi=True):
        match = re.fullmatch(rf"{name}-([0-9]{{1,3}})(-\w+)?", key)
        if match:
            rows.setdefault(int(match.group(1)), []).append((match.group(2) or "", value))
    return rows


def _with_rows(fields: Fields, name: str, rows: list[Row], last_removed: dict[int, Row]) -> Fields:
    is_row = re.compile(rf"({_REMOVED})?{name}-[0-9]{{1,3}}(-\w+)?")
    others = [(key, value) for key, value in fields.items(multi=True) if not is_row.fullmatch(key)]
    return Fields(
        [
            *others,
            *((f"{name}-{at}{end}", value) for at, row in enumerate(rows) for end, value in row),
            *(
                (f"{_REMOVED}{name}-{at}{end}", value)
                for at, row in last_removed.items()
                for end, value in row
            ),
        ]
    )
