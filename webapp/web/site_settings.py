"""What the site says of itself: its name, its mission, who runs it, and what comes first on the home page.

It begins with `webapp/starter/site.toml`; what admins save takes its place at once, in every process.
"""

import tomllib
from functools import cache, partial
from typing import Annotated, Any

import msgspec
from flask import Flask
from werkzeug.local import LocalProxy

from webapp.config import ROOT
from webapp.content.logos import Logo
from webapp.models import SitePart
from webapp.web.live_values import LiveValue, newest_texts, with_stored

FILE = ROOT / "webapp" / "starter" / "site.toml"
ASKED_COUNT = 6  # questions on the home page
NAME_MOST, SHORT_NAME_MOST, LINE_MOST, TEXT_MOST = 60, 16, 120, 400

# The name stands in the headers of mails, which a line break would end.
_ONE_LINE = r"\A[^\s](.*[^\s])?\Z"


def _line(most: int) -> Any:
    return Annotated[str, msgspec.Meta(pattern=_ONE_LINE, max_length=most)]


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The settings of the site; texts are plain. ``lead`` and ``asked_most`` are slugs of a summary and of answers."""

    name: _line(NAME_MOST)  # type: ignore[valid-type]
    short_name: _line(SHORT_NAME_MOST)  # type: ignore[valid-type]
    strapline: _line(LINE_MOST)  # type: ignore[valid-type]
    welcome: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    mission: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    run_by: Annotated[str, msgspec.Meta(max_length=TEXT_MOST)] = ""
    lead: str = ""
    asked_most: tuple[str, ...] = ()
    logo: Logo | None = None

    @property
    def name_lines(self) -> tuple[str, str]:
        """The name in two lines of about the same length, for beside the logo."""
        words = self.name.split()
        splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words) + 1)]
        return min(splits, key=lambda lines: max(map(len, lines)))


@cache
def starter_settings() -> SiteSettings:
    """The settings that the site begins with."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), SiteSettings)


# The settings as of the newest public change; outside of an application, those that the site begins with.
site_settings = LiveValue(
    "the site settings",
    starter_settings,
    partial(newest_texts, SitePart.SETTINGS),
    lambda stored: with_stored({"": starter_settings()}, stored, SiteSettings, "site settings")[""],
).current


def init_app(app: Flask) -> None:
    """Make the settings known to templates as ``site``: an error page shows the name, too."""
    app.jinja_env.globals["site"] = LocalProxy(site_settings)
