"""The ``flask`` commands of each feature, and the one that makes a new folder ready to run."""

import sys
from datetime import UTC, datetime

import click
import flask_migrate
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import func, select

from webapp.accounts.commands import editors_group
from webapp.config import ROOT
from webapp.db.session import db
from webapp.editor.commands import publish_due
from webapp.models import Article
from webapp.newsletter.commands import newsletter_group
from webapp.operations.commands import after_restore, backup, check, db_copy, restore
from webapp.papers.commands import papers_group
from webapp.publishing import library, scheduling
from webapp.publishing.commands import articles_group
from webapp.search import indexing
from webapp.search.commands import search_group

STARTER = ROOT / "webapp" / "starter"


def init_app(app: Flask) -> None:
    """Add the site's commands to ``flask``."""
    articles_group.add_command(publish_due)
    app.cli.add_command(articles_group)
    app.cli.add_command(search_group)
    app.cli.add_command(editors_group)
    app.cli.add_command(newsletter_group)
    app.cli.add_command(papers_group)
    app.cli.add_command(prepare)
    for command in (backup, restore, after_restore, check, db_copy):
        app.cli.add_command(command)


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate the database, load the starter library into an empty one, bring the search index up to date."""
    click.echo("Preparing the database …")
    flask_migrate.upgrade()
    if not db.session.scalar(select(func.count()).select_from(Article)):
        click.echo("Loading the starter library …")
        report = library.import_library(STARTER, datetime.now(UTC))
        if report.refusals:
            sys.exit("\n".join(str(refusal) for refusal in report.refusals))
        db.session.commit()
        click.echo(f"{report.added} summaries loaded.")
    scheduling.publish_due(datetime.now(UTC))
    db.session.commit()
    click.echo("Bringing the search index up to date …")
    indexing.catch_up()
