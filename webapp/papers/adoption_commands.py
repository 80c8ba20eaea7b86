"""``flask articles adopt``: make drafts of the saved pages of the original site."""

import sys
import time
from itertools import islice
from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp.db.writing import stop_reading, writing
from webapp.papers import adoption, importing
from webapp.papers.adoption import CategoryMap, Fate, Outcome
from webapp.papers.original_pages import Page

# Pages that are adopted in one turn, and the seconds for which the turn is then left to others.
PAGES_AT_ONCE, PAUSE = 25, 0.1


@click.command("adopt")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def adopt_pages(folder: Path, dry_run: bool) -> None:
    """Make a draft of every summary among the saved pages (.html) in FOLDER. A second run makes only what is new or changed."""
    with click.progressbar(adoption.files_in(folder), label="Reading") as bar:
        found = list(adoption.read(folder, bar))
    outcomes = [one for one in found if isinstance(one, Outcome)]
    pages = [one for one in found if isinstance(one, Page)]
    categories = CategoryMap()
    stop_reading()
    with click.progressbar(pages, label="Comparing" if dry_run else "Making drafts") as bar:
        waiting = iter(bar)
        if dry_run:
            known = importing.known_papers()
            outcomes += [adoption.plan(page, categories, known)[0] for page in waiting]
        while some := list(islice(waiting, PAGES_AT_ONCE)):
            with writing() as now:
                known = importing.known_papers()
                outcomes += [adoption.adopt(page, categories, known, now) for page in some]
            time.sleep(PAUSE)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.file):
        is_refused = outcome.fate is Fate.REFUSED
        if outcome.fate is not Fate.UNCHANGED:
            click.echo(
                f"{outcome.fate.label}: {outcome.file}{f': {outcome.reason}' if is_refused else ''}",
                err=is_refused,
            )
        for note in outcome.notes:
            click.echo(f"Check: {outcome.file}: {note}", err=True)
    for line in adoption.category_report(categories):
        click.echo(line)
    click.echo(("Nothing was written. It would be: " if dry_run else "") + adoption.summary(outcomes))
    if all(outcome.fate is Fate.REFUSED for outcome in outcomes):
        sys.exit(1)
