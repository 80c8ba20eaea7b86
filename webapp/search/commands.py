"""The ``flask search`` commands: look at the index, compare it with the database, rebuild it."""

import sys
from datetime import UTC, datetime
from typing import NoReturn

import click
from flask.cli import AppGroup

from webapp.config import command_line
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index

search_group = AppGroup("search", help="Look at the search index, compare it with the database, rebuild it.")


@search_group.command()
def status() -> None:
    """Say whether the index can be used, how large it is, and how far it is behind."""
    waiting, seconds = indexing.lag(datetime.now(UTC))
    try:
        count, size = len(search_index().snapshot().entries()), search_index().byte_count()
    except SearchUnavailable as error:
        _stop(error)
    click.echo(f"{count} articles in the index, {size / 1e6:.1f} MB.")
    click.echo(
        f"{waiting} changes wait, the oldest for {seconds:.1f} seconds." if waiting else "Nothing waits."
    )


@search_group.command()
def check() -> None:
    """Compare the index with the database and print every difference; status 1 if there is any."""
    try:
        difference = indexing.differences(search_index())
    except SearchUnavailable as error:
        _stop(error)
    for what, ids in (
        ("not in the index", difference.missing),
        ("outdated in the index", difference.outdated),
        ("in the index but not public", difference.surplus),
    ):
        for article_id in sorted(ids):
            click.echo(f"article {article_id}: {what}")
    if not difference.is_empty:
        sys.exit(1)
    click.echo("The index equals the database.")


@search_group.command()
def update() -> None:
    """Bring the index up to date now, as the jobs do; build it if there is none."""
    try:
        count = indexing.catch_up()
    except SearchUnavailable as error:
        sys.exit(f"The index was not updated: {error}.")
    click.echo(f"The index followed {count} changes.")


@search_group.command()
def rebuild() -> None:
    """Rebuild the index in a new folder, then switch. Searches go on meanwhile."""
    try:
        with click.progressbar(length=1, label="Building the index") as bar:

            def report(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            count = indexing.rebuild(report)
    except SearchUnavailable as error:
        sys.exit(f"The index was not built: {error}.")
    click.echo(f"{count} articles in the new index.")


def _stop(error: SearchUnavailable) -> NoReturn:
    """End the command, and say how to rebuild the index."""
    sys.exit(f"The index cannot be used: {error}.\nRebuild it with: {command_line('search rebuild')}")
