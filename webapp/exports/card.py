"""The pictures that messengers show for a shared summary or answer: its page at a glance, 1200 × 630 pixels."""

import io
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from webapp.content import spine
from webapp.content.at_a_glance import Crowd, Figure, Glance
from webapp.models.values import Certainty, Result

SIZE = (1200, 630)
LEFT, RIGHT = 360, 1144  # of the words; the spine stands left of them
_PAPER, _PINE, _BAR, _MARIGOLD = "#FCFAF5", "#0B3D3B", "#1D6461", "#F4B63F"
_INK, _INK_2, _LINE, _DANGER = "#14211F", "#3E4A47", "#6B7572", "#8F1D1D"
_COLORS = {
    Result.HELPED: "#14532D",
    Result.NO_CLEAR_DIFFERENCE: "#33475B",
    Result.MIXED: "#5E3F00",
    Result.HARMFUL: _DANGER,
    Result.NOT_TESTED: _INK_2,
}
_TITLE_SIZES = (58, 52, 46, 40)
_TITLE_HEIGHT, _QUESTION_HEIGHT = 240, 150
_VERDICT_SIZE, _VERDICT_LINES = 32, 5
_SMALL, _SMALL_LINES = 23, 4
_PANEL, _SPINE_SIZE, _SPINE_LEFT, _SPINE_TOP, _SMOOTH = 304, 1.75, -30, 36, 3
_SHAPE_SIZE = 52
_RESULT_SIZES = (44, 38, 32, 26)
_FIGURES_IN_ROW = 30


@lru_cache(maxsize=64)
def card_png(site_name: str, title: str, seen: Glance, flags: str, checked: str) -> bytes:
    """The card of one summary as PNG. The flags stand below the title: one never travels without the other."""
    image, draw = _begun(site_name, title, seen.lit)
    _draw_result(draw, seen, 336)
    if seen.result_of is not None:
        _draw_how_sure(draw, seen.sure.certainty, 424)
        if seen.crowd:
            _draw_crowd(draw, seen.crowd, (LEFT + 400, 406))
            each = f", {seen.crowd.each:,} per figure" if seen.crowd.each > 1 else ""
            draw.text((LEFT + 400, 456), f"{seen.who}{each}", font=_font("Regular", 24), fill=_INK)
    return _finished(image, draw, flags, checked)


@lru_cache(maxsize=64)
def answer_card_png(site_name: str, question: str, verdict: str, certainty: Certainty, checked: str) -> bytes:
    """The card of one answer as PNG: the question, the verdict, how sure that is, and who checked it."""
    image, draw = _begun(site_name, question, frozenset(), _QUESTION_HEIGHT)
    font = _font("Regular", _VERDICT_SIZE)
    lines = _cut(_wrapped(draw, verdict, font), _VERDICT_LINES)
    draw.multiline_text((LEFT, 92 + _QUESTION_HEIGHT), "\n".join(lines), font=font, fill=_INK, spacing=8)
    _draw_how_sure(draw, certainty, 462)
    return _finished(image, draw, "", checked)


