"""Everything that the site says of itself as files: settings, pages, words, categories and safety cards.

They have the names and the form of the files in `webapp/starter/`; words.toml has what is in three files there.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from webapp.catalog.site_pages import site_page, starter_pages
from webapp.models import Editor
from webapp.publishing import categories, safety_cards, saved_texts, site_pages, site_settings, words
from webapp.publishing.saved_texts import TextRefused
from webapp.safety.cards import SafetyFileError
from webapp.web.site_settings import site_settings as live_settings

PAGES_FOLDER = "pages"


def write(folder: Path) -> list[Path]:
    """Write what readers see now, and return the files. The logo is a file of its own, which is not among them."""
    texts = {
        "site.toml": site_settings.to_toml(live_settings()),
        "words.toml": words.to_toml(),
        "categories.toml": categories.to_toml(categories.live_categories()),
        "safety.toml": safety_cards.live_cards().to_toml(),
        **{f"{PAGES_FOLDER}/{name}.toml": site_pages.to_toml(site_page(name)) for name in starter_pages()},
    }
    (folder / PAGES_FOLDER).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def load(path: Path, editor: Editor, now: datetime) -> list[Path]:
    """Make what a file or the files of a folder say what readers see, and return those that changed something.

    Raises TextRefused, with the name of the file: then the caller rolls back. Files of other names in a folder are left alone.
    """
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*.toml") if _reader(one))
    if not any(map(_reader, found)):
        known = ", ".join((*_READERS, f"{PAGES_FOLDER}/{next(iter(starter_pages()))}.toml"))
        raise TextRefused(f"{path}: there is nothing to load. Files have names like {known}.")
    return [file for file in found if _load(file, editor, now)]


def _load(file: Path, editor: Editor, now: datetime) -> bool:
    read = _reader(file)
    try:
        return read is not None and read(file, editor, now)
    except (OSError, TextRefused) as error:
        raise TextRefused(f"{file}: {error}") from error
    except SafetyFileError as error:  # it names the file
        raise TextRefused(str(error)) from error


Reader = Callable[[Path, Editor, datetime], bool]


def _reader(file: Path) -> Reader | None:
    """What loads a file of this name."""
    if file.parent.name == PAGES_FOLDER:
        return _load_page if file.stem in starter_pages() else None
    return _READERS.get(file.name)


def _load_settings(file: Path, editor: Editor, now: datetime) -> bool:
    settings = site_settings.from_toml(file.read_bytes())
    return site_settings.save(settings, saved_texts.newest_number(site_settings.history()), editor, now)


def _load_page(file: Path, editor: Editor, now: datetime) -> bool:
    return site_pages.load_file(file.stem, file.read_bytes(), editor, now)


def _load_words(file: Path, editor: Editor, now: datetime) -> bool:
    counts = words.from_toml(file.read_bytes(), editor, now)
    return bool(counts.added or counts.changed)


def _load_categories(file: Path, editor: Editor, now: datetime) -> bool:
    return categories.from_toml(file.read_bytes(), editor, now)


def _load_cards(file: Path, editor: Editor, now: datetime) -> bool:
    text = saved_texts.decoded(file.read_bytes())
    return safety_cards.import_file(text, str(file), editor, now) > 0


_READERS: dict[str, Reader] = {
    "site.toml": _load_settings,
    "words.toml": _load_words,
    "categories.toml": _load_categories,
    "safety.toml": _load_cards,
}
