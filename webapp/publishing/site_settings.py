"""Changes of the site's settings, with their history. Readers see each at once; the change log tells every process."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import tomli_w

from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.models import AuditKind, Editor, SitePart, SiteText
from webapp.publishing import audit, saved_texts
from webapp.web.site_settings import SiteSettings, site_settings, starter_settings


class _SettingsFile(SiteSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings in a file, which has no logo: that is a file of its own."""


def history() -> Sequence[SiteText]:
    """The saved settings, newest first."""
    return saved_texts.history(SiteText, part=SitePart.SETTINGS, key="")


def text_at(number: int) -> SiteSettings:
    """The settings as saved then, or those that came with the site, which are number 0; raises SiteError 404."""
    if number == 0:
        return starter_settings()
    return msgspec.convert(saved_texts.get_text(history(), number).content, SiteSettings)


def save(settings: SiteSettings, base: int, editor: Editor | None, now: datetime) -> bool:
    """Make these the settings that readers see; False if they are already.

    Raises SavedMeanwhile if ``base``, the number they were written on, is not the newest any more.
    """
    saved = history()
    saved_texts.refuse_outdated(saved, base)
    before = text_at(base)
    if settings == before:
        return False
    saved_texts.store(SitePart.SETTINGS, "", msgspec.to_builtins(settings), base + 1, editor=editor, now=now)
    change_log.announce(ChangeKind.SETTINGS, now)
    changed = [
        name for name in settings.__struct_fields__ if getattr(settings, name) != getattr(before, name)
    ]
    audit.record(
        AuditKind.SETTINGS_CHANGED,
        now,
        editor.id if editor else None,
        detail=", ".join(changed).replace("_", " "),
    )
    return True


def to_toml(settings: SiteSettings) -> str:
    """The settings as a file; the logo is a file of its own."""
    content = msgspec.to_builtins(settings)
    del content["logo"]
    return tomli_w.dumps(content)


def from_toml(source: bytes) -> SiteSettings:
    """Read a file, and keep the logo that the site has; raises TextRefused."""
    read = saved_texts.from_toml(source, _SettingsFile, logo=None)
    values = {name: getattr(read, name) for name in read.__struct_fields__}
    return SiteSettings(**values | {"logo": site_settings().logo})
