"""``flask articles``: load the library and write it out."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.db.session import db
from webapp.publishing import library

articles_group = AppGroup("articles", help="Load and write out the library of articles.")


@articles_group.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def import_articles(path: Path) -> None:
    """Load articles from a TOML file or a folder of them. If one is refused, none is loaded."""
    report = library.import_library(path, datetime.now(UTC))
    if report.refusals:
        db.session.rollback()
        for refusal in report.refusals:
            click.echo(str(refusal), err=True)
        click.echo(f"Nothing was loaded. Reasons: {len(report.refusals)}, each above.", err=True)
        sys.exit(1)
    db.session.commit()
    click.echo(f"{report.added} articles added, {report.changed} changed, {report.unchanged} unchanged.")


@articles_group.command("export")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
def export_articles(path: Path) -> None:
    """Write categories, glossary and all published articles as TOML into a folder."""
    click.echo(f"{library.export_library(path)} articles written to {path}.")
