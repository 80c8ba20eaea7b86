"""Import and export of a library: articles, answers, categories and glossary as TOML files."""

import re
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

import msgspec
import tomli_w
from sqlalchemy import select

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import former_categories, published_in_batches, with_new_addresses
from webapp.content.answer_content import AnswerContent, Content, OneContent
from webapp.content.article_content import ArticleContent, ContentError, from_toml, line_of, to_toml
from webapp.content.problems import Problem
from webapp.content.sign_off_words import who_checked, written_by
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import Category, GlossaryTerm, Live
from webapp.parsing import clean_texts, int_from
from webapp.publishing import answers, categories, external_changes, revisions, words
from webapp.publishing.categories import CategoryContent, Slug
from webapp.publishing.publication import (
    NotPublishable,
    check_publishable,
    content_of,
    find_article_of,
    transient_article,
    with_address,
)
from webapp.publishing.revisions import Kind
from webapp.publishing.words import Counts

# Seconds for which an import holds the writer's turn, and then leaves it to others: whoever waits looks for SQLite's lock
# twice or more meanwhile.
TURN, PAUSE = 0.1, 0.1
CATEGORIES_FILE = "categories.toml"
GLOSSARY_FILE = "glossary.toml"
ANSWERS_FOLDER = "answers"


class TermContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A term of glossary.toml."""

    slug: Slug
    term: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    meaning: str
    forms: list[str] = []


class _CategoriesFile(msgspec.Struct, forbid_unknown_fields=True):
    known: ClassVar = select(Category.slug, Category.name)
    categories: list[CategoryContent] = []

    def names(self) -> list[tuple[str, str]]:
        return [(category.slug, category.name) for category in self.categories]


class _GlossaryFile(msgspec.Struct, forbid_unknown_fields=True):
    known: ClassVar = select(GlossaryTerm.slug, GlossaryTerm.term)
    terms: list[TermContent] = []

    def names(self) -> list[tuple[str, str]]:
        return [(term.slug, term.term) for term in self.terms]


ListFile = TypeVar("ListFile", _CategoriesFile, _GlossaryFile)


@dataclass(frozen=True)
class Refusal:
    """The reason why a file cannot be loaded, with its line if known."""

    path: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.reason}"


class LibraryRefused(ValueError):
    """Some files cannot be loaded; the caller rolls back. ``loaded_count``: texts of earlier transactions, which stay."""

    def __init__(self, refusals: list[Refusal], loaded_count: int = 0) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals, self.loaded_count = refusals, loaded_count


@dataclass
class ImportReport(Counts):
    """Counts of the articles in an import, and of the answers."""

    answers: Counts = field(default_factory=Counts)

    @property
    def loaded_count(self) -> int:
        return sum(counts.added + counts.changed for counts in (self, self.answers))


def import_library(path: Path, now: datetime) -> ImportReport:
    """Import one TOML file, or a folder of articles and answers with its categories and glossary, in the caller's transaction.

    Idempotent: the article of a known paper, or the answer with a known address, is updated if it differs. Reads all files before it raises LibraryRefused.
    """
    report, refusals = ImportReport(), _load_lists(path, now)
    for file in _files(path):
        refusals += _refusals(file, partial(_load, now=now, report=report))
    if refusals:
        raise LibraryRefused(refusals)
    return report


def import_in_steps(path: Path) -> ImportReport:
    """Import as ``import_library`` does, in short transactions of its own with pauses, so that others can write as well.

    Checks all files before it loads the first. If somebody changes the site meanwhile in a way that refuses a file after all,
    LibraryRefused says how many texts were loaded before it; a second import goes on from there.
    """
    if refusals := _check(path):
        raise LibraryRefused(refusals)
    with writing() as now:
        if refusals := _load_lists(path, now):
            raise LibraryRefused(refusals)
    report, files, pause = ImportReport(), deque(_files(path)), PAUSE
    while files:
        time.sleep(pause)
        loaded_count = report.loaded_count
        with writing() as now:
            begun, load = time.monotonic(), partial(_load, now=now, report=report)
            refusals = _refusals(files.popleft(), load)
            while files and time.monotonic() - begun < TURN:
                refusals += _refusals(files.popleft(), load)
            if refusals:
                raise LibraryRefused(refusals, loaded_count)
        # On a busy machine an article alone may take longer than a turn.
        pause = max(PAUSE, time.monotonic() - begun)
    return report


def export_library(path: Path) -> int:
    """Write categories, glossary and all published articles and answers as TOML files; returns the number of articles."""
    articles, folder = path / "articles", path / ANSWERS_FOLDER
    for made in (articles, folder):
        made.mkdir(parents=True, exist_ok=True)
    (path / CATEGORIES_FILE).write_text(categories.to_toml(categories.live_categories()), encoding="utf-8")
    terms = db.session.scalars(select(GlossaryTerm).order_by(GlossaryTerm.term))
    plain = [{name: getattr(row, name) for name in TermContent.__struct_fields__} for row in terms]
    (path / GLOSSARY_FILE).write_text(
        tomli_w.dumps({"terms": plain}, multiline_strings=True), encoding="utf-8"
    )
    count = 0
    for article in chain.from_iterable(published_in_batches(db.engine)):
        (articles / f"{article.slug}.toml").write_text(
            _exported(article, content_of(article)), encoding="utf-8"
        )
        count += 1
    for answer in db.session.scalars(published_answers()):
        text = _exported(answer, answers.content_of(answer))
        (folder / f"{answer.slug}.toml").write_text(text, encoding="utf-8")
    return count


def _exported(live: Live, content: Content) -> str:
    """A text as TOML. Who checked it is in a comment: an import must not believe a file that says so."""
    if not live.sign_offs:
        return to_toml(content)
    content = msgspec.structs.replace(content, written_by=written_by(live))
    return f"# {who_checked(live)}\n{to_toml(content)}"


def _files(path: Path) -> list[Path]:
    """The files of texts, those of answers last: they cite articles."""
    if path.is_file():
        return [path]
    folder = path / "articles" if (path / "articles").is_dir() else path
    articles = [file for file in folder.glob("*.toml") if file.name not in (CATEGORIES_FILE, GLOSSARY_FILE)]
    return [*sorted(articles), *sorted((path / ANSWERS_FOLDER).glob("*.toml"))]


def _check(path: Path) -> list[Refusal]:
    """Why an import of these files would be refused, as far as can be told without writing."""
    refusals, papers_by_slug = list[Refusal](), dict[str, set[str]]()
    articles_by_slug, now = dict[str, ArticleContent](), datetime.now(UTC)
    _read_list(path / GLOSSARY_FILE, _GlossaryFile, refusals)
    new_categories = _read_list(path / CATEGORIES_FILE, _CategoriesFile, refusals).categories

    def check(content: Content) -> None:
        if isinstance(content, ArticleContent):
            articles_by_slug[content.slug] = content
        live, wanted = _compared(content)
        if wanted is None:
            return
        if live is not None:
            external_changes.refuse_withdrawn(live)
        cited = wanted.cited if isinstance(wanted, AnswerContent) else ()
        check_publishable(
            with_address(wanted, live),
            revisions.draft_of(**live.key) if live else None,
            new_categories=[category.slug for category in new_categories],
            new_articles={
                slug: transient_article(articles_by_slug[slug], now)
                for slug in cited
                if slug in articles_by_slug
            },
        )
        if isinstance(content, AnswerContent):
            return
        identifiers = {content.paper.doi.lower(), content.paper.pmid, content.paper.url} - {""}
        if content.slug and not identifiers & papers_by_slug.setdefault(content.slug, identifiers):
            raise NotPublishable([Problem("slug", "Another file has this address. Choose another.")])

    for file in _files(path):
        refusals += _refusals(file, check)
    return refusals


def _compared(content: OneContent) -> tuple[Live | None, OneContent | None]:
    """The article about the same paper, or the answer with the same address, and what it is to say.

    None in place of what it says already.
    """
    moved = with_new_addresses(content.categories, former_categories())
    content = msgspec.structs.replace(content, categories=moved)
    live: Live | None
    if isinstance(content, AnswerContent):
        live = answers.find_answer(content.slug)
        current: Content | None = answers.content_of(live) if live else None
    else:
        live = find_article_of(content.paper)
        current = content_of(live) if live else None
    if current is None:
        return None, content
    wanted = msgspec.structs.replace(content, published_on=content.published_on or current.published_on)
    return live, None if current == wanted else wanted


def _load(content: Content, now: datetime, report: ImportReport) -> None:
    """Add a text, or update the one that it is a newer text of."""
    counts = report.answers if isinstance(content, AnswerContent) else report
    live, wanted = _compared(content)
    if wanted is None:
        counts.unchanged += 1
    elif live is None:
        revisions.publish_new(wanted, now)
        counts.added += 1
    else:
        external_changes.publish(live, wanted, None, Kind.IMPORTED, now)
        counts.changed += 1


def _refusals(file: Path, use: Callable[[Content], None]) -> list[Refusal]:
    """Use the text of a file: an answer in the folder of answers, otherwise an article; returns why that is refused, if it is."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.resolve().parent.name == ANSWERS_FOLDER:
            answer = from_toml(text, AnswerContent)
            use(answer if answer.slug else msgspec.structs.replace(answer, slug=file.stem))
        else:
            use(from_toml(text, ArticleContent))
    except ContentError as error:
        return [Refusal(file, error.line, error.reason)]
    except NotPublishable as error:
        return [Refusal(file, _line_of(text, problem.field), problem.message) for problem in error.problems]
    except (OSError, UnicodeDecodeError) as error:
        return [Refusal(file, None, f"We can’t read this file: {error}.")]
    return []


