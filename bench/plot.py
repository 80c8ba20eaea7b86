"""A plot of lines over log axes as SVG, readable on light and on dark paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 260  # of one panel
LEFT, RIGHT, TOP, BOTTOM = 50, 30, 34, 44
LEGEND = 18  # a line of it
STYLE = """
  text { font: 11px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 12px }
  .grid { stroke: #d0d7de; stroke-width: 1 } polyline { fill: none; stroke-width: 2 }
  .c0 { stroke: #0550ae } .c1 { stroke: #bc4c00 } .c2 { stroke: #116329 } circle { fill: none; stroke-width: 2 }
  .d1 { stroke-dasharray: 6 3 } .d2 { stroke-dasharray: 2 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #3d444d } .c0 { stroke: #79c0ff } .c1 { stroke: #ffa657 } .c2 { stroke: #7ee787 }
  }
"""


@dataclass(frozen=True)
class Panel:
    """Lines of one unit: each a name and a value for each place on the x axis."""

    title: str
    unit: str
    lines: dict[str, Sequence[float]]


def svg(places: Sequence[int], x_label: str, panels: Sequence[Panel]) -> str:
    """The panels side by side; ``places`` are what stands on the x axis of each."""
    legend = LEGEND * max(len(panel.lines) for panel in panels)
    width, height = WIDTH * len(panels), HEIGHT + legend
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(', '.join(panel.title for panel in panels))}</title><style>{STYLE}</style>",
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH} 0)">', *_panel(places, x_label, panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(places: Sequence[int], x_label: str, panel: Panel) -> Iterator[str]:
    values = [value for line in panel.lines.values() for value in line]
    across = _Axis(places, LEFT, WIDTH - RIGHT)
    up = _Axis(values, HEIGHT - BOTTOM, TOP)
    yield f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)} ({escape(panel.unit)})</text>'
    for value in across.marks:
        x = across.at(value)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield f'<text text-anchor="middle" x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}">{value:,.0f}</text>'
    for value in up.marks:
        y = up.at(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text text-anchor="end" x="{LEFT - 6}" y="{y + 4:.1f}">{value:,g}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text text-anchor="middle" x="{middle}" y="{HEIGHT - 10}">{escape(x_label)}</text>'
    for number, (name, line) in enumerate(panel.lines.items()):
        look = f"c{number} d{number}"
        points = [(across.at(place), up.at(value)) for place, value in zip(places, line, strict=True)]
        yield f'<polyline class="{look}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        yield from (f'<circle class="c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
        y = HEIGHT + LEGEND * number + 4
        yield f'<polyline class="{look}" points="{LEFT},{y} {LEFT + 28},{y}"/>'
        yield f'<text x="{LEFT + 36}" y="{y + 4}">{escape(name)}</text>'


class _Axis:
    """From values to places, by whole powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low = floor(log10(min(values)))
        self._high = max(ceil(log10(max(values))), self._low + 1)
        self._start, self._end = start, end
        self.marks = [10.0**power for power in range(self._low, self._high + 1)]

    def at(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)
