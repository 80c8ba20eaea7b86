"""The spine as a picture for screen and paper: 25 bars from the neck to the sacrum, of which the levels of an injury are lit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from webapp.models.people import LEVELS

BODY, PROCESS = 9, 4.5  # how thick the lines are
_PARTS = {"C": (0, 7), "T": (7, 12), "L": (19, 5), "S": (24, 1)}  # first bar and number of bars
_REGIONS = {"cervical": "C", "thoracic": "T", "lumbar": "L", "sacral": "S"}
_MIDDLE, _TOP, _STEP = 98, 8, 12.58
_BEND, _PERIOD, _FIRST_BEND = 11, 23.6, 4.5  # how far the spine bends, and after how many bars again

Line = tuple[float, float, float, float]


@dataclass(frozen=True)
class Bar:
    """One vertebra: its body, and behind it the process that one can feel under the skin."""

    body: Line
    process: Line


@dataclass(frozen=True)
class Drawing:
    """The bars as data of SVG paths, apart by thickness and by whether they are lit."""

    bodies: str
    processes: str
    lit_bodies: str
    lit_processes: str


def lit_bars(levels: list[str]) -> frozenset[int]:
    """The numbers of the bars, from 0, of a level, a span or regions, as ``People.levels`` has them."""
    if regions := [_PARTS[_REGIONS[level]] for level in levels if level in _REGIONS]:
        return frozenset(bar for first, count in regions for bar in range(first, first + count))
    bars = list[int]()
    for level in levels:
        if level in LEVELS:
            # There are eight nerves but seven vertebrae in the neck, and the sacrum is one bar.
            first, count = _PARTS[level[0]]
            bars.append(first + min(int(level[1:]), count) - 1)
    return frozenset(range(min(bars), max(bars) + 1)) if bars else frozenset()


@lru_cache(maxsize=256)
def drawing(lit: frozenset[int]) -> Drawing:
    """The spine with these bars lit."""
    dark = [bar for number, bar in enumerate(BARS) if number not in lit]
    bright = [BARS[number] for number in sorted(lit)]
    return Drawing(
        bodies=_path(bar.body for bar in dark),
        processes=_path(bar.process for bar in dark),
        lit_bodies=_path(bar.body for bar in bright),
        lit_processes=_path(bar.process for bar in bright),
    )


def _drawn_bar(number: int) -> Bar:
    turn = 2 * math.pi * (number - _FIRST_BEND) / _PERIOD
    x, y = _MIDDLE - _BEND * math.cos(turn), _TOP + _STEP * number
    tilt = -math.atan(_BEND * 2 * math.pi / _PERIOD / _STEP * math.sin(turn))
    is_sacrum = number == _PARTS["S"][0]
    half = 12 if is_sacrum else 7.5 + 0.46 * number

    def line(start: float, end: float) -> Line:
        ends = ((round(x + at * math.cos(tilt), 1), round(y + at * math.sin(tilt), 1)) for at in (start, end))
        (x1, y1), (x2, y2) = ends
        return x1, y1, x2, y2

    return Bar(line(-half, half), line(half + 16.5, half + 20 + 0.25 * number))


def _path(lines: Iterable[Line]) -> str:
    return "".join(f"M{x1:g} {y1:g}L{x2:g} {y2:g}" for x1, y1, x2, y2 in lines)


BARS = tuple(_drawn_bar(number) for number in range(25))
