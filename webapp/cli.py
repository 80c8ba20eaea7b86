"""``flask`` commands: those of each package, ``prepare`` and ``jobs``."""

import signal
import sys

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from webapp import jobs
from webapp.accounts.commands import editors_group
from webapp.config import ROOT
from webapp.db import engine
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.exports.commands import export_site, texts_group
from webapp.languages.language import known_languages
from webapp.models import Article
from webapp.newsletter.commands import newsletter_group
from webapp.operations import migrations
from webapp.operations.commands import (
    after_restore,
    backup,
    check,
    db_copy,
    fetch_backup,
    report_failure,
    restore,
    restore_drill,
    verify_backups,
)
from webapp.papers import watching
from webapp.papers.commands import adopt_pages, papers_group
from webapp.publishing import library, scheduling, translations
from webapp.publishing.commands import articles_group, translations_group
from webapp.publishing.library import LibraryRefused
from webapp.search.commands import search_group

STARTER = ROOT / "webapp" / "starter"


def init_app(app: Flask) -> None:
    """Add the site's commands to ``flask``."""
    articles_group.add_command(adopt_pages)
    groups = (
        articles_group,
        translations_group,
        search_group,
        editors_group,
        newsletter_group,
        papers_group,
        texts_group,
    )
    of_backups = backup, verify_backups, fetch_backup, restore_drill, restore, after_restore
    of_site = prepare, run_jobs, check, report_failure, db_copy, export_site
    for command in (*groups, *of_backups, *of_site):
        app.cli.add_command(command)


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate the database, and load the starter library into an empty one. The jobs build the search index.

    A database that a newer release has migrated stays as it is: going back one release needs nothing else.
    """
    click.echo("Preparing the database …")
    engine.create_file(db.engine)
    with db.engine.connect() as connection:
        is_newer = migrations.is_newer_than_code(connection)
    if not is_newer:
        flask_migrate.upgrade()
    report = None
    try:
        with writing() as now:
            if not db.session.scalar(select(func.count()).select_from(Article)):
                click.echo("Loading the starter library …")
                report = library.import_library(STARTER, now)
            watching.load_defaults(STARTER / "watches.toml")
            for language in known_languages().values():
                for refusal in translations.import_folder(language, now):
                    click.echo(str(refusal), err=True)
    except LibraryRefused as refused:
        sys.exit(str(refused))
    scheduling.publish_due()
    if report:
        click.echo(f"{report.added} summaries loaded.")


@click.command("jobs")
@with_appcontext
def run_jobs() -> None:
    """Run the background jobs, on a machine without a web server of the site."""
    running = jobs.start(current_app._get_current_object())  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop.set())
    running.stop.wait()
    running.end()