def _line_of(source: str, field: str) -> int | None:
    """The line of a field named as in the form: "paper-doi", "findings-0-text"."""
    name, row, *_ = [*field.removeprefix("paper-").split("-"), ""]
    return line_of(source, name, int_from(row) or 0)


def _read_list(file: Path, kind: type[ListFile], refusals: list[Refusal]) -> ListFile:
    """What a list says, if there is such a file; why it is refused is added to ``refusals``."""
    try:
        source = file.read_text(encoding="utf-8") if file.is_file() else ""
        tables = (number for number, line in enumerate(source.splitlines(), start=1) if line.startswith("[["))
        lines = dict(enumerate(tables))
        found = msgspec.convert(clean_texts(tomllib.loads(source)), kind)
        repeated = list(_repeated(file, found, lines))
        refusals += repeated
        return kind() if repeated else found
    except tomllib.TOMLDecodeError as error:
        refusals.append(Refusal(file, None, str(error)))
    except msgspec.ValidationError as error:
        position = re.search(r"\[(\d+)\]", str(error))
        line = lines.get(int(position[1])) if position else None
        refusals.append(Refusal(file, line, str(error)))
    except (OSError, UnicodeDecodeError) as error:
        refusals.append(Refusal(file, None, f"We can’t read this file: {error}."))
    return kind()


