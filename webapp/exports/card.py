"""The picture that messengers show for a shared summary: our own drawing, 1200 × 630 pixels."""

import io
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from webapp.config import SITE_NAME

SIZE = (1200, 630)
MARGIN = 72
_PINE, _MARIGOLD, _INK, _INK_2 = "#0B3D3B", "#F4B63F", "#F4F7F2", "#C9DDD6"
_BAR, _BAR_NEAR = "#135250", "#1D6461"
_TITLE_SIZES = (68, 60, 52, 44)
_TITLE_WIDTH = 800
_TITLE_HEIGHT = 330
_LIT_BAR = 3


@lru_cache(maxsize=64)
def card_png(title: str, flags: str) -> bytes:
    """The card of one summary as PNG. The flags stand under the title: one never travels without the other."""
    image = Image.new("RGB", SIZE, _PINE)
    draw = ImageDraw.Draw(image)
    _draw_spine(draw)
    draw.text((MARGIN, 56), SITE_NAME, font=_font("Bold", 30), fill=_INK_2)
    font, lines = _fitted(draw, title)
    draw.multiline_text((MARGIN, 130), "\n".join(lines), font=font, fill=_INK, spacing=10)
    small = _font("Regular", 28)
    wrapped = "\n".join(_wrapped(draw, flags, small))
    draw.multiline_text((MARGIN, 496), wrapped, font=small, fill=_INK_2, spacing=8)
    out = io.BytesIO()
    image.quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw_spine(draw: ImageDraw.ImageDraw) -> None:
    """The mark of the site at the right edge: seven bars, one of them lit."""
    for number in range(7):
        top = 20 + number * 88
        width = 150 + number * 16
        left = 930 - number * 4
        color = _MARIGOLD if number == _LIT_BAR else _BAR_NEAR if abs(number - _LIT_BAR) == 1 else _BAR
        draw.rounded_rectangle((left, top, left + width, top + 56), radius=24, fill=color)


def _fitted(draw: ImageDraw.ImageDraw, title: str) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest type in which the whole title fits; a title too long even for the least is cut at a word."""
    for size in _TITLE_SIZES:
        font = _font("Bold", size)
        lines = _wrapped(draw, title, font)
        if len(lines) * (size + 10) <= _TITLE_HEIGHT:
            return font, lines
    most = _TITLE_HEIGHT // (_TITLE_SIZES[-1] + 10)
    return font, [*lines[: most - 1], lines[most - 1] + " …"]


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=font) <= _TITLE_WIDTH:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@lru_cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    path = files("fontpkg_atkinson_hyperlegible") / f"files/AtkinsonHyperlegible-{weight}.ttf"
    return ImageFont.truetype(io.BytesIO(path.read_bytes()), size)
