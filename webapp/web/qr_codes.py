"""QR codes as inline SVG."""

import segno
from markupsafe import Markup


def qr_picture(text: str) -> Markup:
    """A QR code of a text, dark on light in any color scheme."""
    picture = segno.make(text, error="m").svg_inline(
        omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return Markup(picture)  # noqa: S704  # segno draws it; no text gets into it
