"""Makes the README's picture from a running site: ``python -m tests.browser.screenshot [ADDRESS]``."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, NAMES
from tests.drills.site import ROOT

PICTURE = ROOT / "static" / "img" / "readme-home.png"


def take(address: str, picture: Path) -> None:
    """The home page at 1280 pixels in light colors, as far as the first summaries."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1180}, color_scheme="light")
        page.goto(address)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", PICTURE)
