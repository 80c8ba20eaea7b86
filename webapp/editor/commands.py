"""``flask articles publish-due``."""

from datetime import timedelta

import click
from flask.cli import with_appcontext

from webapp.db.writing import writing
from webapp.publishing import scheduling


@click.command("publish-due")
@with_appcontext
def publish_due() -> None:
    """Publish the texts whose scheduled time has come. Run it every few minutes."""
    with writing() as now:
        outcomes = scheduling.publish_due(now)
    for outcome in outcomes:
        if outcome.problem:
            click.echo(f"Not published: {outcome.title}: {outcome.problem}", err=True)
        else:
            late = f", {outcome.late // timedelta(minutes=1)} minutes late" if outcome.is_late else ""
            click.echo(f"Published: {outcome.title}{late}")
    if not outcomes:
        click.echo("Nothing is due.")
