"""Logos that admins upload: a small PNG, or a drawing in SVG that holds shapes and nothing else."""

import io
import re
import tomllib
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import Image, UnidentifiedImageError

MOST_BYTES = 100_000
MOST_PIXELS = 1_024  # of a side
_SVG = "{http://www.w3.org/2000/svg}"
_PARTS = tomllib.loads(Path(__file__).with_name("logo_parts.toml").read_text(encoding="utf-8"))
_ELSEWHERE = re.compile(r"url\((?!#[\w-]+\))|[:<>&\\]", re.IGNORECASE)

register_namespace("", _SVG[1:-1])  # otherwise each name would be written as ns0:path


class LogoRefused(ValueError):
    """A file cannot be the logo; the message says why, in a sentence."""


class Logo(msgspec.Struct, frozen=True):
    """A checked picture; ``kind`` is the ending of its address."""

    kind: str
    body: bytes

    @property
    def mark(self) -> str:
        """Part of the picture's address, which changes with it."""
        return sha256(self.body).hexdigest()[:12]


def read_logo(body: bytes) -> Logo:
    """Check a picture, and leave out what it says besides; raises LogoRefused."""
    if not body:
        raise LogoRefused("Choose a file.")
    if len(body) > MOST_BYTES:
        raise LogoRefused(f"This file is larger than {MOST_BYTES // 1_000} kB. Choose a smaller one.")
    return _read_png(body) if body.startswith(b"\x89PNG") else _read_svg(body)


def _read_png(body: bytes) -> Logo:
    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            if max(image.size) > MOST_PIXELS:  # before it is decoded, which takes four bytes a pixel
                raise LogoRefused(f"This picture is larger than {MOST_PIXELS:,} pixels. Make it smaller.")
            out = io.BytesIO()
            image.convert("RGBA").save(out, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, LogoRefused):
            raise
        raise LogoRefused("We can’t read this picture. Save it as PNG again.") from error
    return Logo("png", out.getvalue())


def _read_svg(body: bytes) -> Logo:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise LogoRefused("We can’t read this file. Choose a PNG or a plain SVG.") from error
    if root.tag != f"{_SVG}svg" or "viewBox" not in root.attrib:
        raise LogoRefused("This is no SVG with a viewBox. Save it as a plain SVG.")
    for element in root.iter():
        _check(element)
    return Logo("svg", tostring(root, encoding="utf-8"))


def _check(element: Element) -> None:
    """Refuse an element that is not a shape, or says something that a shape does not need."""
    name = str(element.tag).removeprefix(_SVG)
    if name not in _PARTS["shapes"]:
        raise LogoRefused(
            f"The drawing has “{name[:40]}” in it. Save it as a plain SVG that has only shapes."
        )
    for attribute, value in element.attrib.items():
        if attribute not in _PARTS["attributes"] or _ELSEWHERE.search(value):
            raise LogoRefused(
                f"“{name}” has “{attribute[:40]}” in the drawing. Save it as a plain SVG, without styles or links."
            )
