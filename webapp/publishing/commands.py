"""``flask articles``: import and export the library, and publish scheduled texts that are due. ``flask translations``: their files."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.catalog.word_list import starter_words
from webapp.config import ROOT
from webapp.content.article_content import ContentError, from_toml
from webapp.content.translation import FILES, from_file, mark, marks_of
from webapp.models.in_words import plural
from webapp.publishing import library, scheduling
from webapp.publishing.library import LibraryRefused
from webapp.publishing.words import Counts

articles_group = AppGroup("articles", help="Load and write out the library of articles.")
translations_group = AppGroup("translations", help="Work on the files of translated texts.")


@articles_group.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def import_articles(path: Path) -> None:
    """Load articles and answers from a TOML file or a folder of them. All are checked first; if one is refused, none is loaded."""
    try:
        report = library.import_in_steps(path)
    except LibraryRefused as refused:
        click.echo(str(refused), err=True)
        click.echo(f"Reasons: {len(refused.refusals)}, each above.", err=True)
        if refused.loaded_count:
            loaded = f"Loaded before the site changed: {plural(refused.loaded_count, 'text')}."
            click.echo(f"{loaded} Correct the files and run the command again to load the rest.", err=True)
        else:
            click.echo("Nothing was loaded.", err=True)
        sys.exit(1)
    for name, counts in (("articles", report), ("answers", report.answers)):
        if counts is report or report.answers != Counts():
            click.echo(
                f"{counts.added} {name} added, {counts.changed} changed, {counts.unchanged} unchanged."
            )


@articles_group.command("export")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
def export_articles(path: Path) -> None:
    """Write categories, glossary and all published articles and answers as TOML into a folder."""
    click.echo(f"{library.export_library(path)} articles written to {path}.")


@articles_group.command("publish-due")
def publish_due() -> None:
    """Publish the texts whose scheduled time has come, as a job of the web workers does."""
    attempts = scheduling.publish_due()
    for attempt in attempts:
        if attempt.problem:
            click.echo(f"Not published: {attempt.title}: {attempt.problem}", err=True)
        else:
            late = (
                f", {attempt.late // timedelta(minutes=1)} minutes late"
                if attempt.late > scheduling.LATE
                else ""
            )
            click.echo(f"Published: {attempt.title}{late}")
    if not attempts:
        click.echo("Nothing is due.")


@translations_group.command("mark")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def mark_translations(paths: tuple[Path, ...]) -> None:
    """Note in the files of translations which English paragraphs of the starter library they were made from."""
    for path in paths:
        if path.name == "glossary.toml":
            path.write_text(_with_marks(path.read_text(encoding="utf-8")), encoding="utf-8")
            continue
        folder = path.resolve().parent.name
        original = ROOT / "webapp" / "starter" / folder / path.name
        if folder not in FILES or not original.is_file():
            sys.exit(f"{path}: The starter library has no {folder}/{path.name}.")
        try:
            english = from_toml(original.read_text(encoding="utf-8"), FILES[folder])
            source = path.read_text(encoding="utf-8")
            marks = marks_of(from_file(source, FILES[folder]), english)
        except ContentError as error:
            sys.exit(f"{path}{f':{error.line}' if error.line else ''}: {error.reason}")
        written = re.sub(r"^made_from = \[[^\]]*\]\n", "", source, flags=re.M)
        line = f"made_from = {json.dumps(marks)}\n"
        path.write_text(re.sub(r"^made_by = .*\n", rf"\g<0>{line}", written, flags=re.M), encoding="utf-8")


def _with_marks(glossary: str) -> str:
    """The text of a translated glossary, each term with the mark of the English meaning that the site begins with."""
    marks = {slug: mark(entry.meaning) for slug, entry in starter_words().entries.items()}
    return re.sub(
        r'^(slug = "([\w-]+)"\n)(?:made_from = .*\n)?',
        lambda term: f'{term[1]}made_from = "{marks.get(term[2], "")}"\n',
        glossary,
        flags=re.M,
    )