def _begun(
    site_name: str, title: str, lit: frozenset[int], height: int = _TITLE_HEIGHT
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """What every card has: the spine, the name of the site, and the title."""
    image = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    image.paste(_panel(lit))
    draw.text((LEFT, 36), site_name, font=_font("Bold", 28), fill=_INK_2)
    for size in _TITLE_SIZES:
        font = _font("Bold", size)
        lines = _wrapped(draw, title, font)
        if len(lines) * (size + 8) <= height:
            break
    lines = _cut(lines, height // (size + 8))  # a title too long even for the least is cut at a word
    draw.multiline_text((LEFT, 84), "\n".join(lines), font=font, fill=_INK, spacing=8)
    return image, draw


def _finished(image: Image.Image, draw: ImageDraw.ImageDraw, flags: str, checked: str) -> bytes:
    """Write the small print at the foot, and give the card as PNG. Who checked it is never left out for the flags."""
    signed = _cut(_wrapped(draw, checked, _font("Bold", _SMALL)), _SMALL_LINES - 1)
    plain = _cut(_wrapped(draw, flags, _font("Regular", _SMALL)), _SMALL_LINES - len(signed))
    top = SIZE[1] - 22 - 29 * (len(plain) + len(signed))
    for weight, lines in (("Regular", plain), ("Bold", signed)):
        for line in lines:
            draw.text((LEFT, top), line, font=_font(weight, _SMALL), fill=_INK_2)
            top += 29
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _panel(lit: frozenset[int]) -> Image.Image:
    """The spine on pine, drawn larger and made smaller, which smooths its edges."""
    panel = Image.new("RGB", (_SMOOTH * _PANEL, _SMOOTH * SIZE[1]), _PINE)
    draw = ImageDraw.Draw(panel)
    scale = _SMOOTH * _SPINE_SIZE
    for number, bar in enumerate(spine.BARS):
        color = _MARIGOLD if number in lit else _BAR
        for (x1, y1, x2, y2), thickness in ((bar.body, spine.BODY), (bar.process, spine.PROCESS)):
            ends = [
                (scale * x + _SMOOTH * _SPINE_LEFT, scale * y + _SMOOTH * _SPINE_TOP)
                for x, y in ((x1, y1), (x2, y2))
            ]
            radius = scale * thickness / 2
            draw.line(ends, fill=color, width=round(2 * radius))
            for x, y in ends:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return panel.resize((_PANEL, SIZE[1]), Image.Resampling.LANCZOS)


def _draw_result(draw: ImageDraw.ImageDraw, seen: Glance, top: int) -> None:
    """A shape, a word and a color, as on the page."""
    if seen.result_of is None:
        draw.text((LEFT, top), seen.result, font=_font("Bold", _RESULT_SIZES[0]), fill=_DANGER)
        return
    color = _COLORS[seen.result_of]
    left, right, center = LEFT, LEFT + _SHAPE_SIZE, LEFT + _SHAPE_SIZE // 2
    bottom, middle = top + _SHAPE_SIZE, top + _SHAPE_SIZE // 2
    match seen.result_of:
        case Result.HELPED:
            draw.polygon([(center, top + 4), (right, bottom - 6), (left, bottom - 6)], fill=color)
        case Result.HARMFUL:
            draw.polygon([(center, bottom - 4), (right, top + 6), (left, top + 6)], fill=color)
        case Result.NO_CLEAR_DIFFERENCE:
            for y in (top + 12, top + 30):
                draw.rounded_rectangle((left, y, right, y + 11), radius=5, fill=color)
        case Result.MIXED:
            draw.polygon(
                [(center, top), (right, middle), (center, bottom), (left, middle)], outline=color, width=5
            )
            draw.polygon([(center, top), (center, bottom), (left, middle)], fill=color)
        case Result.NOT_TESTED:
            for part in range(8):
                draw.arc(
                    (left + 3, top + 3, right - 3, bottom - 3), part * 45, part * 45 + 26, fill=color, width=6
                )
    widths = {size: draw.textlength(seen.result, font=_font("Bold", size)) for size in _RESULT_SIZES}
    room = RIGHT - LEFT - _SHAPE_SIZE - 20
    size = next((size for size, width in widths.items() if width <= room), _RESULT_SIZES[-1])
    draw.text((right + 20, middle), seen.result, font=_font("Bold", size), fill=color, anchor="lm")


def _draw_how_sure(draw: ImageDraw.ImageDraw, certainty: Certainty, top: int) -> None:
    for step in range(1, len(Certainty) + 1):
        left = LEFT + (step - 1) * 30
        fill = _PINE if step <= certainty.step else None
        draw.rounded_rectangle(
            (left, top + 8, left + 24, top + 24), radius=8, fill=fill, outline=fill or _LINE, width=2
        )
    draw.text((LEFT + 164, top), certainty.label, font=_font("Bold", 28), fill=_INK)


def _draw_crowd(draw: ImageDraw.ImageDraw, crowd: Crowd, at: tuple[int, int]) -> None:
    """One figure for each of those who were studied, or for ten or a hundred of them."""
    for number in range(crowd.count):
        left, top = at[0] + number % _FIGURES_IN_ROW * 12, at[1] + number // _FIGURES_IN_ROW * 24
        if crowd.figure is Figure.PERSON:
            draw.ellipse((left + 2, top, left + 8, top + 6), fill=_PINE)
            draw.rounded_rectangle((left + 1, top + 8, left + 9, top + 20), radius=4, fill=_PINE)
        else:
            draw.ellipse((left, top + 8, left + 10, top + 15), fill=_PINE)


def _cut(lines: list[str], most: int) -> list[str]:
    """At most so many lines; the last one says if there are more."""
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=font) <= RIGHT - LEFT:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@lru_cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    path = files("fontpkg_atkinson_hyperlegible") / f"files/AtkinsonHyperlegible-{weight}.ttf"
    return ImageFont.truetype(io.BytesIO(path.read_bytes()), size)
