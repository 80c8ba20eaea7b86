"""Everything that the site says of itself as files: settings, pages, words, categories and safety cards.

They have the names and the form of the files in `webapp/starter/`; words.toml has what is in three files there.
"""

from datetime import datetime
from pathlib import Path

from webapp.catalog.site_pages import site_page, starter_pages
from webapp.models import Editor
from webapp.publishing import categories, safety_cards, saved_texts, site_pages, site_settings, words
from webapp.publishing.saved_texts import TextRefused
from webapp.safety.cards import SafetyFileError
from webapp.web.site_settings import site_settings as live_settings

PAGES_FOLDER = "pages"
_FILES = ("site.toml", "words.toml", "categories.toml", "safety.toml")


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
    found = [path] if path.is_file() else sorted(path.rglob("*.toml"))
    known = [file for file in found if _is_known(file)]
    if not known:
        names = ", ".join((*_FILES, f"{PAGES_FOLDER}/{next(iter(starter_pages()))}.toml"))
        raise TextRefused(f"{path}: there is nothing to load. Files have names like {names}.")
    changed = []
    for file in known:
        try:
            if _load(file, editor, now):
                changed.append(file)
        except (OSError, TextRefused) as error:
            raise TextRefused(f"{file}: {error}") from error
        except SafetyFileError as error:  # it names the file
            raise TextRefused(str(error)) from error
    return changed


def _is_known(file: Path) -> bool:
    if file.parent.name == PAGES_FOLDER:
        return file.stem in starter_pages()
    return file.name in _FILES


def _load(file: Path, editor: Editor, now: datetime) -> bool:
    """Make what a file says what readers see; False if it is already."""
    source = file.read_bytes()
    if file.parent.name == PAGES_FOLDER:
        return site_pages.load_file(file.stem, source, editor, now)
    match file.name:
        case "site.toml":
            number = saved_texts.newest_number(site_settings.history())
            return site_settings.save(site_settings.from_toml(source), number, editor, now)
        case "words.toml":
            counts = words.from_toml(source, editor, now)
            return bool(counts.added or counts.changed)
        case "categories.toml":
            return categories.from_toml(source, editor, now)
        case _:
            return safety_cards.import_file(saved_texts.decoded(source), str(file), editor, now) > 0
