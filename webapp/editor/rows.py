"""Repeating lists of a sent form: add, move, remove and bring back rows without touching a character of them."""

import re
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from webapp.parsing import int_from

Fields = MultiDict[str, str]
Row = list[tuple[str, str]]  # the end of each field's name ("-text", or nothing) and its value

LISTS = {
    "findings": "Finding",
    "implications": "Implication",
    "questions": "Question",
    "limitations": "Limitation",
}
_FIRST_FIELD = {"findings": "-text", "implications": "-title", "questions": "", "limitations": ""}
_REMOVED = "removed-"


class Move(StrEnum):
    """What a button of a list does."""

    ADD = "add"
    UP = "up"
    DOWN = "down"
    REMOVE = "remove"
    UNDO = "undo"


class UnknownMove(ValueError):
    """No button of the form says this."""


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
    rows = _rows(fields, name)
    if (at >= 0) != (what in (Move.UP, Move.DOWN, Move.REMOVE)) or at >= len(rows):
        raise UnknownMove(button)
    return _MOVES[what](fields, name, rows, at)


def removed(fields: Fields) -> dict[str, list[tuple[str, str]]]:
    """For each list the row that was removed last, as hidden fields, so that it can be brought back."""
    return {
        name: [
            (key, value) for key, value in fields.items(multi=True) if key.startswith(f"{_REMOVED}{name}-")
        ]
        for name in LISTS
    }


def _add(fields: Fields, name: str, rows: list[Row], _at: int) -> Moved:
    at = len(rows)
    added = [*rows, [(_FIRST_FIELD[name], "")]]
    return Moved(
        _with_rows(fields, name, added),
        name,
        f"{name}-{at}{_FIRST_FIELD[name]}",
        f"{LISTS[name]} {at + 1} added",
    )


def _up(fields: Fields, name: str, rows: list[Row], at: int) -> Moved:
    return _exchange(fields, name, rows, at, to=max(at - 1, 0), what=Move.UP)


def _down(fields: Fields, name: str, rows: list[Row], at: int) -> Moved:
    return _exchange(fields, name, rows, at, to=min(at + 1, len(rows) - 1), what=Move.DOWN)


def _exchange(fields: Fields, name: str, rows: list[Row], at: int, *, to: int, what: Move) -> Moved:
    rows.insert(to, rows.pop(at))
    noun = LISTS[name]
    message = f"{noun} {at + 1} is now {to + 1}" if to != at else f"{noun} {at + 1} cannot move further"
    return Moved(_with_rows(fields, name, rows), name, f"{name}-{to}-{what}", message)


def _remove(fields: Fields, name: str, rows: list[Row], at: int) -> Moved:
    gone = rows.pop(at)
    kept = _with_rows(_without_removed(fields, name), name, rows)
    for end, value in gone:
        kept.add(f"{_REMOVED}{name}-{at}{end}", value)
    return Moved(kept, name, f"{name}-undo", f"{LISTS[name]} {at + 1} removed")


def _undo(fields: Fields, name: str, rows: list[Row], _at: int) -> Moved:
    back = _rows(
        MultiDict([(key.removeprefix(_REMOVED), value) for key, value in removed(fields)[name]]), name
    )
    first = next((key.removeprefix(f"{_REMOVED}{name}-") for key, _ in removed(fields)[name]), "")
    place = int_from(first.partition("-")[0])
    if place is None or not back:
        raise UnknownMove(f"{name}-undo")
    at = min(place, len(rows))
    rows.insert(at, back[0])
    kept = _with_rows(_without_removed(fields, name), name, rows)
    return Moved(kept, name, f"{name}-{at}{_FIRST_FIELD[name]}", f"{LISTS[name]} {at + 1} is back")


def _rows(fields: Fields, name: str) -> list[Row]:
    found: dict[int, Row] = {}
    for key, value in fields.items(multi=True):
        match = re.fullmatch(rf"{name}-([0-9]{{1,3}})(-\w+)?", key)
        if match:
            found.setdefault(int(match.group(1)), []).append((match.group(2) or "", value))
    return [found[number] for number in sorted(found)]


def _with_rows(fields: Fields, name: str, rows: list[Row]) -> Fields:
    kept = Fields(
        [
            (key, value)
            for key, value in fields.items(multi=True)
            if not re.fullmatch(rf"{name}-[0-9]{{1,3}}(-\w+)?", key)
        ]
    )
    for number, row in enumerate(rows):
        for end, value in row:
            kept.add(f"{name}-{number}{end}", value)
    return kept


def _without_removed(fields: Fields, name: str) -> Fields:
    return Fields(
        [(key, value) for key, value in fields.items(multi=True) if not key.startswith(f"{_REMOVED}{name}-")]
    )


_MOVES = {Move.ADD: _add, Move.UP: _up, Move.DOWN: _down, Move.REMOVE: _remove, Move.UNDO: _undo}