def _repeated(file: Path, found: ListFile, lines: dict[int, int]) -> Iterator[Refusal]:
    """Slugs and names that a list, or it and the site together, would have twice."""
    slugs, slug_by_name = set[str](), {name: slug for slug, name in db.session.execute(found.known)}
    for position, (slug, name) in enumerate(found.names()):
        if slug in slugs:
            yield Refusal(file, lines.get(position), f'The slug "{slug}" is in this list twice.')
        elif slug_by_name.setdefault(name, slug) != slug:
            yield Refusal(file, lines.get(position), f'"{slug_by_name[name]}" has the name "{name}" already.')
        slugs.add(slug)


def _load_lists(path: Path, now: datetime) -> list[Refusal]:
    """Load categories and glossary; returns why they are refused, if they are."""
    refusals = list[Refusal]()
    if any(map(db.session.is_modified, load_categories(path / CATEGORIES_FILE, refusals))):
        change_log.announce(ChangeKind.CATEGORIES, now)  # the search index then reads every article again
    known = {row.slug: row for row in db.session.scalars(select(GlossaryTerm))}
    rows = list[GlossaryTerm]()
    for content in _read_list(path / GLOSSARY_FILE, _GlossaryFile, refusals).terms:
        row = known.get(content.slug) or GlossaryTerm(slug=content.slug)
        row.term, row.meaning, row.forms = content.term, content.meaning, content.forms
        rows.append(row)
    changed = list(filter(db.session.is_modified, rows))
    if changed:
        change_log.announce(ChangeKind.GLOSSARY, now)
        words.note_import(changed, now)
    db.session.add_all(rows)
    db.session.flush()
    return refusals


def load_categories(file: Path, refusals: list[Refusal]) -> list[Category]:
    """Load the categories of a file and return them, unflushed; why it is refused is added to ``refusals``.

    One whose address leads to another category here stays what it became.
    """
    moved = former_categories()
    known = {row.slug: row for row in db.session.scalars(select(Category))}
    rows = list[Category]()
    for position, content in enumerate(_read_list(file, _CategoriesFile, refusals).categories):
        if content.slug in moved:
            continue
        row = known.get(content.slug) or Category(slug=content.slug)
        row.name, row.icon, row.description = content.name, content.icon, content.description
        row.former_slugs = sorted({*(row.former_slugs or ()), *content.former_slugs})
        row.position = position
        rows.append(row)
    db.session.add_all(rows)
    return rows
