"""Import and export of a library: articles, categories and glossary as TOML files."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import tomli_w
from sqlalchemy import select

from webapp.catalog.queries import published
from webapp.content.article_content import ContentError, from_toml, line_of, to_toml
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Article, Category, GlossaryTerm
from webapp.parsing import clean_texts
from webapp.publishing import external_changes, revisions
from webapp.publishing.publication import NotPublishable, content_of, find_article_of
from webapp.publishing.revisions import Kind

CATEGORIES_FILE = "categories.toml"
GLOSSARY_FILE = "glossary.toml"


class CategoryContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A category of categories.toml; pages list categories in the order of the file."""

    slug: str
    name: str
    icon: str
    description: str


class TermContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A term of glossary.toml."""

    slug: str
    term: str
    meaning: str
    forms: list[str] = []


class _CategoriesFile(msgspec.Struct, forbid_unknown_fields=True):
    categories: list[CategoryContent]


class _GlossaryFile(msgspec.Struct, forbid_unknown_fields=True):
    terms: list[TermContent]


@dataclass(frozen=True)
class Refusal:
    """The reason why a file cannot be loaded, with its line if known."""

    path: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.reason}"


class LibraryRefused(ValueError):
    """Some files cannot be loaded; the caller rolls back, so that none is."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = refusals


@dataclass
class ImportReport:
    """Counts of the articles in an import."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def import_library(path: Path, now: datetime) -> ImportReport:
    """Import one TOML article, or a folder of them with its categories and glossary.

    Idempotent: the article of a known paper is updated if it differs. Reads all files before it raises LibraryRefused.
    """
    report, refusals = ImportReport(), []
    for name, load, kind in (
        (CATEGORIES_FILE, _load_categories, ChangeKind.CATEGORIES),
        (GLOSSARY_FILE, _load_glossary, ChangeKind.GLOSSARY),
    ):
        file = path / name
        try:
            if file.is_file():
                load(file.read_text(encoding="utf-8"))
                change_log.announce(kind, now)
                db.session.flush()
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            refusals.append(Refusal(file, None, str(error)))
    folder = path / "articles" if (path / "articles").is_dir() else path
    others = (CATEGORIES_FILE, GLOSSARY_FILE)
    files = sorted(file for file in folder.glob("*.toml") if file.name not in others)
    for file in [path] if path.is_file() else files:
        refusals += _import_article(file, now, report)
    if refusals:
        raise LibraryRefused(refusals)
    return report


def export_library(path: Path) -> int:
    """Write categories, glossary and all published articles as TOML files; returns the number of articles."""
    articles = path / "articles"
    articles.mkdir(parents=True, exist_ok=True)
    categories = db.session.scalars(select(Category).order_by(Category.position))
    _write(path / CATEGORIES_FILE, {"categories": [_plain(row, CategoryContent) for row in categories]})
    terms = db.session.scalars(select(GlossaryTerm).order_by(GlossaryTerm.term))
    _write(path / GLOSSARY_FILE, {"terms": [_plain(row, TermContent) for row in terms]})
    count = 0
    for article in db.session.scalars(published().order_by(Article.slug)):
        (articles / f"{article.slug}.toml").write_text(to_toml(content_of(article)), encoding="utf-8")
        count += 1
    return count


def _import_article(file: Path, now: datetime, report: ImportReport) -> list[Refusal]:
    """Add or update the article of a file; returns why it is refused, if it is."""
    try:
        text = file.read_text(encoding="utf-8")
        content = from_toml(text)
        article = find_article_of(content.paper)
        if article is None:
            revisions.publish_new(content, now)
            report.added += 1
            return []
        current = content_of(article)
        wanted = msgspec.structs.replace(content, published_on=content.published_on or current.published_on)
        if current == wanted:
            report.unchanged += 1
        else:
            external_changes.publish(article, wanted, None, Kind.IMPORTED, now)
            report.changed += 1
    except ContentError as error:
        return [Refusal(file, error.line, error.reason)]
    except NotPublishable as error:
        return [
            Refusal(file, line_of(text, problem.field.removeprefix("paper-").split("-")[0]), problem.message)
            for problem in error.problems
        ]
    except (OSError, UnicodeDecodeError) as error:
        return [Refusal(file, None, f"This file cannot be read: {error}.")]
    return []


def _load_categories(source: str) -> None:
    known = {row.slug: row for row in db.session.scalars(select(Category))}
    wanted = msgspec.convert(clean_texts(tomllib.loads(source)), _CategoriesFile).categories
    for position, content in enumerate(wanted):
        row = known.get(content.slug) or Category(slug=content.slug)
        row.name, row.icon, row.description = content.name, content.icon, content.description
        row.position = position
        db.session.add(row)


def _load_glossary(source: str) -> None:
    known = {row.slug: row for row in db.session.scalars(select(GlossaryTerm))}
    for content in msgspec.convert(clean_texts(tomllib.loads(source)), _GlossaryFile).terms:
        row = known.get(content.slug) or GlossaryTerm(slug=content.slug)
        row.term, row.meaning, row.forms = content.term, content.meaning, content.forms
        db.session.add(row)


def _plain(row: object, kind: type[msgspec.Struct]) -> dict[str, object]:
    return {name: getattr(row, name) for name in kind.__struct_fields__}


def _write(file: Path, value: dict[str, object]) -> None:
    file.write_text(tomli_w.dumps(value, multiline_strings=True), encoding="utf-8")
